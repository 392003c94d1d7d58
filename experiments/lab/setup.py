"""What the parts of an experiment share in one repetition; experiments import it from ``experiment``."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

P = TypeVar("P")
T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Setup(Generic[P]):
    """What the parts of an experiment share in one repetition.

    An experiment that reads data, or whose parts look at the same trained networks, subclasses it: data become fields,
    and work that several parts need becomes a method under ``@once``.
    """

    params: P
    seed: int
    notes: tuple[str, ...] = ()
    """Sentences for the reader, such as what the data are."""


def once(method: Callable[..., T]) -> Callable[..., T]:
    """Decorator of a Setup's method: its work is done once per setup and arguments, by the part that asks first."""

    @functools.wraps(method)
    def remembered(setup: Any, *arguments: Any) -> T:
        known = setup.__dict__.setdefault("_done", {})
        if (method.__name__, arguments) not in known:
            known[method.__name__, arguments] = method(setup, *arguments)
        return known[method.__name__, arguments]

    return remembered


def plain_setup(params: P, seed: int) -> Setup[P]:
    """The ``prepare`` of an experiment whose parts share nothing but the parameters."""
    return Setup(params=params, seed=seed)
