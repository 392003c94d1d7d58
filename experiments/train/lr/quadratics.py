"""Descent on quadratics, around the limit, at small rates, with little or much patience; and single steps."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict

from experiments.lab.experiment import Part, Row, Table, observation
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Instances, Pairs
from experiments.lab.judge.measures import by_seed
from experiments.lab.judge.rules import Counterexample, Equivalence, Theorem, Under
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


NAMES = {"sgd": "SGD", "adam": "Adam"}
ALONG = Theorem("1 - cosine between update and -gradient", control="Adam", tolerance=1e-12)
AS_LONG = Theorem("1000 times the gradient makes the step 1000 times as long", control="Adam", tolerance=1e-12)


@observation
class StepRow(Row):
    """The third update of an optimizer."""

    optimizer: str
    cosine: float
    """Between update and -gradient."""
    lengthening: float
    """Length of the update at 1000 times the gradient / length."""


def run_steps(drawn: Drawn) -> Iterator[StepRow]:
    import torch

    from experiments.train.core.learning_rates import third_step

    gradients = torch.from_numpy(drawn.gradients)
    for optimizer in NAMES:
        step, longer = (third_step(optimizer, gradients, 0.01, factor) for factor in (1.0, 1000.0))
        yield StepRow(optimizer=optimizer, cosine=step.cosine, lengthening=longer.length / step.length)


def deviations(rows: Sequence[StepRow]) -> Mapping[str, Instances]:
    """Of direction and length, per optimizer; Adam is the control of SGD."""
    found = {}
    for optimizer, name in NAMES.items():
        of, adam = ([row for row in rows if row.optimizer == chosen] for chosen in (optimizer, "adam"))
        found[f"direction of {name}"] = Instances([1 - row.cosine for row in of], [1 - row.cosine for row in adam])
        found[f"length of {name}"] = Instances([stretch(row) for row in of], [stretch(row) for row in adam])
    return found


def stretch(row: StepRow) -> float:
    """How far 1000 times the gradient is from making the step 1000 times as long."""
    return abs(row.lengthening / 1000 - 1)


STEPS = Part(
    name="steps",
    row=StepRow,
    run=run_steps,
    claims=(
        Claim(
            "a_step_is_the_rate_times_the_gradient",
            statement="A step goes along the negative gradient, and its length is the learning rate times the "
            "gradient's.",
            rule=Under(
                {
                    "direction of SGD": ALONG,
                    "direction of Adam": Counterexample("Adam steps along the negative gradient", tolerance=1e-12),
                    "length of SGD": AS_LONG,
                    "length of Adam": Counterexample("Adam's steps grow with the gradient", tolerance=1e-12),
                }
            ),
            measure=deviations,
            topic="Learning rate as step length",
            predicted={
                "direction of SGD": "holds",
                "direction of Adam": "refuted",
                "length of SGD": "holds",
                "length of Adam": "refuted",
            },
            source="Kingma and Ba 2015: Adam's steps do not depend on the gradient's scale",
        ),
    ),
    tables=(Table(title="One step", by=("optimizer",), columns=("cosine", "lengthening")),),
)
