"""Descent on quadratics: around the limit, at small rates, and with little or much patience."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict

from experiments.lab.experiment import Part, Row, Table, observation
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Instances, Pairs
from experiments.lab.judge.measures import by_seed
from experiments.lab.judge.rules import Equivalence, Theorem
from experiments.train.lr.setup import Drawn


@observation
class DescentRow(Row):
    """Descent on one quadratic from (1, ..., 1)."""

    lr: float
    """Times the largest curvature."""
    steps: int
    converged: bool
    """It ended nearer to the minimum than it began."""
    diverged: bool
    """It came a million times as far away."""
    excess: float
    """Loss / loss at the start."""


@observation
class PatienceRow(DescentRow):
    budget: str
    """Steps that were allowed, in words."""


def limits(drawn: Drawn) -> Iterator[DescentRow]:
    return (_descent(drawn, lr) for lr in drawn.params.limits)


def speed(drawn: Drawn) -> Iterator[DescentRow]:
    return (_descent(drawn, lr) for lr in drawn.params.small_rates)


def patience(drawn: Drawn) -> Iterator[PatienceRow]:
    from experiments.train.core.learning_rates import descend_quadratic

    for budget, steps in (("100 steps", 100), ("unlimited", 100_000)):
        end = descend_quadratic(drawn.eigenvalues, 1e-3, steps, until=1e-12)
        yield PatienceRow(lr=1e-3, budget=budget, **asdict(end))


def _descent(drawn: Drawn, lr: float) -> DescentRow:
    from experiments.train.core.learning_rates import descend_quadratic

    return DescentRow(lr=lr, **asdict(descend_quadratic(drawn.eigenvalues, lr, drawn.params.quadratic_steps)))


def convergence(rows: Sequence[DescentRow]) -> Instances:
    """0 where theory is right; the control asks for half the limit."""
    return Instances(
        errors=[float(row.converged != (row.lr < 2)) for row in rows],
        control=[float(row.converged != (row.lr < 1)) for row in rows],
    )


def exponents(rows: Sequence[DescentRow]) -> Pairs:
    """The law is exact for rates towards 0 alone, so the exponent has to be near -1, not to include it."""
    from statistics import linear_regression

    of_seed = {seed: [row for row in rows if row.seed == seed] for seed in sorted({row.seed for row in rows})}
    slopes = {
        seed: linear_regression([math.log(row.lr) for row in of], [math.log(row.steps) for row in of]).slope
        for seed, of in of_seed.items()
    }
    return Pairs.against(slopes, -1.0)


def left_after(rows: Sequence[PatienceRow], budget: str) -> Pairs:
    """Share of the first loss that is left, against that of the minimum."""
    return Pairs.against(by_seed(rows, "excess", budget=budget), 0.0)


LIMITS = Part(
    name="limits",
    row=DescentRow,
    run=limits,
    claims=(
        Claim(
            "descent_converges_below_two_over_the_largest_curvature",
            statement="Descent on a quadratic converges exactly for learning rates below 2 / largest curvature.",
            rule=Theorem(
                "descent converges where the rate is below 2 / largest curvature and nowhere else",
                control="the limit 1 / largest curvature",
            ),
            measure=convergence,
            topic="Too large a learning rate",
            predicted="holds",
            source="Nesterov 2004, section 2.1",
        ),
    ),
    tables=(Table(title="Quadratic: rate x largest curvature", by=("lr",), columns=("converged", "steps")),),
)
SPEED = Part(
    name="speed",
    row=DescentRow,
    run=speed,
    claims=(
        Claim(
            "steps_are_inverse_to_small_rates",
            statement="For small learning rates the number of steps is proportional to 1 / rate.",
            rule=Equivalence("exponent of the steps over the rate, and -1", margin=0.1),
            measure=exponents,
            topic="Too small a learning rate is slow",
            predicted="holds",
            source="the loss falls by (1 - rate x curvature)^2 per step, about exp(-2 rate x curvature)",
        ),
    ),
    tables=(Table(title="Small rates: steps to a millionth of the loss", by=("lr",), columns=("steps", "excess")),),
)
PATIENCE = Part(
    name="patience",
    row=PatienceRow,
    run=patience,
    tables=(Table(title="A rate of a thousandth", by=("budget",), columns=("steps", "excess")),),
)
