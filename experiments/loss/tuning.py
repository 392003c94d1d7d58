"""Which learning rate each arm gets: the best by mean validation score over the seeds, all on one grid."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

from experiments.foundation.networks.tuning import edge_of


class Tuned(Protocol):
    """A row of one arm at one learning rate."""

    @property
    def arm(self) -> str: ...
    @property
    def lr(self) -> float: ...


T = TypeVar("T", bound=Tuned)


def best_of_grid(rows: Sequence[T], score: Callable[[T], float]) -> dict[str, list[T]]:
    """Arm -> its rows at the learning rate with the largest mean score, the smaller rate among equals.

    A rate at which a score is not a number, because a training diverged, is the worst.
    """

    def comparable(rate_rows: Sequence[T]) -> float:
        found = mean(rate_rows, score)
        return -math.inf if math.isnan(found) else found

    found: dict[str, list[T]] = {}
    for arm in dict.fromkeys(row.arm for row in rows):
        rates = sorted({row.lr for row in rows if row.arm == arm})
        settings = {rate: [row for row in rows if row.arm == arm and row.lr == rate] for rate in rates}
        found[arm] = settings[max(rates, key=lambda rate: comparable(settings[rate]))]
    return found


def mean(rows: Sequence[T], score: Callable[[T], float]) -> float:
    return sum(map(score, rows)) / len(rows)


def why_untuned(rows: Sequence[T], chosen: Sequence[Sequence[T]]) -> str | None:
    """Names the first arm whose best learning rate is the smallest or largest tried; None if all are inside."""
    grid = {row.lr for row in rows}
    for arm_rows in chosen:
        if edge_of(grid, arm_rows[0].lr):
            return f"the best learning rate of {arm_rows[0].arm}, {arm_rows[0].lr:g}, is an edge of its grid"
    return None
