"""Curves in the terminal, drawn by plotext with braille lines and a symbol of its own per series.

The symbols tell series apart without color. Ticks, legend and log scales are ours: plotext is handed coordinates that
are already logarithms, because its own log axis misplaces explicit ticks (plotext 6.1).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

from cli.display.console import SERIES_COLORS
from cli.display.legible import ascii_text
from cli.display.series import Plot, Series, axes_of, plot_of, plot_of_trace, plots_of
from cli.display.ticks import Scale, tick_labels, ticks
from experiments.lab.experiment import Curve, Experiment, Figure, Row, Rows, Trace

SYMBOLS = "●▲■◆○△□◇"
ASCII_SYMBOLS = "ox+*#@%&"
ASCII_FRAME = str.maketrans("┤│└┬─┼├┴┘┐┌", "||++-+++++" + "+")
WIDEST, LOWEST = 110, 8


@dataclass(frozen=True)
class TerminalCurve:
    """A curve that draws itself; what is None is asked of the console when it draws."""

    curve: Curve
    plot: Plot
    width: int | None = None
    height: int = 18
    ascii_only: bool | None = None
    color: bool | None = None

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        width = min(self.width or WIDEST, options.max_width)
        ascii_only = options.ascii_only if self.ascii_only is None else self.ascii_only
        color = bool(console.color_system) and not console.no_color if self.color is None else self.color
        yield _title(self.curve, ascii_only)
        if len(self.plot.series) > 1:
            yield _legend(self.plot.series, ascii_only, color)
        yield _canvas(self.curve, self.plot, (width, max(LOWEST, self.height)), ascii_only=ascii_only, color=color)
        x_label = _axis(axes_of(self.curve)[0], self.curve.x_scale).center(width).rstrip()
        yield Text(ascii_text(x_label) if ascii_only else x_label, style="muted")


def curve(
    curve_spec: Curve,
    rows: Sequence[Row],
    width: int | None = None,
    height: int = 18,
    ascii_only: bool | None = None,
    color: bool | None = None,
) -> TerminalCurve | None:
    """The curve of these rows as a renderable, None without a finite point.

    Args:
        curve_spec: what to plot.
        rows: of all seeds; the mean over seeds is drawn.
        width: columns; by default the console's, at most 110.
        height: lines of the canvas with its axis, at least 8.
        ascii_only: no braille and no box characters; by default where the console is an ASCII one.
        color: by default where the console has colors.
    """
    plot = plot_of(curve_spec, rows)
    return None if plot is None else TerminalCurve(curve_spec, plot, width, height, ascii_only, color)


def curves(experiment: Experiment[Any, Any], rows: Rows, figures: Sequence[Figure] = ()) -> list[TerminalCurve]:
    """Every curve of the experiment that has more than one point, then the traces among the figures."""
    plots = (*plots_of(experiment, rows), *(plot_of_trace(figure) for figure in figures if isinstance(figure, Trace)))
    return [TerminalCurve(spec, plot) for spec, plot in plots if len(plot.points) > 1]


def symbol(index: int, ascii_only: bool) -> str:
    """The symbol of a series; they come round again after eight."""
    symbols = ASCII_SYMBOLS if ascii_only else SYMBOLS
    return symbols[index % len(symbols)]


def _title(spec: Curve, ascii_only: bool) -> Text:
    title = _axis(axes_of(spec)[1], spec.y_scale)
    return Text(ascii_text(title) if ascii_only else title, style="table.title")


def _axis(label: str, scale: Scale) -> str:
    return label + (", log scale" if scale == "log" else "")


def _legend(series: Sequence[Series], ascii_only: bool, color: bool) -> Text:
    line = Text()
    for index, one in enumerate(series):
        style = SERIES_COLORS[index % len(SERIES_COLORS)] if color else ""
        label = ascii_text(one.label) if ascii_only else one.label
        entry = f"{symbol(index, ascii_only)} {label}".replace(" ", "\N{NO-BREAK SPACE}")
        line.append(entry, style=style).append("   " if index + 1 < len(series) else "")
    return line


def _canvas(spec: Curve, plot: Plot, size: tuple[int, int], *, ascii_only: bool, color: bool) -> Text:
    """The plot alone. plotext has one figure per process: only this function touches it, from clear to clear."""
    import plotext

    figure = plotext.figure
    figure.clear()
    figure.theme("colorless")
    plotext.terminal.limit(width=False, height=False)
    figure.plot_size(*size)
    figure.legend(False)
    for axis, side in (("x", "upper"), ("y", "right")):
        figure.axes(False, axis=axis, side=side)
    for index, xs, ys in _coordinates(spec, plot) if spec.joined else ():
        pixel = plotext.pixel(foreground=_palette_number(index)) if color else None
        figure.draw(figure.signal(xs, ys, marker=plotext.marker("." if ascii_only else "braille", pixel)).lines(True))
    for index, xs, ys in _coordinates(spec, plot):
        pixel = plotext.pixel(foreground=_palette_number(index), style="bold") if color else None
        figure.draw(figure.signal(xs, ys, marker=plotext.marker(symbol(index, ascii_only), pixel)))
    points = plot.points
    _set_axis(figure.ruler("x"), [point.x for point in points], spec.x_scale, size[0] // 12, plot.categories)
    _set_axis(figure.ruler("y"), [point.y for point in points], spec.y_scale, size[1] // 3)
    drawn = figure.build().string(colorless=not color).rstrip("\n")
    figure.clear()
    return Text.from_ansi(drawn.translate(ASCII_FRAME) if ascii_only else drawn, no_wrap=True, overflow="crop")


def _coordinates(spec: Curve, plot: Plot) -> Iterator[tuple[int, list[float], list[float]]]:
    for index, series in enumerate(plot.series):
        xs = [_scaled(point.x, spec.x_scale) for point in series.points]
        ys = [_scaled(point.y, spec.y_scale) for point in series.points]
        yield index, xs, ys


def _set_axis(ruler: Any, values: list[float], scale: Scale, count: int, categories: tuple[str, ...] = ()) -> None:
    """Limits and marks of one axis; plotext derives wrong positions for marks when it finds the limits itself."""
    marks = [float(place) for place in range(len(categories))] or ticks(values, scale, max(2, count))
    low, high = _scaled(min(values), scale), _scaled(max(values), scale)
    margin = 0.02 * (high - low) or max(0.5, abs(low) * 0.5)
    ruler.lim(low - margin, high + margin)
    ruler.ticks([_scaled(mark, scale) for mark in marks], list(categories) or tick_labels(marks))


def _scaled(value: float, scale: Scale) -> float:
    return math.log10(value) if scale == "log" else value


def _palette_number(index: int) -> int:
    return int(SERIES_COLORS[index % len(SERIES_COLORS)].removeprefix("color(").removesuffix(")"))
