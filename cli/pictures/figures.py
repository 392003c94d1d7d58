"""Figures on paper: every curve, heat map and drawing of a run as PNG and SVG, the same bytes for the same rows.

matplotlib is imported inside the functions and only its Agg and SVG canvases are used: no display, no pyplot, no global
state but the settings of the moment. Text stays text in an SVG, so that it can be searched, read aloud and restyled.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cli.display.formats import one_value
from cli.display.series import Plot, plot_of, plot_of_trace
from cli.pictures.drawings import draw_drawing, draw_heatmap
from cli.pictures.palette import GRID, INK, MUTED
from cli.pictures.panels import panels_of
from cli.pictures.plots import draw_curve, how_drawn, title_of
from experiments.lab.experiment import Curve, Drawing, Experiment, Heatmap, Part, Row, Rows, Trace
from experiments.lab.experiment import Figure as LabFigure
from experiments.lab.judge.rules import Each

if TYPE_CHECKING:
    from matplotlib.figure import Figure

STYLE: dict[Any, Any] = {
    "font.size": 10.0,
    "text.color": INK,
    "axes.titlesize": 11.0,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.titlepad": 10.0,
    "axes.titlecolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": MUTED,
    "axes.labelcolor": MUTED,
    "axes.axisbelow": True,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "grid.color": GRID,
    "lines.linewidth": 1.8,
    "lines.markersize": 5.0,
    "svg.hashsalt": "mlnotes",
    "svg.fonttype": "none",
    "text.parse_math": False,
    "figure.constrained_layout.use": True,
    "axes.unicode_minus": True,
}
PNG_DPI = 150


@dataclass(frozen=True)
class CurvePicture:
    """A curve that can be drawn."""

    curve: Curve
    plot: Plot
    preferred: tuple[str, ...] = ()
    """Labels that stay where there are too many lines: those of the finding, then of the headline."""
    finding: str = ""
    part: str = ""
    """The part whose rows are drawn."""

    @property
    def name(self) -> str:
        return self.curve.name

    @property
    def title(self) -> str:
        """What was found where the experiment says so, else what is drawn."""
        return self.finding or title_of(self.curve)

    @property
    def how(self) -> str:
        return how_drawn(self.curve, self.plot, panels_of(self.plot, self.preferred))

    def draw(self, *, titled: bool = True, beside: int = 3) -> Figure:
        return draw_curve(self.curve, self.plot, self.preferred, title=self.title, titled=titled, beside=beside)


@dataclass(frozen=True)
class PlainPicture:
    """A heat map or a drawing."""

    figure: Heatmap | Drawing

    @property
    def name(self) -> str:
        return self.figure.name

    @property
    def title(self) -> str:
        return self.figure.title

    @property
    def how(self) -> str:
        return ""

    def draw(self, *, titled: bool = True) -> Figure:
        figure = self.figure
        drawn = draw_heatmap if isinstance(figure, Heatmap) else draw_drawing
        return drawn(figure, titled=titled)  # type: ignore[arg-type]  # each draws its own kind


Picture = CurvePicture | PlainPicture


def pictures_of(experiment: Experiment[Any, Any], rows: Rows, figures: Sequence[LabFigure]) -> Iterator[Picture]:
    """Everything of a run that can be drawn, curves first. A curve of one point and an empty figure cannot."""
    preferred = _headline_labels(experiment, rows)
    for part in experiment.parts:
        of_part = rows.by_part.get(part.name, ())
        for curve in part.curves:
            plot = plot_of(curve, of_part)
            if plot is not None and len(plot.points) > 1:
                curve = replace(curve, limit=_limit(curve, part))
                finding = _finding(curve, of_part)
                named = tuple(series.label for series in plot.series if series.label in finding)
                yield CurvePicture(curve, plot, (*named, *preferred), finding, part.name)
    for figure in figures:
        if isinstance(figure, Trace):
            yield CurvePicture(*plot_of_trace(figure))
        elif figure.values and figure.values[0] if isinstance(figure, Heatmap) else figure.points or figure.cells:
            yield PlainPicture(figure)


def save_all(experiment: Experiment[Any, Any], rows: Rows, figures: Sequence[LabFigure], directory: Path) -> list[Path]:
    """Write all figures of a run.

    Args:
        experiment: whose curves are drawn.
        rows: of all seeds.
        figures: heat maps, drawings and traces that the run yielded.
        directory: made where it is not there; files of the same name are replaced.

    Returns:
        The files, PNG before SVG.
    """
    paths: list[Path] = []
    with style():
        for picture in pictures_of(experiment, rows, figures):
            directory.mkdir(parents=True, exist_ok=True)
            paths += _save(picture.draw(), directory / picture.name)
    return paths


def style() -> AbstractContextManager[None]:
    """The settings under which figures are drawn and saved."""
    import matplotlib

    settings: AbstractContextManager[None] = matplotlib.rc_context({**matplotlib.rcParamsDefault, **STYLE})
    return settings


def _headline_labels(experiment: Experiment[Any, Any], rows: Rows) -> tuple[str, ...]:
    """The names of the settings that the headline shows."""
    try:
        shown = experiment.headline_of(rows).rows(rows)
    except Exception:  # the experiment's own choice among the rows, which a run that was cut short may lack
        return ()
    by = experiment.headline_of(rows).table.by
    return tuple(dict.fromkeys(one_value(name, getattr(row, name)) for name in by for row in shown))


def _limit(curve: Curve, part: Part[Any, Any]) -> float | None:
    """The number at the dashed line; of a claim it is the threshold in its rule."""
    if not isinstance(curve.limit, str):
        return curve.limit
    rule = next(claim.rule for claim in part.claims if claim.name == curve.limit)
    rule = rule.rule if isinstance(rule, Each) else rule
    return next(getattr(rule, name) for name in ("at_least", "delta", "limit") if hasattr(rule, name))


def _finding(curve: Curve, rows: Sequence[Row]) -> str:
    if isinstance(curve.title, str):
        return curve.title
    try:
        return curve.title(rows)
    except Exception:  # the title is no reason to lose the figure
        return ""


def _save(figure: Figure, stem: Path) -> list[Path]:
    """PNG and SVG without dates and versions, which would differ from one day and machine to the next.

    Each is written beside its name and renamed, so that none is ever half there.
    """
    paths = []
    for kind, metadata in (("png", {"Software": None}), ("svg", {"Date": None, "Creator": None})):
        path, beside = stem.parent / f"{stem.name}.{kind}", stem.parent / f"{stem.name}.part"
        figure.savefig(beside, format=kind, dpi=PNG_DPI if kind == "png" else "figure", metadata=metadata)
        paths.append(beside.replace(path))
    return paths
