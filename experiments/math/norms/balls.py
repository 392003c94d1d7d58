"""The vectors of length 1 in the plane, for every order."""

from __future__ import annotations

from collections.abc import Iterator

from experiments.lab.experiment import Curve, Drawing, Event, Part, Row, observation
from experiments.math.core.norms import unit_ball
from experiments.math.norms.setup import Vectors


@observation
class BallRow(Row):
    """A point of the ball's edge, in the first quadrant."""

    order: str
    x: float
    y: float


def run(vectors: Vectors) -> Iterator[Event]:
    balls = {f"p = {p:g}": unit_ball(p).tolist() for p in vectors.params.orders}
    for order, ball in balls.items():
        for x, y in ball[: len(ball) // 4 + 1]:
            yield BallRow(order=order, x=x, y=y)
    yield Drawing(
        name="unit_balls",
        title="Vectors of length 1",
        points=(),
        cells=tuple(tuple((x, y) for x, y in ball) for ball in balls.values()),
        marks=tuple((order, *ball[len(ball) // 8]) for order, ball in balls.items()),
    )


PART = Part(
    name="balls",
    row=BallRow,
    run=run,
    curves=(Curve(name="unit_balls", x="x", y="y", group="order"),),
)
