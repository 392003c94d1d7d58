"""Figures on paper: every curve, heat map and drawing of a run as PNG and SVG, the same bytes for the same rows.

matplotlib is imported inside the functions and only its Agg and SVG canvases are used: no display, no pyplot, no global
state but the settings of the moment. Colors are Okabe and Ito's, which people with color blindness can tell apart.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cli.display.drawings import draw_drawing, draw_heatmap
from cli.display.plots import draw_curve
from cli.display.series import plot_of_trace, plots_of
from experiments.lab.experiment import Experiment, Heatmap, Rows, Trace
from experiments.lab.experiment import Figure as LabFigure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

STYLE: dict[Any, Any] = {
    "font.size": 10.0,
    "axes.titlesize": 11.0,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.titlepad": 10.0,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": "0.4",
    "axes.labelcolor": "0.2",
    "axes.axisbelow": True,
    "xtick.color": "0.3",
    "ytick.color": "0.3",
    "grid.color": "0.9",
    "lines.linewidth": 1.8,
    "lines.markersize": 5.0,
    "svg.hashsalt": "mlnotes",
    "svg.fonttype": "path",
    "figure.constrained_layout.use": True,
    "axes.unicode_minus": True,
}
PNG_DPI = 150


def save_all(experiment: Experiment[Any, Any], rows: Rows, figures: Sequence[LabFigure], directory: Path) -> list[Path]:
    """Write all figures of a run.

    Args:
        experiment: whose curves are drawn.
        rows: of all seeds.
        figures: heat maps, drawings and traces that the run yielded.
        directory: made where it is not there; files of the same name are replaced.

    Returns:
        The files, PNG before SVG, curves first. A curve without a finite point and an empty figure have none.
    """
    import matplotlib

    paths: list[Path] = []
    with matplotlib.rc_context({**matplotlib.rcParamsDefault, **STYLE}):
        for name, figure in _drawn(experiment, rows, figures):
            directory.mkdir(parents=True, exist_ok=True)
            paths += _save(figure, directory / name)
    return paths


def _drawn(experiment: Experiment[Any, Any], rows: Rows, figures: Sequence[LabFigure]) -> Iterator[tuple[str, Figure]]:
    for curve, plot in plots_of(experiment, rows):
        yield curve.name, draw_curve(curve, plot)
    for figure in figures:
        if isinstance(figure, Heatmap):
            if figure.values and figure.values[0]:
                yield figure.name, draw_heatmap(figure)
        elif isinstance(figure, Trace):
            yield figure.name, draw_curve(*plot_of_trace(figure))
        elif figure.points or figure.cells:
            yield figure.name, draw_drawing(figure)


def _save(figure: Figure, stem: Path) -> list[Path]:
    """PNG and SVG without dates and versions, which would differ from one day and machine to the next."""
    png, svg = stem.parent / f"{stem.name}.png", stem.parent / f"{stem.name}.svg"
    figure.savefig(png, dpi=PNG_DPI, metadata={"Software": None})
    figure.savefig(svg, metadata={"Date": None, "Creator": None})
    return [png, svg]
