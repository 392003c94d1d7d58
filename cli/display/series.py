"""What a curve is made of: one series per group, averaged over seeds, in the order of x.

``curves`` and ``figures`` draw it. Seeds are matched by the value of x where all of them have the same grid (epochs,
list sizes). Where x is itself measured, as recall is in recall against speed, they are matched by position: the i-th
row of a group is the same setting for every seed, and both coordinates are averaged. Points that are not finite, or not
positive on a log axis, are dropped.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from cli.display.formats import one_value, words
from cli.display.means import grouped, is_numeric, number
from experiments.lab.experiment import Curve, Experiment, Row, Rows, Trace, kept

Pair = tuple[float, float]


@dataclass(frozen=True)
class Point:
    """A mean over seeds with the range of y, all in the units of the columns."""

    x: float
    y: float
    low: float
    high: float


@dataclass(frozen=True)
class Series:
    """The points of one group, sorted by x."""

    label: str
    points: tuple[Point, ...]


@dataclass(frozen=True)
class Plot:
    """Everything that is drawn of a Curve; ``categories`` names x = 0, 1, ... where x is text."""

    series: tuple[Series, ...]
    categories: tuple[str, ...]
    seeds: int


def plots_of(experiment: Experiment[Any, Any], rows: Rows) -> Iterator[tuple[Curve, Plot]]:
    """The curves of all parts that were run and have a point that can be drawn."""
    for part in experiment.parts:
        for curve in part.curves:
            plot = plot_of(curve, rows.by_part.get(part.name, ()))
            if plot is not None:
                yield curve, plot


def plot_of(curve: Curve, rows: Sequence[Row]) -> Plot | None:
    """The curve's series, None without a single point that can be drawn."""
    rows = kept(rows, curve.only)
    categories = _categories(getattr(row, curve.x) for row in rows)
    groups = grouped(rows, (curve.group,) if curve.group else ())
    series = []
    for key, members in groups.items():
        points = sorted(_points(curve, members, categories), key=lambda point: point.x)
        if points:
            series.append(Series(_label(curve, key), tuple(points)))
    if not series:
        return None
    return Plot(tuple(series), categories, seeds=len({row.seed for row in rows}))


def plot_of_trace(trace: Trace) -> tuple[Curve, Plot]:
    """A trace as a curve with its points; what is not finite is dropped."""
    series = [
        Series(label, tuple(Point(a, b, b, b) for a, b in zip(x, y, strict=True) if math.isfinite(a + b)))
        for label, x, y in trace.lines
    ]
    return Curve(name=trace.name, x=trace.x, y=trace.y), Plot(tuple(one for one in series if one.points), (), seeds=1)


def axis_label(name: str) -> str:
    """The column in words with its unit, for an axis in plain units.

    >>> axis_label("query_seconds"), axis_label("index_bytes"), axis_label("recall_at_10")
    ('Query time (s)', 'Index size (bytes)', 'Recall at 10')
    """
    units = {"seconds": " (s)", "bytes": " (bytes)", "percent": " (%)"}
    return words(name) + units.get(name.rsplit("_", 1)[-1], "")


def _categories(values: Iterable[object]) -> tuple[str, ...]:
    seen = list(dict.fromkeys(values))
    return () if is_numeric(seen) else tuple(one_value("", value) for value in seen)  # type: ignore[arg-type]


def _label(curve: Curve, key: tuple[object, ...]) -> str:
    if not key:
        return words(curve.y)
    value = one_value(curve.group or "", key[0])  # type: ignore[arg-type]
    return value if isinstance(key[0], str) else f"{words(curve.group or '')} {value}"


def _points(curve: Curve, rows: Sequence[Row], categories: tuple[str, ...]) -> list[Point]:
    per_seed: dict[int, list[Pair]] = {}
    for row in rows:
        x = getattr(row, curve.x)
        place = float(categories.index(one_value("", x))) if categories else number(x)
        per_seed.setdefault(row.seed, []).append((place, number(getattr(row, curve.y))))
    points = (_mean_point(pairs) for pairs in _matched(list(per_seed.values())))
    return [point for point in points if point is not None and _drawable(point, curve)]


def _matched(seeds: Sequence[Sequence[Pair]]) -> list[list[Pair]]:
    """The pairs of all seeds that belong to one point."""
    if not _on_grid(seeds) and len({len(pairs) for pairs in seeds}) == 1:
        return [list(pairs) for pairs in zip(*seeds, strict=True)]
    by_x: dict[float, list[Pair]] = {}
    for pairs in seeds:
        for pair in pairs:
            by_x.setdefault(pair[0], []).append(pair)
    return list(by_x.values())


def _on_grid(seeds: Sequence[Sequence[Pair]]) -> bool:
    """Whether every seed has the same values of x, each equally often."""
    counts = [Counter(x for x, _ in pairs) for pairs in seeds]
    return all(count == counts[0] for count in counts) and len(set(counts[0].values())) == 1


def _mean_point(pairs: Sequence[Pair]) -> Point | None:
    finite = [(x, y) for x, y in pairs if math.isfinite(x) and math.isfinite(y)]
    if not finite:
        return None
    xs, ys = zip(*finite, strict=True)
    return Point(math.fsum(xs) / len(xs), math.fsum(ys) / len(ys), min(ys), max(ys))


def _drawable(point: Point, curve: Curve) -> bool:
    return (curve.x_scale == "linear" or point.x > 0) and (curve.y_scale == "linear" or point.low > 0)
