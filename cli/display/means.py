"""From rows to the numbers that tables and plots show: one value per line and column, over seeds.

Repeated rows of a seed are averaged first, so every seed counts once. The interval is Student's,
mean ± t(0.975, n - 1) s / sqrt(n) with the sample standard deviation s over n seeds (divisor n - 1). NaN and None are
left out of the mean, and the number of seeds that gave a number is kept.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from experiments.lab.experiment import Row
from experiments.lab.judge.mean import StudentMean

Key = tuple[Any, ...]


@dataclass(frozen=True)
class Mean:
    """A mean over seeds; ``half_width`` is NaN with fewer than two numbers."""

    value: float
    half_width: float
    numbers: int
    """Seeds that gave a number."""
    seeds: int
    """Seeds that gave a row."""


def number(value: object) -> float:
    """The value as a float, NaN where it is none."""
    return float(value) if isinstance(value, int | float) else math.nan


def is_numeric(values: Iterable[object]) -> bool:
    """Whether a column is one of numbers: no text, no booleans, at least one number."""
    kinds = {type(value) for value in values if value is not None}
    return bool(kinds) and all(issubclass(kind, int | float) and not issubclass(kind, bool) for kind in kinds)


def grouped(rows: Iterable[Row], by: Sequence[str]) -> dict[Key, list[Row]]:
    """Rows by the values of ``by``, in order of first appearance."""
    groups: dict[Any, list[Row]] = {}
    key = attrgetter("seed", *by, "seed")  # of fewer than two names it would give no tuple
    for row in rows:
        groups.setdefault(key(row)[1:-1], []).append(row)
    return groups


def over_seeds(rows: Iterable[Row], column: str) -> Mean:
    """Mean and interval of a column over the seeds of these rows."""
    return mean_of((row.seed, number(getattr(row, column))) for row in rows)


def mean_of(numbers: Iterable[tuple[int, float]]) -> Mean:
    """Mean and interval of (seed, number) pairs."""
    per_seed: dict[int, list[float]] = {}
    for seed, value in numbers:
        per_seed.setdefault(seed, []).append(value)
    means = [_mean([value for value in values if not math.isnan(value)]) for values in per_seed.values()]
    present = [value for value in means if not math.isnan(value)]
    return Mean(value=_mean(present), half_width=_half_width(present), numbers=len(present), seeds=len(means))


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values) if values else math.nan


def _half_width(values: Sequence[float]) -> float:
    """Of the judge's own interval, which knows rounding errors from spread."""
    if len(values) < 2 or not all(map(math.isfinite, values)):
        return math.nan
    return StudentMean.of(values).half_width(0.05)
