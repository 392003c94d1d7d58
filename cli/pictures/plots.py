"""Curves by matplotlib: the mean over seeds as a line, the tables' interval as a band, small multiples for many."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from cli.display.legible import filled
from cli.display.series import Plot, Point, Series, axes_of, axis_words
from cli.display.ticks import tick_labels, ticks
from cli.pictures.legends import label_ends, legend_below, legend_lines
from cli.pictures.palette import DASHES, MARKERS, MUTED, color_of
from cli.pictures.panels import Panel, Panels, panels_of
from cli.pictures.recall import is_recall, set_recall_scale
from experiments.lab.experiment import Curve

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LONGEST_END_LABEL = 14
"""Characters of a label that stands at the end of its line; longer ones make a legend below the axes."""
BOLD_PER_INCH, PLAIN_PER_INCH = 9.0, 11.0
"""Characters of a title, and of the note below it, on an inch of a figure."""
TITLE_LINE, NOTE_LINE, LEGEND_LINE = 13.5, 12, 16
"""Points that a line of each takes."""
BESIDE = 0.1
"""How far apart the points of one category stand, of which the next is 1 away."""
MARKED = 40
"""Points of a line that each get a marker; a longer one gets about eight."""


def draw_curve(
    curve: Curve, plot: Plot, preferred: Sequence[str] = (), *, title: str = "", titled: bool = True, beside: int = 3
) -> Figure:
    """The curve as a figure.

    Args:
        curve: what is drawn.
        plot: its lines.
        preferred: labels that stay where there are too many lines.
        title: what was found; by default the axes are named.
        titled: whether the title stands in the picture; a page has it above.
        beside: panels that stand beside each other; 1 stacks them.
    """
    from matplotlib.figure import Figure

    panels = panels_of(plot, preferred)
    columns = min(beside, len(panels.panels))
    rows = -(-len(panels.panels) // columns)
    has_legend = not _labels_at_ends(panels)
    below = LEGEND_LINE / 72 * max(0, legend_lines(panels) - 1) if has_legend else 0.0
    height = 3.6 + 0.2 * (columns > 1) if rows == 1 else 2.3 * rows + 0.8
    figure = Figure(figsize=(max(5.6, 2.1 * columns), height + below))
    for index, (axes, panel) in enumerate(zip(_axes(figure, rows, columns), panels.panels, strict=False)):
        _draw_panel(axes, curve, plot, panel)
        axes.label_outer()
        if index == 0:
            _head(figure, axes, curve, plot, panels, title if titled else None)
    if has_legend:
        legend_below(figure, panels, joined=curve.joined)
    elif len(panels.labels) > 1:
        label_ends(figure.axes[0], panels.panels[0])
    return figure


def title_of(curve: Curve) -> str:
    """What is drawn, for a curve that says no finding.

    >>> title_of(Curve("c", x="lr", y="test_accuracy", group="network"))
    'Test accuracy by learning rate, a line per network'
    """
    lines = f", a line per {lower(axis_words(curve.group))}" if curve.group else ""
    return f"{axis_words(curve.y)} by {lower(axis_words(curve.x))}{lines}"


def lower(text: str) -> str:
    """The words inside a sentence; acronyms and symbols keep their capitals.

    >>> lower("Test accuracy"), lower("IoU"), lower("T")
    ('test accuracy', 'IoU', 't')
    """
    first = text.split(" ", 1)[0]
    return text if first[1:] != first[1:].lower() else text[:1].lower() + text[1:]


def how_drawn(curve: Curve, plot: Plot, panels: Panels) -> str:
    """How the lines come about, in words."""
    spread = any(point.low < point.high for point in plot.points)
    seeds = f"mean{' and 95 % interval' if spread else ''} over {plot.seeds} seeds" if plot.seeds > 1 else ""
    points = [point for series in panels.series for point in series.points]
    cut = "no band where the interval reaches 0" if curve.y_scale == "log" and any(p.low <= 0 for p in points) else ""
    limit = f"dashed: the limit, {curve.limit:g}" if isinstance(curve.limit, int | float) else ""
    return "; ".join(part for part in (seeds, cut, limit, panels.note) if part)


def _axes(figure: Figure, rows: int, columns: int) -> list[Axes]:
    grid = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
    return list(grid.flat)


def _head(figure: Figure, axes: Axes, curve: Curve, plot: Plot, panels: Panels, title: str | None) -> None:
    if title is None:
        return
    finding = filled(title or title_of(curve), int(BOLD_PER_INCH * figure.get_figwidth()))
    note = filled(how_drawn(curve, plot, panels), int(PLAIN_PER_INCH * figure.get_figwidth()))
    lines, note_lines = len(finding.splitlines()), len(note.splitlines())
    figure.set_figheight(figure.get_figheight() + (TITLE_LINE * max(0, lines - 2) + NOTE_LINE * (note_lines - 1)) / 72)
    if len(panels.panels) > 1:
        figure.suptitle(finding + "\n" * note_lines, x=0.01, ha="left", fontsize=11, fontweight="bold")
        below = 1 - (8 + TITLE_LINE * lines) / 72 / figure.get_figheight()
        figure.text(0.01, below, note, color=MUTED, fontsize=9, va="top", in_layout=False)
        return
    axes.set_title(finding, loc="left", pad=10 + NOTE_LINE * note_lines)
    axes.annotate(note, (0, 1), (0, 6), xycoords="axes fraction", textcoords="offset points", color=MUTED, fontsize=9)


def _draw_panel(axes: Axes, curve: Curve, plot: Plot, panel: Panel) -> None:
    axes.grid(True, axis="y")
    apart = BESIDE if plot.categories and not curve.joined else 0.0
    for index, (place, series) in enumerate(zip(panel.places, panel.series, strict=True)):
        _line(axes, place, series, curve, shift=apart * (index - (len(panel.series) - 1) / 2))
    axes.set_xscale(curve.x_scale)
    axes.set_yscale(curve.y_scale)
    if isinstance(curve.limit, int | float):
        axes.axhline(curve.limit, color=MUTED, linewidth=1.1, linestyle=(0, (4, 3)), zorder=1, label="_limit")
    _set_limits(axes, curve, plot)
    _round_ticks(axes, curve, plot)
    _spread_recall(axes, curve, plot)
    if panel.title:
        axes.set_title(panel.title, fontsize="medium", pad=4)
    x_label, y_label = axes_of(curve)
    axes.set_xlabel(x_label)
    axes.set_ylabel(y_label)


def _line(axes: Axes, place: int, series: Series, curve: Curve, *, shift: float) -> None:
    xs = [point.x + shift for point in series.points]
    lows, highs = [point.low for point in series.points], [point.high for point in series.points]
    ys = [point.y for point in series.points]
    axes.plot(
        xs,
        ys,
        color=color_of(place),
        linestyle=DASHES[place % len(DASHES)] if curve.joined else "none",
        marker=MARKERS[place % len(MARKERS)],
        markevery=1 if len(xs) <= MARKED else -(-len(xs) // 8),
        label=series.label,
    )
    if lows != highs and not curve.joined:
        whiskers = [[high - low for low, high in zip(a, b, strict=True)] for a, b in ((lows, ys), (ys, highs))]
        axes.errorbar(xs, ys, whiskers, fmt="none", ecolor=color_of(place), elinewidth=1.2, capsize=2.5)
    elif lows != highs:
        banded = [low > 0 or curve.y_scale == "linear" for low in lows]
        axes.fill_between(xs, lows, highs, where=banded, color=color_of(place), alpha=0.18, linewidth=0)


def _set_limits(axes: Axes, curve: Curve, plot: Plot) -> None:
    """Room for the lines; of a band that is wider than twice their range the rest is cut."""
    scale = axes.yaxis.get_transform()
    points = plot.points
    inside = [point.y for point in points] + ([curve.limit] if isinstance(curve.limit, int | float) else [])
    low, high = (float(scale.transform(edge)) for edge in (min(inside), max(inside)))
    room = (high - low) or 0.05 * abs(high) or 0.5
    edges = [float(scale.transform(edge)) for edge in _ys(points) if curve.y_scale == "linear" or edge > 0]
    bottom = max(min([low, *edges]), low - room / 2) - room * 0.05
    top = min(max([high, *edges]), high + room / 2) + room * 0.05
    axes.set_ylim(*(float(edge) for edge in scale.inverted().transform([bottom, top])))


def _round_ticks(axes: Axes, curve: Curve, plot: Plot) -> None:
    points = plot.points
    _set_ticks(axes.xaxis, _few(points, curve) or [point.x for point in points], curve.x_scale, plot.categories)
    if _few(points, curve) and not plot.categories:
        axes.set_xticks(_few(points, curve), tick_labels(_few(points, curve)))
    _set_ticks(axes.yaxis, list(axes.get_ylim()) if curve.y_scale == "log" else _ys(points), curve.y_scale, ())


def _spread_recall(axes: Axes, curve: Curve, plot: Plot) -> None:
    for axis, column in (("x", curve.x), ("y", curve.y)):
        values = [getattr(point, axis) for point in plot.points]
        if is_recall(column, values):
            set_recall_scale(axes, axis, values)


def _ys(points: Sequence[Point]) -> list[float]:
    return [edge for point in points for edge in (point.low, point.high)]


def _few(points: Sequence[Point], curve: Curve) -> list[float]:
    """The values of x themselves where they are few and far enough apart to stand on the axis."""
    from matplotlib.scale import LogTransform

    values = sorted({point.x for point in points})
    places = [float(LogTransform(10).transform(value)) for value in values] if curve.x_scale == "log" else values
    span = places[-1] - places[0]
    is_apart = all(after - before >= 0.09 * span for before, after in pairwise(places))
    return values if 1 < len(values) <= 8 and is_apart else []


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


def _labels_at_ends(panels: Panels) -> bool:
    """Whether the names of lines stand at their ends, or there is but one."""
    return len(panels.labels) < 2 or (len(panels.panels) == 1 and max(map(len, panels.labels)) <= LONGEST_END_LABEL)
