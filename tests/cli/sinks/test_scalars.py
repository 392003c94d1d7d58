"""Rows become points over their natural x, one line per setting and seed."""

from __future__ import annotations

import math
from dataclasses import replace

from cli.sinks.scalars import Columns, Scalars
from experiments.lab.experiment import Curve, Part, Row, Table, Trace, observation
from tests.lab import toy


@observation
class EpochRow(Row):
    network: str
    width: int
    epoch: int
    loss: float
    remark: str = ""


PART = Part(
    name="training",
    row=EpochRow,
    run=lambda setup: iter(()),
    tables=(Table("Loss", by=("network", "width"), columns=("loss",)),),
    curves=(Curve(name="loss", x="epoch", y="loss", group="network"),),
)


def scalars(seeds: int = 1) -> Scalars:
    plan = toy.plan(replace(toy.experiment(), parts=(PART,)), seeds=seeds, parts=("training",))
    return Scalars(plan)


def test_columns_are_told_from_curves_and_tables() -> None:
    assert Columns.of(PART) == Columns(x="epoch", settings=("network", "width"), values=("loss",))


def test_without_curves_and_tables_text_is_the_setting() -> None:
    assert Columns.of(replace(PART, curves=(), tables=())) == Columns("epoch", ("network", "remark"), ("width", "loss"))


def test_a_row_gives_a_point_per_number() -> None:
    (point,) = scalars(seeds=2).of_row("training", EpochRow(network="wide", width=8, epoch=3, loss=0.25, seed=1))
    assert (point.chart, point.line) == ("training/loss", "wide, width 8, seed 1")
    assert (point.x_name, point.x, point.step, point.y) == ("epoch", 3.0, 3, 0.25)


def test_numbers_that_are_not_finite_are_left_out() -> None:
    row = EpochRow(network="wide", width=8, epoch=3, loss=math.nan)
    assert list(scalars().of_row("training", row)) == []


def test_points_over_a_broken_x_are_numbered() -> None:
    trace = Trace(name="search", x="recall", y="speed", lines=(("nsg", (0.5, 0.75), (9.0, 8.0)),))
    assert [(point.x, point.step, point.y) for point in scalars().of_trace(trace)] == [(0.5, 0, 9.0), (0.75, 1, 8.0)]
