"""Files of figures: which there are, that they are pictures, that their bytes are the same each time."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import pytest

from cli.display.legible import filled
from cli.display.series import Plot, Point, Series, plot_of
from cli.pictures.drawings import draw_drawing, draw_heatmap
from cli.pictures.figures import pictures_of, save_all
from cli.pictures.legends import spread
from cli.pictures.panels import panels_of
from cli.pictures.plots import draw_curve
from experiments.lab.experiment import Curve, Drawing, Heatmap, Row, Rows, observation
from tests.cli.display.shown import rows_of, shown


@observation
class PointRow(Row):
    x: float
    y: float
    method: str


@observation
class RecallRow(Row):
    recall_at_10: float
    queries_per_second: float


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


def test_curve_draws_one_line_per_group_with_its_label_marker_and_band() -> None:
    plot = plot_of(CURVE, ROWS)
    assert plot is not None
    axes = draw_curve(CURVE, plot).axes[0]
    lines = [line for line in axes.lines if not str(line.get_label()).startswith("_")]
    assert [line.get_label() for line in lines] == ["a", "b"]
    assert list(lines[0].get_ydata()) == [15.0, 150.0, 1500.0]
    assert len({(line.get_marker(), line.get_linestyle()) for line in lines}) == 2
    assert len(axes.collections) == 2
    subtitle = "mean and 95 % interval over 2 seeds; no band where the interval reaches 0"
    assert {"a", "b", filled(subtitle, 61)} == {text.get_text() for text in axes.texts}
    assert [label.get_text() for label in axes.get_yticklabels()] == ["30", "100", "300", "1k", "3k"]


def test_what_was_found_is_the_title_and_a_claims_limit_is_dashed() -> None:
    curve = replace(CURVE, title=lambda rows: f"{len(rows)} rows", limit=30.0)
    picture = next(pictures_of(shown(PointRow, curves=(curve,)), rows_of(ROWS), ()))
    assert picture.title == "12 rows"
    assert "dashed: the limit, 30" in picture.how
    axes = picture.draw().axes[0]
    assert axes.get_title(loc="left") == "12 rows"
    assert [list(line.get_ydata()) for line in axes.lines if line.get_label() == "_limit"] == [[30.0, 30.0]]
    assert picture.draw(titled=False).axes[0].get_title(loc="left") == ""


def test_a_title_that_cannot_be_told_leaves_the_axes_named() -> None:
    curve = replace(CURVE, title=lambda rows: str(rows[99]))
    picture = next(pictures_of(shown(PointRow, curves=(curve,)), rows_of(ROWS), ()))
    assert picture.title == "Y by x, a line per method"


def lines_named(*labels: str) -> Plot:
    return Plot(tuple(Series(label, (Point(0, 1, 1, 1),)) for label in labels), (), seeds=1)


def test_up_to_six_lines_share_one_panel() -> None:
    panels = panels_of(lines_named(*"abcdef"))
    assert [len(panel.series) for panel in panels.panels] == [6]
    assert panels.note == ""


def test_more_lines_become_small_multiples_in_which_one_label_looks_the_same() -> None:
    panels = panels_of(
        lines_named("relu, he", "relu, xavier", *(f"tanh, {name}" for name in ("xavier", *"abc")), "x, he")
    )
    assert [panel.title for panel in panels.panels] == ["relu", "tanh", "x"]
    assert [panel.places for panel in panels.panels] == [(0, 1), (1, 2, 3, 4), (0,)]
    assert [one.label for one in panels.series][:3] == ["relu, he", "relu, xavier", "tanh, xavier"]


def test_of_lines_without_panels_those_of_the_headline_stay() -> None:
    panels = panels_of(lines_named(*"abcdefgh"), preferred=("h", "c"))
    assert panels.labels == ("c", "h")
    assert panels.note == "2 of 8 lines, the others are in the tables"
    assert panels_of(lines_named(*"abcdefgh")).labels == ("a", "b", "d", "e", "g", "h")


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


def test_recall_near_one_is_spread_and_one_has_a_place() -> None:
    values = ((0.5, 9.0), (0.9, 7.0), (0.99, 5.0), (1.0, 2.0))
    rows = [RecallRow(recall_at_10=recall, queries_per_second=speed) for recall, speed in values]
    curve = Curve(name="c", x="recall_at_10", y="queries_per_second")
    plot = plot_of(curve, rows)
    assert plot is not None
    axes = draw_curve(curve, plot).axes[0]
    places = [float(axes.transData.transform((recall, 5.0))[0]) for recall, _ in values]
    steps = [after - before for before, after in pairwise(places)]
    assert min(steps) > 0.1 * sum(steps)
    assert places[-1] < axes.bbox.x1
    assert [label.get_text() for label in axes.get_xticklabels()] == ["0.5", "0.8", "0.9", "0.95", "0.99", "1"]
