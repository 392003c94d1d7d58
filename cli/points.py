"""Points of a sweep, and overrides as text: what can be said of them without Hydra."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

MOST_POINTS = 10_000
"""Of a grid: each is composed and checked before the first one runs."""
LISTED = ("parts", "sink")
"""Keys whose values may be given as ``parts=laws,training``; in a sweep their commas separate points like any."""


@dataclass(frozen=True)
class SweepPoint:
    """One job of a sweep."""

    number: int
    overrides: tuple[str, ...]
    values: Mapping[str, object]
    directory: Path
    """The sweep's directory."""


def bracketed(text: str) -> str:
    """``parts=laws,training`` as the list that it is."""
    key, sign, value = text.partition("=")
    return f"{key}{sign}[{value}]" if key in LISTED and "," in value and not value.startswith("[") else text


def quoting(text: str) -> str:
    """How to write a value that Hydra's grammar does not know as text; nothing for what may be half a list."""
    key, _, value = text.partition("=")
    return f"; or quote the value: '{key}=\"{value[:100]}\"'" if value and value[0] not in "[{\"'" else ""


def range_size(start: float, stop: float, step: float) -> int:
    """How many values a range has.

    >>> range_size(0, 1e9, 1), range_size(0, 1, 0.25), range_size(1, 0, 1)
    (1000000000, 4, 0)
    """
    return max(0, math.ceil((stop - start) / step)) if step else 0
