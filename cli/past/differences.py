"""Whether two runs observed the same: rows side by side, column by column, as the plain values that records hold."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from experiments.lab.record import Record

Rows = Iterable[dict[str, Any]]

MEASURED = re.compile(r"(^|_)(seconds?|milliseconds|microseconds|speedup|memory)(_|$)")
"""Columns that no two runs share: times, rates and memory."""


@dataclass(frozen=True)
class ColumnDifference:
    """A column in which rows differ."""

    column: str
    rows: int
    """How many rows differ."""
    largest: float | None
    """Largest absolute difference; None where a value is no number."""

    @property
    def is_measured(self) -> bool:
        return MEASURED.search(self.column) is not None


@dataclass(frozen=True)
class RowDifferences:
    """How the rows of two runs differ."""

    first: int
    """Number of rows of the first run."""
    second: int
    columns: tuple[ColumnDifference, ...]

    @property
    def unexpected(self) -> tuple[ColumnDifference, ...]:
        """Columns that differ although they are not measured."""
        return tuple(column for column in self.columns if not column.is_measured)

    @property
    def identical(self) -> bool:
        """Whether the rows are the same apart from what is measured."""
        return self.first == self.second and not self.unexpected


def differences(first: Rows, second: Rows) -> RowDifferences:
    """Compare rows one by one, in the order in which they come; NaN (null) equals itself."""
    numbers, found = [0, 0], dict[str, _Differing]()
    for a, b in zip_longest(first, second):
        numbers[0] += a is not None
        numbers[1] += b is not None
        if a is not None and b is not None and a != b:
            for name in dict.fromkeys((*a, *b)):
                if a.get(name) != b.get(name) or (name in a) != (name in b):
                    found.setdefault(name, _Differing()).add(a.get(name), b.get(name))
    columns = (ColumnDifference(name, one.rows, one.largest if one.numbers else None) for name, one in found.items())
    return RowDifferences(numbers[0], numbers[1], tuple(columns))


def in_order(record: Record) -> Rows:
    """The rows by their seeds, which several workers have mixed; one worker's as they stand, without loading them."""
    if record.meta["settings"].get("workers", 1) == 1:
        return record.each_row()
    return sorted(record.rows(), key=lambda row: row["seed"])


@dataclass
class _Differing:
    """What is known so far of a column in which rows differ."""

    rows: int = 0
    largest: float = 0.0
    numbers: bool = True

    def add(self, first: Any, second: Any) -> None:
        self.rows += 1
        self.numbers = self.numbers and _is_number(first) and _is_number(second)
        self.largest = max(self.largest, abs(first - second)) if self.numbers else 0.0


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
