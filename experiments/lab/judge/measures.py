"""From rows to what rules judge: the few measures that most claims are made of.

Columns are named by text; ``only`` and keywords such as ``pool="max"`` select rows by the values of columns.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol, TypeVar

from experiments.lab.judge.measured import NotMeasured, Pairs, Points


class Seeded(Protocol):
    """A row that knows the seed of its repetition."""

    @property
    def seed(self) -> int: ...


S = TypeVar("S", bound=Seeded)


def by_seed(rows: Iterable[S], value: str | Callable[[S], float], **only: object) -> dict[int, float]:
    """Mean of a column, or of a function of the row, per seed over the rows whose columns equal ``only``.

    Seeds rise; a mean is not finite if one of its values is not.
    """
    read = value if callable(value) else _column(value)
    groups: dict[int, list[float]] = {}
    for row in rows:
        if all(getattr(row, name) == wanted for name, wanted in only.items()):
            groups.setdefault(row.seed, []).append(read(row))
    return {seed: _mean(groups[seed]) for seed in sorted(groups)}


def paired(
    column: str, only: Mapping[str, object] | None = None, **arm: tuple[object, object]
) -> Callable[[Sequence[Any]], Pairs | NotMeasured]:
    """The measure of a column in two arms: ``paired("test_accuracy", pool=("max", "avg"))`` is max against avg.

    Where an arm has no rows the claim is not judged, and says which arms it needs.
    """
    ((name, (treatment, baseline)),) = arm.items()

    def measure(rows: Sequence[Any]) -> Pairs | NotMeasured:
        first, second = (by_seed(rows, column, **(only or {}), **{name: value}) for value in (treatment, baseline))
        return Pairs(first, second) if first and second else NotMeasured(f"needs {name} {treatment} and {baseline}")

    return measure


def points(rows: Iterable[S], x: str, y: str | Callable[[S], float], **only: object) -> Points:
    """``y`` over the rising values of column ``x``, seed by seed."""
    chosen = [row for row in rows if all(getattr(row, name) == wanted for name, wanted in only.items())]
    grid = sorted({getattr(row, x) for row in chosen})
    columns = [by_seed(chosen, y, **{x: value}) for value in grid]
    seeds = sorted({seed for column in columns for seed in column})
    return Points(grid, {seed: [column[seed] for column in columns if seed in column] for seed in seeds})


def _column(name: str) -> Callable[[Any], float]:
    def read(row: Any) -> float:
        return float(getattr(row, name))

    return read


def _mean(values: Sequence[float]) -> float:
    # fmean rounds once, but raises on inf - inf
    return statistics.fmean(values) if all(map(math.isfinite, values)) else sum(values)
