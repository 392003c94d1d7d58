"""Series against hand-computed means, ticks, and terminal curves as text."""

from __future__ import annotations

import math
from io import BytesIO, StringIO, TextIOWrapper

import pytest
from rich.console import Console

from cli.display.console import console_for
from cli.display.curves import TerminalCurve, curve, curves
from cli.display.series import plot_of, plot_of_trace
from cli.display.ticks import tick_labels, ticks
from experiments.lab.experiment import Curve, Row, Rows, Trace, observation
from tests.cli.display.shown import rows_of, shown


@observation
class PointRow(Row):
    x: float
    y: float
    method: str = "a"


SPEC = Curve(name="spec", x="x", y="y", group="method", y_scale="log")
ROWS = [
    PointRow(method=method, x=x, y=10.0 ** (x + shift))
    for method, shift in (("a", 0), ("b", 1))
    for x in (3.0, 1.0, 2.0)
]


def rendered(plot: TerminalCurve | None, width: int = 80) -> str:
    assert plot is not None
    stream = StringIO()
    console_for(stream, width=width).print(plot)
    return stream.getvalue()


def test_grid_is_averaged_by_x_and_sorted_with_the_interval_of_the_tables() -> None:
    rows = [PointRow(seed=seed, x=x, y=x + seed) for seed in (0, 2) for x in (2, 1)]
    plot = plot_of(Curve(name="c", x="x", y="y"), rows)
    assert plot is not None
    half = 12.7062  # t(0.975, 1) s / sqrt(2) with s = sqrt(2)
    assert [(point.x, point.y) for point in plot.series[0].points] == [(1.0, 2.0), (2.0, 3.0)]
    assert [point.high - point.y for point in plot.series[0].points] == pytest.approx([half, half], abs=1e-4)
    assert [point.y - point.low for point in plot.series[0].points] == pytest.approx([half, half], abs=1e-4)


def test_measured_x_is_averaged_by_position() -> None:
    rows = [PointRow(seed=seed, x=x + 0.02 * seed, y=y) for seed in (0, 1) for x, y in ((0.5, 90.0), (0.9, 30.0))]
    plot = plot_of(Curve(name="c", x="x", y="y"), rows)
    assert plot is not None
    assert [(point.x, point.y) for point in plot.series[0].points] == [
        (pytest.approx(0.51), 90.0),
        (pytest.approx(0.91), 30.0),
    ]


def test_saturated_recall_keeps_its_points_apart() -> None:
    rows = [PointRow(x=x, y=y) for x, y in ((0.8, 9.0), (1.0, 5.0), (1.0, 2.0))]
    plot = plot_of(Curve(name="c", x="x", y="y"), rows)
    assert plot is not None
    assert [point.y for point in plot.series[0].points] == [9.0, 5.0, 2.0]


def test_points_that_cannot_be_drawn_are_dropped() -> None:
    rows = [PointRow(x=1, y=math.nan), PointRow(x=2, y=0.0), PointRow(x=math.inf, y=1.0), PointRow(x=3, y=4.0)]
    plot = plot_of(SPEC, rows)
    assert plot is not None
    assert [point.x for point in plot.series[0].points] == [3.0]
    assert curve(SPEC, rows[:3]) is None
    assert curve(SPEC, []) is None


def test_curve_has_title_legend_readable_ticks_and_fits_its_width() -> None:
    lines = rendered(curve(SPEC, ROWS, height=12)).splitlines()
    assert lines[0].strip() == "Y, log scale"
    assert lines[1].strip() == "●\N{NO-BREAK SPACE}a   ▲\N{NO-BREAK SPACE}b"
    assert [line.split("┤")[0].strip() for line in lines if "┤" in line] == ["10k", "1k", "100", "10"]
    assert lines[-2].split() == ["1", "2", "3"]
    assert lines[-1].strip() == "X"
    assert max(map(len, lines)) <= 80


