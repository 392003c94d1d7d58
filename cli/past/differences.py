"""Whether two runs observed the same: rows side by side, column by column, as the plain values that records hold."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

Rows = Sequence[dict[str, Any]]

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
    """Compare rows in the order of their seeds, since workers may have mixed them; NaN (null) equals itself."""
    pairs = list(zip(_by_seed(first), _by_seed(second), strict=False))
    columns = dict.fromkeys(name for row in (*first, *second) for name in row)
    found = (_column(name, pairs) for name in columns)
    return RowDifferences(len(first), len(second), tuple(column for column in found if column.rows))


def _by_seed(rows: Rows) -> Rows:
    return sorted(rows, key=lambda row: row.get("seed", 0))


def _column(name: str, pairs: Sequence[tuple[dict[str, Any], dict[str, Any]]]) -> ColumnDifference:
    unequal = [(a.get(name), b.get(name)) for a, b in pairs if a.get(name) != b.get(name) or (name in a) != (name in b)]
    sizes = [_distance(a, b) for a, b in unequal]
    numbers = [size for size in sizes if size is not None]
    return ColumnDifference(name, len(unequal), max(numbers) if numbers and len(numbers) == len(sizes) else None)


def _distance(first: Any, second: Any) -> float | None:
    return abs(first - second) if _is_number(first) and _is_number(second) else None


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
