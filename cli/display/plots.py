"""Curves by matplotlib: the mean over seeds as a line, their range as a band, the label at the end of the line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from cli.display.formats import words
from cli.display.series import Plot, Series, axis_label
from cli.display.ticks import tick_labels, ticks
from experiments.lab.experiment import Curve

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

OKABE_ITO = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000", "#8C6D1F")
MARKERS = "o^sDvP*X"
LABEL_HEIGHT = 0.055
"""Least distance of two labels, as a share of the axis."""


def draw_curve(curve: Curve, plot: Plot) -> Figure:
    """The curve as a figure of 6.4 x 4 inches."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.4, 4.0))
    axes = figure.add_subplot()
    axes.grid(True, axis="y")
    for index, series in enumerate(plot.series):
        _line(axes, index, series)
    axes.set_xscale(curve.x_scale)
    axes.set_yscale(curve.y_scale)
    _round_ticks(axes, curve, plot)
    axes.set_xlabel(axis_label(curve.x))
    axes.set_ylabel(axis_label(curve.y))
    axes.set_title(f"{words(curve.y)} against {_lower(words(curve.x))}", pad=22 if _subtitle(curve, plot) else 10)
    axes.text(0, 1.025, _subtitle(curve, plot), transform=axes.transAxes, color="0.4", fontsize=9)
    if len(plot.series) > 1:
        _label_ends(axes, plot.series)
    return figure


def _subtitle(curve: Curve, plot: Plot) -> str:
    group = f"by {_lower(words(curve.group))}" if curve.group and len(plot.series) > 1 else ""
    seeds = f"mean and range over {plot.seeds} seeds" if plot.seeds > 1 else ""
    return "; ".join(part for part in (group, seeds) if part)


def _lower(text: str) -> str:
    """The words inside a sentence; acronyms keep their capitals."""
    return text if text[:2].isupper() else text[:1].lower() + text[1:]


def _line(axes: Axes, index: int, series: Series) -> None:
    color = OKABE_ITO[index % len(OKABE_ITO)]
    xs = [point.x for point in series.points]
    lows, highs = [point.low for point in series.points], [point.high for point in series.points]
    marker = MARKERS[index % len(MARKERS)] if len(xs) <= 40 else ""
    axes.plot(xs, [point.y for point in series.points], color=color, marker=marker, label=series.label)
    if lows != highs:
        axes.fill_between(xs, lows, highs, color=color, alpha=0.18, linewidth=0)


def _round_ticks(axes: Axes, curve: Curve, plot: Plot) -> None:
    points = [point for series in plot.series for point in series.points]
    _set_ticks(axes.xaxis, [point.x for point in points], curve.x_scale, plot.categories)
    _set_ticks(axes.yaxis, [edge for point in points for edge in (point.low, point.high)], curve.y_scale, ())


def _set_ticks(axis: Any, values: Sequence[float], scale: str, categories: tuple[str, ...]) -> None:
    """Readable numbers: category names, or on a log axis 1k, 10k and 0.03 in place of powers of ten."""
    if categories:
        axis.set_ticks(range(len(categories)), categories)
    elif scale == "log":
        marks = ticks(values, "log", 7)
        axis.set_ticks(marks, tick_labels(marks))
        axis.set_ticks([], minor=True)
    elif all(value == int(value) for value in values):
        marks = ticks(values, "linear", 7)
        axis.set_ticks(marks, tick_labels(marks))


def _label_ends(axes: Axes, series: Sequence[Series]) -> None:
    """Labels in the colors of their lines right of the axes, as high as the lines end, pushed apart where they meet."""
    place = axes.transData + axes.transAxes.inverted()
    ends = [float(place.transform((one.points[-1].x, one.points[-1].y))[1]) for one in series]
    for index, height in enumerate(spread(ends, LABEL_HEIGHT)):
        color = OKABE_ITO[index % len(OKABE_ITO)]
        label = series[index].label
        axes.text(1.02, height, label, transform=axes.transAxes, color=color, va="center", fontweight="bold")


def spread(heights: Sequence[float], distance: float) -> list[float]:
    """The heights moved as little as a single sweep up and down can, so that no two are nearer than ``distance``.

    >>> spread([0.5, 0.5, 0.9], 0.1)
    [0.45, 0.55, 0.9]
    """
    order = sorted(range(len(heights)), key=lambda index: heights[index])
    groups: list[list[int]] = []
    for index in order:
        groups.append([index])
        while len(groups) > 1 and _overlap(groups[-2], groups[-1], heights, distance):
            groups[-2:] = [groups[-2] + groups[-1]]
    placed = {
        index: round(_center(group, heights) + (rank - (len(group) - 1) / 2) * distance, 12)
        for group in groups
        for rank, index in enumerate(group)
    }
    return [placed[index] for index in range(len(heights))]


def _center(group: Sequence[int], heights: Sequence[float]) -> float:
    return sum(heights[index] for index in group) / len(group)


def _overlap(below: Sequence[int], above: Sequence[int], heights: Sequence[float], distance: float) -> bool:
    room = (len(below) + len(above)) / 2 * distance
    return _center(above, heights) - _center(below, heights) < room
