"""Names of lines: at their ends where they are short, else in a legend below the axes; nothing is ever covered."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from cli.pictures.palette import DASHES, INK, MARKERS, color_of
from cli.pictures.panels import Panel, Panels

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LABEL_HEIGHT = 0.065
"""Least distance of two labels, as a share of the axis."""
LINE_OF_LEGEND = 74
"""Characters of a legend's line."""


def label_ends(axes: Axes, panel: Panel) -> None:
    """Labels with their markers right of the axes, as high as the lines end, pushed apart where they meet."""
    place = axes.transData + axes.transAxes.inverted()
    ends = [float(place.transform((one.points[-1].x, one.points[-1].y))[1]) for one in panel.series]
    for index, height in zip(panel.places, spread(ends, LABEL_HEIGHT), strict=True):
        axes.plot(
            [1.035],
            [height],
            transform=axes.transAxes,
            clip_on=False,
            color=color_of(index),
            marker=MARKERS[index % len(MARKERS)],
            label="_end",
        )
        axes.text(1.065, height, panel.series[index].label, transform=axes.transAxes, color=INK, va="center")


def legend_lines(panels: Panels) -> int:
    """How many lines the legend has."""
    return -(-len(panels.labels) // _columns(panels))


def _columns(panels: Panels) -> int:
    return max(1, min(len(panels.labels), LINE_OF_LEGEND // (max(map(len, panels.labels)) + 7)))


def legend_below(figure: Figure, panels: Panels, *, joined: bool = True) -> None:
    """One legend for all panels; of points that make no line it shows the markers alone."""
    from matplotlib.lines import Line2D

    samples = [
        Line2D(
            [],
            [],
            color=color_of(place),
            linestyle=DASHES[place % len(DASHES)] if joined else "none",
            marker=MARKERS[place % len(MARKERS)],
        )
        for place in range(len(panels.labels))
    ]
    names = list(panels.labels)
    figure.legend(samples, names, loc="outside lower center", ncols=_columns(panels), frameon=False, labelcolor=INK)


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
