"""Rows as the points of curves: every number of a part over its natural x, one line per setting and seed."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, get_type_hints

from cli.display.formats import one_value, words
from experiments.lab.experiment import Curve, Part, Row, Table, Trace, columns_of
from experiments.lab.plan import Plan

NATURAL = ("step", "epoch", "iteration", "layer", "depth")
"""Columns that go along a run, for a part without curves."""
NUMBERS = (int, float, bool, int | None, float | None, bool | None)


@dataclass(frozen=True, kw_only=True)
class Scalar:
    """One point of one line of a chart."""

    chart: str
    """Part and column, such as "training/test_accuracy"."""
    line: str
    """The settings that the row belongs to, and its seed where there are several."""
    x_name: str
    x: float
    step: int
    """x where it is whole, else the number of the point within its line: some trackers take nothing else."""
    y: float


class Scalars:
    """Reads the rows of one run."""

    def __init__(self, plan: Plan) -> None:
        self._readers = {part.name: Columns.of(part) for part in plan.experiment.parts}
        self._several = len(plan.seeds) > 1
        self._points: Counter[tuple[str, str]] = Counter()

    def of_row(self, part: str, row: Row) -> Iterator[Scalar]:
        """The finite numbers of a row."""
        columns = self._readers[part]
        line = ", ".join([*columns.setting(row), *([f"seed {row.seed}"] if self._several else [])])
        for name in columns.values:
            value = getattr(row, name)
            if isinstance(value, int | float):
                x = getattr(row, columns.x) if columns.x else None
                yield from self._scalar(f"{part}/{name}", line, columns.x or "row", x, value)

    def of_trace(self, trace: Trace) -> Iterator[Scalar]:
        """The finite points of a trace."""
        for label, xs, ys in trace.lines:
            for x, y in zip(xs, ys, strict=True):
                yield from self._scalar(f"{trace.name}/{trace.y}", label, trace.x, x, y)

    def _scalar(self, chart: str, line: str, x_name: str, x: float | None, y: float) -> Iterator[Scalar]:
        number = self._points[chart, line]
        self._points[chart, line] += 1
        place = float(number if x is None else x)
        if math.isfinite(y) and math.isfinite(place):
            step = int(place) if place.is_integer() else number
            yield Scalar(chart=chart, line=line, x_name=x_name, x=place, step=step, y=float(y))


@dataclass(frozen=True)
class Columns:
    """What the columns of a part are: x, settings, and the values that are measured."""

    x: str | None
    settings: tuple[str, ...]
    values: tuple[str, ...]

    @classmethod
    def of(cls, part: Part[Any, Any]) -> Columns:
        """By what the part declares: the x of its curves, and what its curves and tables are grouped by."""
        hints = get_type_hints(part.row)
        numbers = [name for name in columns_of(part.row) if hints[name] in NUMBERS and name != "seed"]
        drawn = dict.fromkeys(curve.x for curve in part.curves)
        x = next((name for name in (*drawn, *NATURAL) if name in numbers), None)
        views: tuple[Table | Curve, ...] = (*part.tables, *part.curves)
        declared = {name for view in views for name in (*grouped_by(view), *view.only)} - {x, "seed"}
        named = [name for name in columns_of(part.row) if name in declared]
        words = [name for name in columns_of(part.row) if hints[name] is str]
        values = tuple(name for name in numbers if name != x and name not in declared)
        return cls(x, tuple(named or words), values)

    def setting(self, row: Row) -> list[str]:
        """The row's settings, numbers with their names."""
        values = ((name, getattr(row, name)) for name in self.settings)
        return [
            one_value(name, value) if isinstance(value, str) else f"{words(name).lower()} {one_value(name, value)}"
            for name, value in values
        ]


def grouped_by(view: Table | Curve) -> tuple[str, ...]:
    """The columns whose values have a line each."""
    return view.by if isinstance(view, Table) else () if view.group is None else (view.group,)
