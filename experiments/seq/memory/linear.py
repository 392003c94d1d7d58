"""The gradient of a linear recurrence that shrinks, and of one that grows, from step to step."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from experiments.lab.experiment import Part, Row, Table, observation
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Instances
from experiments.lab.judge.rules import Theorem
from experiments.seq.memory.setup import Reaches


@observation
class LinearRow(Row):
    radius: float
    """By which the state is multiplied in every step, besides a rotation."""
    lag: int
    gradient_ratio: float
    """Gradient by the first state over that by the last."""
    error: float
    """Relative distance from radius^lag."""
    control_error: float
    """The same with tanh around every step."""


def run(reaches: Reaches) -> Iterator[LinearRow]:
    found, _ = reaches.drawn()
    for (radius, lag), (linear, bent) in found.items():
        error, control_error = (abs(ratio / radius**lag - 1) for ratio in (linear, bent))
        yield LinearRow(radius=radius, lag=lag, gradient_ratio=linear, error=error, control_error=control_error)


def distance_from_the_power(rows: Sequence[LinearRow]) -> Instances:
    return Instances([row.error for row in rows], control=[row.control_error for row in rows])


PART = Part(
    name="linear",
    row=LinearRow,
    run=run,
    claims=(
        Claim(
            "linear_gradient_is_a_power_of_the_radius",
            statement="The gradient of a linear recurrence is radius^T: it vanishes below 1 and explodes above.",
            rule=Theorem(
                "radius^T at radius 0.9 and 1.1 over all lags", control="the recurrence with tanh", tolerance=1e-10
            ),
            measure=distance_from_the_power,
            topic="Vanishing gradient of the RNN",
            predicted="holds",
            source="the chain rule with an orthogonal matrix",
        ),
    ),
    tables=(Table("Linear recurrence", by=("radius", "lag"), columns=("gradient_ratio", "error", "control_error")),),
)
