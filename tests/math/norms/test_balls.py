"""Unit balls as rows and as a drawing."""

from __future__ import annotations

from experiments.lab.experiment import Drawing
from experiments.math.core.norms import vector_length
from experiments.math.norms.balls import BallRow, run
from experiments.math.norms.setup import Params, prepare


def test_every_point_of_a_ball_has_length_one() -> None:
    *rows, drawing = run(prepare(Params(orders=(1.0, 3.0)), 0))
    points = [(row.x, row.y) for row in rows if isinstance(row, BallRow) and row.order == "p = 3"]
    assert abs(vector_length(points, 3) - 1).max() < 1e-12
    assert isinstance(drawing, Drawing)
    assert [label for label, *_ in drawing.marks] == ["p = 1", "p = 3"]
