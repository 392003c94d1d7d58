"""What an experiment is: Params, Row, run and claims, and what a run may yield.

An experiment is a module that ends in ``EXPERIMENT = Experiment(...)``; its name is its path, ``ann.nsg`` is
``experiments/ann/nsg.py``. Its ``run`` is a generator of events. This module knows nothing of Hydra, terminals or
files.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, Literal, TypeVar

from pydantic import ConfigDict

from experiments.lab.judge.claims import Claim

CHECKED = ConfigDict(extra="forbid", use_attribute_docstrings=True)
"""Configuration of every Params: unknown keys are refused, the text under a field is its meaning."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One observation: one method at one setting, one epoch, one layer.

    An experiment subclasses it with its own columns. Values are numbers, strings, booleans or None; units are in the
    names (``build_seconds``, ``recall_at_10``); a column called ``dataset`` names the data and is quoted in every
    finding.
    """

    seed: int = 0
    """Seed of the repetition that made the row, stamped by the runner."""


@dataclass(frozen=True)
class Progress:
    """How far a long stage has come; ``done`` and ``total`` in any one unit."""

    stage: str
    done: float
    total: float


@dataclass(frozen=True)
class Note:
    """A sentence for the reader, shown above the tables and kept in the record."""

    text: str


@dataclass(frozen=True)
class Artifact:
    """A file for the record, such as a checkpoint. The runner calls ``write`` once with the path to write to."""

    name: str
    write: Callable[[Path], None]


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


@dataclass(frozen=True, kw_only=True)
class Trace:
    """Quantities along a run that are too fine for rows, such as the loss within an epoch.

    ``lines`` holds (label, x values, y values); ``x`` and ``y`` name the quantities as columns are named.
    """

    name: str
    x: str
    y: str
    lines: tuple[tuple[str, tuple[float, ...], tuple[float, ...]], ...]


Figure = Heatmap | Drawing | Trace
Event = Row | Progress | Note | Artifact | Figure


@dataclass(frozen=True, kw_only=True)
class Table:
    """A view of the rows: one line per distinct value of ``by``, with the mean over seeds of each column."""

    title: str
    by: tuple[str, ...]
    columns: tuple[str, ...]
    where: Callable[[Any], bool] | None = None
    """Rows to show; all of them by default."""


@dataclass(frozen=True, kw_only=True)
class Curve:
    """A plot of the rows: y over x, averaged over seeds, one line per value of ``group``."""

    name: str
    x: str
    y: str
    group: str | None = None
    x_scale: Literal["linear", "log"] = "linear"
    y_scale: Literal["linear", "log"] = "linear"
    where: Callable[[Any], bool] | None = None
    """Rows to plot; all of them by default."""


P = TypeVar("P")
R = TypeVar("R", bound=Row)


@dataclass(frozen=True, kw_only=True)
class Experiment(Generic[P, R]):
    """One question, the run that answers it and the claims that it decides."""

    params: type[P]
    """A pydantic dataclass; its defaults are the smoke size."""
    row: type[R]
    run: Callable[[P, int], Iterator[Event]]
    """``run(params, seed)`` yields events. It reads and checks its data before the first event."""
    claims: tuple[Claim[R], ...]
    tables: tuple[Table, ...]
    curves: tuple[Curve, ...] = ()
