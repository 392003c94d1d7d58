"""What a curve is made of: one series per group, averaged over seeds, in the order of x.

``curves`` and ``figures`` draw it. Seeds are matched by the value of x where all of them have the same grid (epochs,
list sizes). Where x is itself measured, as recall is in recall against speed, they are matched by position: the i-th
row of a group is the same setting for every seed, and both coordinates are averaged. Points that are not finite, or not
positive on a log axis, are dropped. The interval is the tables' (``cli.display.means``).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from cli.display.formats import one_value, words
from cli.display.means import grouped, is_numeric, mean_of, number
from experiments.lab.experiment import Curve, Experiment, Row, Rows, Trace, kept

LONG_WORDS = {"lr": "learning_rate", "dim": "dimension", "milliseconds": "time", "qps": "queries_per_second"}
"""What an axis spells out."""
WHOLE = {
    "lam": "L1 penalty",
    "t": "Time",
    "n": "Points",
    "decibels": "Signal over noise",
    "degrees": "Range of angles",
    "k": "Numbers in the code",
    "sigma": "Deviation of the noise",
    "heldout": "Class left out",
    "waste": "Share of padding",
    "replaced": "Share replaced",
    "dice_at_validated": "Dice at the validated threshold",
}
"""Columns whose names are symbols or units."""
UNITS = {
    "angle": "degrees",
    "outlier": "standard deviations",
    "degrees": "degrees",
    "cell_error": "pixels",
    "offset_error": "pixels",
    "decibels": "dB",
    "psnr": "dB",
    "t": "points",
}
"""Of columns whose names do not end in theirs."""

Seen = tuple[int, float, float]
"""(seed, x, y)"""


@dataclass(frozen=True)
class Point:
    """A mean over seeds with the 95 % interval of y, which is y itself where one seed saw it."""

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

    @property
    def points(self) -> list[Point]:
        """Of all series."""
        return [point for series in self.series for point in series.points]


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
    return Curve(name=trace.name, x=trace.x, y=trace.y, title=trace.title), Plot(
        tuple(one for one in series if one.points), (), seeds=1
    )


def axes_of(curve: Curve) -> tuple[str, str]:
    """What stands at the x and the y axis of a curve."""
    return curve.x_label or axis_label(curve.x), curve.y_label or axis_label(curve.y)


def axis_label(name: str) -> str:
    """The column in words with its unit, for an axis in plain units.

    >>> axis_label("query_seconds"), axis_label("index_bytes"), axis_label("recall_at_10"), axis_label("decibels")
    ('Query time (s)', 'Index size (bytes)', 'Recall at 10', 'Signal over noise (dB)')
    """
    ends = {"seconds": "s", "milliseconds": "ms", "bytes": "bytes", "percent": "%"}
    unit = UNITS.get(name) or ends.get(name.rsplit("_", 1)[-1])
    return f"{axis_words(name)} ({unit})" if unit else axis_words(name)


def axis_words(name: str) -> str:
    """The column in words, also where a table has to shorten them."""
    return WHOLE.get(name) or words("_".join(LONG_WORDS.get(part, part) for part in name.split("_")))


def _categories(values: Iterable[object]) -> tuple[str, ...]:
    seen = list(dict.fromkeys(values))
    return () if is_numeric(seen) else tuple(one_value("", value) for value in seen)  # type: ignore[arg-type]


def _label(curve: Curve, key: tuple[object, ...]) -> str:
    if not key:
        return words(curve.y)
    group, value = axis_words(curve.group or ""), one_value(curve.group or "", key[0])  # type: ignore[arg-type]
    if isinstance(key[0], bool):
        return f"{'with' if key[0] else 'without'} {group.lower()}"
    return value if isinstance(key[0], str) else f"{group} {value}"


def _points(curve: Curve, rows: Sequence[Row], categories: tuple[str, ...]) -> list[Point]:
    per_seed: dict[int, list[Seen]] = {}
    for row in rows:
        x = getattr(row, curve.x)
        place = float(categories.index(one_value("", x))) if categories else number(x)
        per_seed.setdefault(row.seed, []).append((row.seed, place, number(getattr(row, curve.y))))
    points = (_mean_point(seen) for seen in _matched(list(per_seed.values())))
    return [point for point in points if point is not None and _drawable(point, curve)]


def _matched(seeds: Sequence[Sequence[Seen]]) -> list[list[Seen]]:
    """What all seeds saw of one point."""
    if not _on_grid(seeds) and len({len(seen) for seen in seeds}) == 1:
        return [list(seen) for seen in zip(*seeds, strict=True)]
    by_x: dict[float, list[Seen]] = {}
    for of_seed in seeds:
        for seen in of_seed:
            by_x.setdefault(seen[1], []).append(seen)
    return list(by_x.values())


def _on_grid(seeds: Sequence[Sequence[Seen]]) -> bool:
    """Whether every seed has the same values of x, each equally often."""
    counts = [Counter(x for _, x, _ in of_seed) for of_seed in seeds]
    return all(count == counts[0] for count in counts) and len(set(counts[0].values())) == 1


def _mean_point(seen: Sequence[Seen]) -> Point | None:
    finite = [one for one in seen if math.isfinite(one[1]) and math.isfinite(one[2])]
    if not finite:
        return None
    x = math.fsum(one[1] for one in finite) / len(finite)
    mean = mean_of((seed, y) for seed, _, y in finite)
    half = mean.half_width if mean.half_width > 0 else 0.0
    return Point(x, mean.value, mean.value - half, mean.value + half)


def _drawable(point: Point, curve: Curve) -> bool:
    return (curve.x_scale == "linear" or point.x > 0) and (curve.y_scale == "linear" or point.y > 0)
