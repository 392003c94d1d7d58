"""Unit balls as rows and as a drawing."""

from __future__ import annotations

import pytest

from experiments.lab.experiment import Drawing
from experiments.math.core.norms import vector_length
from experiments.math.norms.balls import BallRow, run
from experiments.math.norms.setup import Params, prepare


def test_balls_have_their_areas_and_are_convex_from_order_one_on() -> None:
    *rows, drawing = run(prepare(Params(orders=(0.5, 1.0, 2.0, float("inf"))), 0))
    found = {row.order: (row.area, row.convex) for row in rows if isinstance(row, BallRow)}
    areas = {"p = 0.5": 2 / 3, "p = 1": 2, "p = 2": 3.14159, "p = inf": 4}
    assert {order: area for order, (area, _) in found.items()} == pytest.approx(areas, rel=0.03)  # of polygons
    assert [order for order, (_, convex) in found.items() if not convex] == ["p = 0.5"]
    assert isinstance(drawing, Drawing)
    assert [label for label, *_ in drawing.marks] == list(areas)
    assert drawing.title == "The unit ball is convex for p = 1, p = 2 and p = inf; it is not for p = 0.5"


def test_every_point_of_a_ball_has_length_one() -> None:
    *_, drawing = run(prepare(Params(orders=(3.0,)), 0))
    assert isinstance(drawing, Drawing)
    assert abs(vector_length(drawing.cells[0], 3) - 1).max() < 1e-12
