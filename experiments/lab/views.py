"""How the rows of a part are shown: as tables and as curves."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

T = TypeVar("T")


def kept(rows: Sequence[T], only: Mapping[str, object]) -> list[T]:
    """The rows whose columns have the values that ``only`` names; a tuple lists several legal values."""
    for name, value in only.items():
        wanted = value if isinstance(value, tuple) else (value,)
        rows = [row for row in rows if getattr(row, name) in wanted]
    return list(rows)


@dataclass(frozen=True)
class Table:
    """A view of a part's rows: one line per distinct value of ``by``, with the mean over seeds of each column."""

    title: str
    by: tuple[str, ...]
    columns: tuple[str, ...]
    only: Mapping[str, object] = field(default_factory=dict)
    """Column -> value, or tuple of values, of the rows that are shown; all by default."""


@dataclass(frozen=True)
class Curve:
    """A plot of a part's rows: y over x, averaged over seeds, one line per value of ``group``."""

    name: str
    x: str
    y: str
    group: str | None = None
    x_scale: Literal["linear", "log"] = "linear"
    y_scale: Literal["linear", "log"] = "linear"
    only: Mapping[str, object] = field(default_factory=dict)
    """Column -> value, or tuple of values, of the rows that are drawn; all by default."""
    joined: bool = True
    """Whether the points of a group make a line; of unlike things they stay alone."""
    title: str | Callable[[Sequence[Any]], str] = ""
    """What was found, in a sentence, or a function that says it of the part's rows; else the axes are named."""
    limit: float | str | None = None
    """Value of y that is drawn as a dashed line: a number of theory, or the claim of the part whose threshold it is."""
    x_label: str = ""
    """The x axis in words with its unit; by default the column's."""
    y_label: str = ""