def test_marks_stand_at_their_values() -> None:
    lines = rendered(curve(Curve(name="c", x="x", y="y"), ROWS[:3], width=60, height=12)).splitlines()
    axis = next(line for line in lines if "└" in line)
    points = sorted(column for line in lines[1:] for column, sign in enumerate(line) if sign == "●")
    marks = [column for column, sign in enumerate(axis) if sign == "┬"]
    assert [marks[0], marks[len(marks) // 2], marks[-1]] == pytest.approx(points, abs=1)


@pytest.mark.parametrize("width", [40, 80, 160])
def test_ascii_curve_is_ascii_and_fits(width: int) -> None:
    stream = TextIOWrapper(BytesIO(), encoding="ascii")
    console_for(stream, width=width).print(curve(SPEC, ROWS))
    stream.seek(0)
    text = stream.read()
    assert "o a   x b" in text
    assert "?" not in text
    assert max(map(len, text.splitlines())) <= width


def test_colors_are_written_only_to_consoles_that_have_them() -> None:
    colored = StringIO()
    Console(file=colored, force_terminal=True, color_system="256", width=60).print(curve(SPEC, ROWS))
    assert "\x1b[38;5;32m" in colored.getvalue()
    assert "\x1b" not in rendered(curve(SPEC, ROWS))
    assert "\x1b[38;5;" not in rendered(curve(SPEC, ROWS, color=False))


def test_text_on_the_x_axis_becomes_categories() -> None:
    rows = [PointRow(method=method, x=0.0, y=y) for method, y in (("pre", 1.0), ("post", 2.0), ("deep", 3.0))]
    lines = rendered(curve(Curve(name="c", x="method", y="y"), rows)).splitlines()
    assert lines[-2].split() == ["pre", "post", "deep"]


def test_a_single_point_is_drawn() -> None:
    assert "●" in rendered(curve(Curve(name="c", x="x", y="y"), [PointRow(x=2.0, y=5.0)]))


@pytest.mark.parametrize(
    ("values", "scale", "labels"),
    [
        ([1, 10], "linear", ["2", "4", "6", "8", "10"]),
        ([0.72, 1.0], "linear", ["0.8", "0.9", "1.0"]),
        ([900, 120_000], "log", ["1k", "10k", "100k"]),
        ([0.02, 1.4], "log", ["0.03", "0.1", "0.3", "1"]),
        ([1.2, 1.4], "log", ["1.20", "1.25", "1.30", "1.35", "1.40"]),
        ([5.0, 5.0], "linear", ["5"]),
    ],
)
def test_ticks_are_round_numbers_within_the_range(values: list[float], scale: str, labels: list[str]) -> None:
    marks = ticks(values, "log" if scale == "log" else "linear", 5)
    assert tick_labels(marks) == labels
    assert all(min(values) * 0.999 <= mark <= max(values) * 1.001 for mark in marks)


def test_a_trace_is_drawn_like_a_curve() -> None:
    trace = Trace(name="loss", x="updates", y="train_loss", lines=(("run", (1.0, 2.0, 3.0), (2.0, 1.0, float("nan"))),))
    spec, plot = plot_of_trace(trace)
    assert (spec.x, spec.y) == ("updates", "train_loss")
    assert [(point.x, point.y) for point in plot.series[0].points] == [(1.0, 2.0), (2.0, 1.0)]


def test_a_curve_draws_the_rows_that_it_is_for() -> None:
    plot = plot_of(Curve(name="c", x="x", y="y", group="method", only={"method": "b", "x": (1.0, 3.0)}), ROWS)
    assert plot is not None
    assert [(series.label, [point.x for point in series.points]) for series in plot.series] == [("b", [1.0, 3.0])]


def test_curves_of_the_parts_come_before_traces_and_single_points_are_left_out() -> None:
    trace = Trace(name="loss", x="updates", y="train_loss", lines=(("run", (1.0, 2.0), (2.0, 1.0)),))
    single = Curve(name="single", x="x", y="y", only={"x": 1.0, "method": "a"})
    experiment = shown(PointRow, curves=(SPEC, single))
    assert [one.curve.name for one in curves(experiment, rows_of(ROWS), [trace])] == ["spec", "loss"]
    assert curves(experiment, Rows({})) == []
