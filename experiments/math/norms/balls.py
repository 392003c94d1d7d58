"""The vectors of length 1 in the plane, for every order."""

from __future__ import annotations

from collections.abc import Iterator

from experiments.lab.answers import listing
from experiments.lab.experiment import Drawing, Event, Part, Row, Table, observation
from experiments.math.core.norms import polygon_area, turns_left, unit_ball
from experiments.math.norms.setup import Floats, Vectors


@observation
class BallRow(Row):
    """The ball of one order."""

    order: str
    area: float
    """Of the polygon through points of its edge: 2, pi and 4 for p = 1, 2 and inf, but for the polygon."""
    convex: bool


def run(vectors: Vectors) -> Iterator[Event]:
    balls = {f"p = {p:g}": unit_ball(p) for p in vectors.params.orders}
    for order, ball in balls.items():
        yield BallRow(order=order, area=polygon_area(ball), convex=turns_left(ball))
    shapes = {
        convex: [order for order, ball in balls.items() if turns_left(ball) == convex] for convex in (True, False)
    }
    yield Drawing(
        name="unit_balls",
        title=f"The unit ball is convex for {listing(shapes[True])}; it is not for {listing(shapes[False])}",
        points=((1.0, 0.0), (0.0, 1.0), (-1.0, 0.0), (0.0, -1.0)),  # of length 1 for every order
        cells=tuple(
            tuple((x, y) for x, y in ball.tolist()) for _, ball in sorted(balls.items(), key=area, reverse=True)
        ),
        marks=tuple((order, *ball[len(ball) // 8].tolist()) for order, ball in balls.items()),
    )


def area(ball: tuple[str, Floats]) -> float:
    """Large balls are drawn first, so that they do not cover the small ones."""
    return polygon_area(ball[1])


PART = Part(
    name="balls",
    row=BallRow,
    run=run,
    tables=(Table("Unit balls in the plane", by=("order",), columns=("area", "convex")),),
)
