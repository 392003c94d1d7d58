"""Heat maps and drawings in the plane by matplotlib."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from cli.display.formats import significant
from cli.display.legible import filled
from cli.pictures.palette import CELL, CELL_EDGE, EDGE, INK, color_of
from experiments.lab.experiment import Drawing, Heatmap

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SYMBOLS = "*Xs^Dv"
"""Of marks, by label."""
TITLE = 56
"""Characters of a line of the title."""
NUMBERED = 15
"""Largest side of a heat map whose values are printed in its cells."""


def draw_heatmap(heatmap: Heatmap, *, titled: bool = True) -> Figure:
    """A matrix with its labels; values are printed where both sides are at most 15."""
    from matplotlib.figure import Figure

    rows, columns = len(heatmap.values), len(heatmap.values[0])
    is_numbered = max(rows, columns) <= NUMBERED
    cell = 0.48 if is_numbered else 5.0 / max(rows, columns)
    figure = Figure(figsize=(max(4.0, 1.4 + cell * columns), max(2.6, 1.2 + cell * rows)))
    axes = figure.add_subplot()
    image = axes.imshow(heatmap.values, cmap="cividis", interpolation="nearest")
    if titled:
        figure.suptitle(filled(heatmap.title, TITLE), x=0.02, ha="left", fontsize="large", fontweight="bold")
    axes.set_xlabel(heatmap.column_axis)
    axes.set_ylabel(heatmap.row_axis)
    _label_side(axes, heatmap.row_labels, vertical=True)
    _label_side(axes, heatmap.column_labels, vertical=False)
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)
    if is_numbered:
        _print_values(axes, heatmap)
    else:
        bar = figure.colorbar(image, ax=axes, fraction=0.04, pad=0.03)
        bar.outline.set_visible(False)
    return figure


def _label_side(axes: Axes, labels: tuple[str, ...], *, vertical: bool) -> None:
    """All labels where there are few, else about every n-th, so that none covers another."""
    characters = 2 if vertical else max(2, *map(len, labels))
    step = max(1, -(-len(labels) * characters // 56))
    places = range(0, len(labels), step)
    shown = [labels[place] for place in places]
    if vertical:
        axes.set_yticks(places, shown)
    else:
        is_long = max(map(len, shown), default=0) > 5
        axes.set_xticks(places, shown, rotation=45 if is_long else 0, ha="right" if is_long else "center")


def _print_values(axes: Axes, heatmap: Heatmap) -> None:
    """Each value in its cell, white on the dark half of the colors and black on the light one."""
    from matplotlib.colors import Normalize

    finite = [value for row in heatmap.values for value in row if value == value]
    shade = Normalize(min(finite, default=0.0), max(finite, default=1.0))
    for i, row in enumerate(heatmap.values):
        for j, value in enumerate(row):
            text = "–" if value != value else f"{value:,.0f}" if value == round(value) else significant(value, 2)
            color = "white" if value == value and shade(value) < 0.5 else "black"
            axes.text(j, i, text, ha="center", va="center", color=color, fontsize=8.5)


def draw_drawing(drawing: Drawing, *, titled: bool = True) -> Figure:
    """Points, edges, cells, paths and marks at equal scales; a legend beside the picture names paths and marks."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.0, 5.0))
    axes = figure.add_subplot()
    axes.set_aspect("equal")
    if titled:
        figure.suptitle(filled(drawing.title, TITLE), x=0.02, ha="left", fontsize="large", fontweight="bold")
    axes.spines[:].set_visible(False)
    axes.set_xticks([])
    axes.set_yticks([])
    _cells(axes, drawing)
    _edges(axes, drawing)
    if drawing.points and drawing.dots:
        size = max(4.0, min(30.0, 4000.0 / len(drawing.points)))
        axes.scatter(*_columns(drawing.points), s=size, color=INK, zorder=3, linewidths=0)
    _paths(axes, drawing)
    _marks(axes, drawing)
    _frame(axes, drawing)
    if axes.get_legend_handles_labels()[1]:
        figure.legend(loc="outside lower center", ncols=2, frameon=False, labelcolor=INK)
    return figure


def _cells(axes: Axes, drawing: Drawing) -> None:
    from matplotlib.collections import PolyCollection

    if drawing.cells:
        cells = PolyCollection(drawing.cells, facecolors=CELL, edgecolors=CELL_EDGE, linewidths=0.9, zorder=0)
        axes.add_collection(cells)


def _edges(axes: Axes, drawing: Drawing) -> None:
    """Plain lines, or arrows that end just before the points they lead to."""
    from matplotlib.collections import LineCollection

    segments = [(drawing.points[start], drawing.points[end]) for start, end in drawing.edges]
    if not drawing.directed:
        axes.add_collection(LineCollection(segments, colors=EDGE, linewidths=0.8, zorder=1))
        return
    for start, end in segments:
        _arrow(axes, start, end, color=EDGE, width=0.7, head=7)


def _paths(axes: Axes, drawing: Drawing) -> None:
    for index, (label, path) in enumerate(drawing.paths):
        color = color_of(index)
        axes.plot([], [], color=color, linewidth=2.4, label=label)
        corners = [drawing.points[place] for place in path]
        for start, end in pairwise(corners):
            _arrow(axes, start, end, color=color, width=2.2, head=12)
        axes.scatter(*_columns(corners), s=28, color=color, zorder=4, linewidths=0)


def _arrow(
    axes: Axes, start: tuple[float, float], end: tuple[float, float], *, color: str, width: float, head: float
) -> None:
    from matplotlib.patches import FancyArrowPatch

    style = f"-|>,head_length={head * 0.5},head_width={head * 0.22}"
    axes.add_patch(
        FancyArrowPatch(
            start, end, arrowstyle=style, color=color, linewidth=width, shrinkA=2, shrinkB=3, zorder=2, mutation_scale=1
        )
    )


def _marks(axes: Axes, drawing: Drawing) -> None:
    """Named points; marks of one label share a symbol and a line of the legend; too many stand beside their points."""
    labels = list(dict.fromkeys(label for label, _, _ in drawing.marks))
    if len(labels) > len(SYMBOLS):
        axes.scatter(*_columns([(x, y) for _, x, y in drawing.marks]), s=24, color=color_of(0), zorder=5, linewidths=0)
        for label, x, y in drawing.marks:
            axes.annotate(label, (x, y), (4, 4), textcoords="offset points", fontsize=8.5, color=INK, zorder=6)
        return
    for index, label in enumerate(labels):
        places = [(x, y) for other, x, y in drawing.marks if other == label]
        color = color_of(len(drawing.paths) + index)
        axes.scatter(
            *_columns(places),
            s=110,
            marker=SYMBOLS[index],
            color=color,
            edgecolors="white",
            linewidths=0.8,
            zorder=5,
            label=label,
        )


def _columns(places: Sequence[tuple[float, float]]) -> tuple[list[float], list[float]]:
    return [x for x, _ in places], [y for _, y in places]


def _frame(axes: Axes, drawing: Drawing) -> None:
    """Limits around points and marks with a margin; cells of the border may reach beyond and are cut."""
    places = [*drawing.points, *((x, y) for _, x, y in drawing.marks)]
    places = places or [corner for cell in drawing.cells for corner in cell]
    xs, ys = _columns(places)
    axes.set_xlim(*_with_margin(xs))
    axes.set_ylim(*_with_margin(ys))


def _with_margin(values: Sequence[float]) -> tuple[float, float]:
    margin = 0.06 * (max(values) - min(values)) or 0.5
    return min(values) - margin, max(values) + margin
