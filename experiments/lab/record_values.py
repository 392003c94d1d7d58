"""Values of records: rows, figures and settings as strict JSON, and back.

JSON knows neither NaN nor infinity: NaN is null, infinities are "inf" and "-inf".
"""

from __future__ import annotations

import dataclasses
import math
import reprlib
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, get_type_hints

from experiments.lab.errors import InputError
from experiments.lab.experiment import Drawing, Figure, Heatmap, Row, Trace, columns_of


def encode(value: Any) -> Any:
    """``value`` as strict JSON: NaN is null, infinities are "inf" and "-inf"."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: encode(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): encode(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [encode(item) for item in value]
    if hasattr(value, "item"):  # a numpy scalar
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else str(value)
    return str(value) if isinstance(value, Path) else value


class Reader:
    """Makes rows of one type from plain values; by hand, because pydantic's JSON has one word for NaN and infinity."""

    def __init__(self, row_type: type[Row], record: str) -> None:
        self.row_type = row_type
        self.record = record
        """What an error calls the record."""
        self.columns = set(columns_of(row_type))
        assert not hasattr(row_type, "__post_init__"), "rows are filled without their constructor"
        hints = get_type_hints(row_type)
        self._makers = {name: MAKERS.get(hints[name], _tuples) for name in self.columns}
        self._texts = [name for name in self.columns if hints[name] is str]
        self._order: list[str] = []
        self._sound: list[list[type]] = []
        """Types, in that order of the columns, of rows that were taken as they are: a million rows have a handful."""

    def row(self, values: dict[str, Any]) -> Row:
        """The row, InputError for other columns, or a value of another type than the column's."""
        if [*values] != self._order or [*map(type, values.values())] not in self._sound:
            values = self._convert(values)
        for name in self._texts:
            values[name] = sys.intern(values[name])  # a method's name stands in every row
        row = object.__new__(self.row_type)
        row.__dict__.update(values)  # the constructor of a frozen dataclass takes four times as long
        return row

    def _convert(self, values: dict[str, Any]) -> dict[str, Any]:
        if values.keys() != self.columns:
            raise other_columns(self.record, ", ".join(sorted(values.keys() ^ self.columns)))
        made = {}
        for name, value in values.items():
            try:
                made[name] = self._makers[name](value)
            except (TypeError, ValueError):
                raise InputError(f"record {self.record}: {name} is {reprlib.repr(value)} in a row: damaged") from None
        if all(made[name] is values[name] for name in made):
            if [*values] != self._order:
                self._order, self._sound = [*values], []
            self._sound.append([*map(type, values.values())])
        return made


def other_columns(record: str, which: str) -> InputError:
    return InputError(f"record {record} has other columns than the experiment now ({which}): run it again")


def _float(value: Any) -> float:
    if value is None:
        return math.nan
    if type(value) is float or type(value) is int or value in ("inf", "-inf"):
        return float(value)
    raise TypeError


def _exactly(kind: type) -> Callable[[Any], Any]:
    def check(value: Any) -> Any:
        if type(value) is not kind:
            raise TypeError
        return value

    return check


MAKERS: dict[Any, Callable[[Any], Any]] = {float: _float, int: _exactly(int), bool: _exactly(bool), str: _exactly(str)}
"""Type of a column -> what makes its value; others are taken as they are."""


def _tuples(value: Any) -> Any:
    return tuple(_tuples(item) for item in value) if isinstance(value, list) else value


def figure_of(stored: dict[str, Any]) -> Figure:
    """The drawing, heat map or trace that was stored."""
    kinds = {kind.__name__: kind for kind in (Heatmap, Drawing, Trace)}
    return kinds[stored.pop("kind")](**{name: _tuples(value) for name, value in stored.items()})
