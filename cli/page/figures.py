"""Figures as the page shows them: a title that says what was found, the picture, a caption, and the same in numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from cli.display.formats import significant
from cli.display.series import Plot, Series, axes_of
from cli.page.svg import inline_svg
from cli.page.tables import TableView, plain_table
from cli.page.text import anchor
from cli.pictures.figures import CurvePicture, Picture, style
from cli.pictures.panels import panels_of
from cli.pictures.plots import lower
from experiments.lab.experiment import Curve, Drawing, Heatmap

if TYPE_CHECKING:
    from markupsafe import Markup

T = TypeVar("T")

COLUMNS, LINES = 6, 12
"""Most columns and lines of the numbers under a figure."""


@dataclass(frozen=True)
class FigureView:
    """One figure of a study."""

    anchor: str
    title: str
    svg: Markup
    caption: str
    numbers: TableView
    stacked: Markup | None = None
    """The same with its panels one below the other, for a narrow screen, where it has several."""


def figure_views(study: str, pictures: Sequence[Picture]) -> Iterator[FigureView]:
    """The figures of a study, drawn one after the other."""
    with style():
        for picture in pictures:
            name = anchor("figure", study, picture.name)
            numbers = numbers_of(picture)
            drawn = picture.draw(titled=False)
            said = {"title": picture.title, "description": description_of(picture)}
            svg, stacked = inline_svg(drawn, name=name, **said), None
            if len(drawn.axes) > 2 and isinstance(picture, CurvePicture):
                stacked = inline_svg(picture.draw(titled=False, beside=1), name=f"{name}-stacked", **said)
            yield FigureView(name, picture.title, svg, picture.how, numbers, stacked)


def description_of(picture: Picture) -> str:
    """The picture in words, for whoever does not see it."""
    if isinstance(picture, CurvePicture):
        curve, panels = picture.curve, panels_of(picture.plot, picture.preferred)
        x, y = axes_of(curve)
        return " ".join(
            (f"Lines of {lower(y)} over {lower(x)}.", *(_course(one, picture.plot) for one in panels.series))
        )
    figure = picture.figure
    if isinstance(figure, Heatmap):
        rows, columns = len(figure.values), len(figure.values[0])
        return f"Heat map of {rows} by {columns} values: {figure.row_axis} by {figure.column_axis}."
    counts = ((len(figure.points), "points"), (len(figure.edges), "edges"), (len(figure.cells), "cells"))
    drawn = ", ".join(f"{count} {noun}" for count, noun in counts if count)
    names = ", ".join(dict.fromkeys([*(label for label, _ in figure.paths), *(label for label, _, _ in figure.marks)]))
    return f"Drawing of {drawn}{f'; named: {names}' if names else ''}."


def numbers_of(picture: Picture) -> TableView:
    """What the picture shows as a small table."""
    if isinstance(picture, CurvePicture):
        return _of_curve(picture.curve, panels_of(picture.plot, picture.preferred).series, picture.plot)
    return _of_heatmap(picture.figure) if isinstance(picture.figure, Heatmap) else _of_drawing(picture.figure)


def _of_curve(curve: Curve, series: Sequence[Series], plot: Plot) -> TableView:
    """One line per line of the plot at up to six values of x; where lines share no x, their ends and extremes."""
    xs = sorted({point.x for one in series for point in one.points})
    if sum(len(one.points) for one in series) < 0.6 * len(xs) * len(series):
        return _of_ends(curve, series, plot)
    shown = _spaced(xs, COLUMNS)
    lines = []
    for one in series:
        by_x = {point.x: point.y for point in one.points}
        lines.append((one.label, *(significant(by_x[x], 3) if x in by_x else "–" for x in shown)))
    x_label, y_label = axes_of(curve)
    headers = (x_label, *(_place(x, plot) for x in shown))
    return plain_table(f"{y_label} at values of {lower(x_label)}", headers, lines)


def _of_ends(curve: Curve, series: Sequence[Series], plot: Plot) -> TableView:
    lines = []
    for one in series:
        first, last = one.points[0], one.points[-1]
        ends = (_place(first.x, plot), significant(first.y, 3), _place(last.x, plot), significant(last.y, 3))
        lines.append((one.label, *ends))
    x, y = axes_of(curve)
    title = f"First and last point of each line, {lower(x)} and {lower(y)}"
    return plain_table(title, ("Line", "First", y, "Last", y), lines)


def _of_heatmap(heatmap: Heatmap) -> TableView:
    """The matrix, of a large one evenly spaced lines and columns."""
    rows = _spaced(range(len(heatmap.values)), LINES)
    columns = _spaced(range(len(heatmap.values[0])), COLUMNS + 2)
    lines = [
        (heatmap.row_labels[row], *(significant(heatmap.values[row][column], 3) for column in columns)) for row in rows
    ]
    corner = f"{heatmap.row_axis} / {heatmap.column_axis}"
    is_whole = len(rows) == len(heatmap.values) and len(columns) == len(heatmap.values[0])
    title = "Values" if is_whole else "Some of the values"
    return plain_table(title, (corner, *(heatmap.column_labels[column] for column in columns)), lines)


def _of_drawing(drawing: Drawing) -> TableView:
    counts = (("points", drawing.points), ("edges", drawing.edges), ("cells", drawing.cells))
    lines = [(name, str(len(items))) for name, items in counts if items]
    marks = [(label, f"({significant(x, 3)}, {significant(y, 3)})") for label, x, y in drawing.marks[:LINES]]
    paths = [(f"path {label}", f"{len(path)} points") for label, path in drawing.paths[:LINES]]
    return plain_table("What is drawn", ("", "number or place"), [*lines, *paths, *marks])


def _course(series: Series, plot: Plot) -> str:
    first, last = series.points[0], series.points[-1]
    if len(series.points) == 1:
        return f"{series.label}: {significant(first.y, 3)} at {_place(first.x, plot)}."
    ends = f"{significant(first.y, 3)} at {_place(first.x, plot)} to {significant(last.y, 3)} at {_place(last.x, plot)}"
    return f"{series.label}: from {ends}."


def _place(x: float, plot: Plot) -> str:
    return plot.categories[int(x)] if plot.categories else significant(x, 3)


def _spaced(values: Sequence[T], most: int) -> list[T]:
    """At most so many of the values, from the first to the last."""
    if len(values) <= most:
        return list(values)
    return [values[round(step * (len(values) - 1) / (most - 1))] for step in range(most)]
