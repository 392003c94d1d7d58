"""Files of figures: which there are, that they are pictures, that their bytes are the same each time."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest

from cli.display.drawings import draw_drawing, draw_heatmap
from cli.display.figures import save_all
from cli.display.plots import draw_curve, spread
from cli.display.series import plot_of
from experiments.lab.experiment import Curve, Drawing, Heatmap, Row, Rows, observation
from tests.cli.display.shown import rows_of, shown


@observation
class PointRow(Row):
    x: float
    y: float
    method: str


CURVE = Curve(name="speed", x="x", y="y", group="method", y_scale="log")
EXPERIMENT = shown(PointRow, curves=(CURVE,))
ROWS = [
    PointRow(seed=seed, x=x, y=(1 + seed) * 10**x, method=method)
    for seed in (0, 1)
    for method in "ab"
    for x in (1.0, 2.0, 3.0)
]
DRAWING = Drawing(
    name="graph",
    title="A triangle",
    points=((0.0, 0.0), (1.0, 0.0), (0.0, 1.0)),
    edges=((0, 1), (1, 2)),
    directed=True,
    paths=(("walk", (0, 1, 2)),),
    marks=(("query", 0.5, 0.5),),
    cells=(((0.0, 0.0), (1.0, 0.0), (0.0, 1.0)),),
)
HEATMAP = Heatmap(
    name="confusion",
    title="Confusion",
    row_axis="true",
    column_axis="predicted",
    row_labels=("cat", "dog"),
    column_labels=("cat", "dog"),
    values=((8.0, 2.0), (float("nan"), 0.25)),
)


def test_every_curve_and_figure_becomes_a_png_and_an_svg(tmp_path: Path) -> None:
    paths = save_all(EXPERIMENT, rows_of(ROWS), [DRAWING, HEATMAP], tmp_path / "plots")
    names = [f"{name}.{kind}" for name in ("speed", "graph", "confusion") for kind in ("png", "svg")]
    assert [path.name for path in paths] == names
    for path in paths:
        if path.suffix == ".png":
            assert path.read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
        else:
            assert ElementTree.parse(path).getroot().tag == "{http://www.w3.org/2000/svg}svg"


def test_same_rows_give_the_same_bytes(tmp_path: Path) -> None:
    first = save_all(EXPERIMENT, rows_of(ROWS), [DRAWING], tmp_path / "first")
    second = save_all(EXPERIMENT, rows_of(ROWS), [DRAWING], tmp_path / "second")
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]


def test_nothing_to_draw_makes_no_folder(tmp_path: Path) -> None:
    empty = Drawing(name="empty", title="", points=())
    assert save_all(EXPERIMENT, rows_of([]), [empty], tmp_path / "plots") == []
    assert save_all(EXPERIMENT, Rows({}), [empty], tmp_path / "plots") == []
    assert not (tmp_path / "plots").exists()


def test_curve_draws_one_line_per_group_with_its_label_and_band() -> None:
    plot = plot_of(CURVE, ROWS)
    assert plot is not None
    axes = draw_curve(CURVE, plot).axes[0]
    assert [line.get_label() for line in axes.lines] == ["a", "b"]
    assert list(axes.lines[0].get_ydata()) == [15.0, 150.0, 1500.0]
    assert len(axes.collections) == 2
    assert {"a", "b", "by method; mean and range over 2 seeds"} == {text.get_text() for text in axes.texts}
    assert [label.get_text() for label in axes.get_yticklabels()] == ["10", "100", "1k"]


def test_drawing_has_equal_scales_and_names_paths_and_marks() -> None:
    figure = draw_drawing(DRAWING)
    assert figure.axes[0].get_aspect() == 1.0
    assert [text.get_text() for text in figure.legends[0].texts] == ["walk", "query"]
    assert len(figure.axes[0].patches) == 4


@pytest.mark.parametrize(("side", "numbered"), [(15, True), (16, False)])
def test_heatmap_prints_its_values_up_to_fifteen_a_side(side: int, numbered: bool) -> None:
    labels = tuple(map(str, range(side)))
    heatmap = Heatmap(
        name="h",
        title="t",
        row_axis="r",
        column_axis="c",
        row_labels=labels,
        column_labels=labels,
        values=tuple(tuple(float(i + j) for j in range(side)) for i in range(side)),
    )
    assert len(draw_heatmap(heatmap).axes[0].texts) == (side * side if numbered else 0)


def test_heatmap_cells_say_counts_and_shares_and_mark_what_is_missing() -> None:
    assert [text.get_text() for text in draw_heatmap(HEATMAP).axes[0].texts] == ["8", "2", "–", "0.25"]


def test_labels_are_pushed_apart_and_keep_their_order() -> None:
    placed = spread([0.5, 0.52, 0.1, 0.5], 0.05)
    assert sorted(placed) == pytest.approx([0.1, 0.456667, 0.506667, 0.556667], abs=1e-5)
    assert placed[1] == max(placed)
