"""Figures that a run may yield as data, for whoever draws them; experiments import them from ``experiment``."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Heatmap:
    """A labelled matrix, such as a confusion matrix: ``values[i][j]`` at row label i and column label j."""

    name: str
    title: str
    row_axis: str
    column_axis: str
    row_labels: tuple[str, ...]
    column_labels: tuple[str, ...]
    values: tuple[tuple[float, ...], ...]


@dataclass(frozen=True, kw_only=True)
class Drawing:
    """A picture in the plane, in the units of its points: points, edges, cells and marked paths.

    ``edges`` and ``paths`` index into ``points``; ``cells`` are closed polygons given by their corners.
    """

    name: str
    title: str
    points: tuple[tuple[float, float], ...]
    edges: tuple[tuple[int, int], ...] = ()
    directed: bool = False
    paths: tuple[tuple[str, tuple[int, ...]], ...] = ()
    marks: tuple[tuple[str, float, float], ...] = ()
    """(label, x, y) of single points to name, such as a query."""
    cells: tuple[tuple[tuple[float, float], ...], ...] = ()
    dots: bool = True
    """Whether the points are drawn themselves, and not only what stands on them."""


@dataclass(frozen=True, kw_only=True)
class Trace:
    """Quantities along a run that are too fine for rows, such as the loss within an epoch.

    ``lines`` holds (label, x values, y values); ``x`` and ``y`` name the quantities as columns are named.
    """

    name: str
    x: str
    y: str
    lines: tuple[tuple[str, tuple[float, ...], tuple[float, ...]], ...]
    title: str = ""
    """What was found, in a sentence."""


Figure = Heatmap | Drawing | Trace
