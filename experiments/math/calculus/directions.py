"""Which step of unit length raises a function of two variables most, for three ways to measure length."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from experiments.foundation.statements.trials import TrialRow, instances_by_case
from experiments.lab.answers import listing, number
from experiments.lab.experiment import Curve, Part, Row, Table, observation
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Instances
from experiments.lab.judge.rules import Each, Theorem
from experiments.math.calculus.setup import Draws, Floats
from experiments.math.core.steepest import NORMS, Norm, rates_by_angle, steepest_step, unit


def run(draws: Draws) -> Iterator[TrialRow]:
    for functions in draws.functions():
        for norm in NORMS:
            yield steepest_trial(functions.gradient, norm, draws.params.directions)
        yield from rate_trials(functions.gradient)


def steepest_trial(gradient: Floats, norm: Norm, count: int) -> TrialRow:
    """Does any of ``count`` directions, or the best step that theory knows, beat the direction of the gradient (2,)?

    The error is by how much, relative to the gradient's rate. The control is the step of largest linf rate, turned
    to l2 length 1, which the gradient's direction must beat.
    """
    best, along = steepest_step(gradient, norm), float(gradient @ unit(gradient, norm))
    most = max(rates_by_angle(gradient, norm, count)[:, 1].max(), gradient @ best / along)
    corner = float(gradient @ unit(np.sign(gradient), "l2") / (gradient @ unit(gradient, "l2")))
    (a, b), (u, v) = gradient, best
    return TrialRow(
        statement="best direction",
        case=norm,
        error=float(most - 1),
        control_error=1 - corner,
        counterexample=f"gradient ({a:.4g}, {b:.4g}): the step ({u:.4g}, {v:.4g}) of {norm} length 1 "
        f"raises f at {gradient @ best:.4g}, the gradient's direction of that length at {along:.4g}",
    )


def rate_trials(gradient: Floats) -> Iterator[TrialRow]:
    """Is the rate in a direction one of the partial derivatives (2,)? Along each axis, and at 45 degrees.

    The control is the direction of the gradient, whose rate is the gradient's length.
    """
    diagonal = float(gradient.sum() / np.sqrt(2))
    off, control = (float(np.abs(gradient - rate).min()) for rate in (diagonal, np.linalg.norm(gradient)))
    a, b = gradient
    shown = f"partial derivatives {a:.4g} and {b:.4g}, at 45 degrees the rate is g.u = {diagonal:.4g}"
    along = max(abs(float(gradient @ axis) - partial) for axis, partial in zip(np.eye(2), gradient, strict=True))
    yield TrialRow(statement="rate", case="along an axis", error=along, control_error=control)
    yield TrialRow(statement="rate", case="at 45 degrees", error=off, control_error=control, counterexample=shown)


@observation
class AngleRow(Row):
    """One direction beside the gradient of the first random function."""

    norm: Norm
    angle: float
    """Degrees from the gradient."""
    relative_rate: float
    """Directional derivative over that of the gradient's direction, both for length 1 in the norm."""


def run_angles(draws: Draws) -> Iterator[AngleRow]:
    gradient = next(draws.functions()).gradient
    for norm in NORMS:
        for angle, rate in rates_by_angle(gradient, norm, draws.params.directions).tolist():
            yield AngleRow(norm=norm, angle=angle, relative_rate=rate)


def best_rates(rows: Sequence[AngleRow]) -> str:
    best = {norm: max(row.relative_rate for row in rows if row.norm == norm) for norm in NORMS}
    said = listing(f"{number(rate)} ({norm})" for norm, rate in best.items())
    return f"The best unit steps rise {said} times as fast as the gradient's"


def by_length(rows: Sequence[TrialRow]) -> Mapping[str, Instances]:
    return {f"length by {norm}": found for norm, found in instances_by_case("best direction")(rows).items()}


PART = Part(
    name="directions",
    row=TrialRow,
    run=run,
    claims=(
        Claim(
            "gradient_is_the_steepest_direction",
            statement="Among all steps of length 1 the one along the gradient raises the function fastest.",
            rule=Each(
                Theorem(
                    "no direction beats the gradient's rate, relative to it",
                    control="the diagonal step, of l2 length 1",
                    tolerance=1e-12,
                ),
                per="way to measure length",
            ),
            measure=by_length,
            topic="Gradient as the steepest direction",
            predicted={"length by l2": "holds", "length by linf": "refuted", "length by l1": "refuted"},
            source="Boyd and Vandenberghe 2004, section 9.4: the steepest step depends on the norm",
        ),
        Claim(
            "partial_derivative_is_the_rate_in_any_direction",
            statement="A partial derivative is the rate of change in a direction, whichever direction is meant.",
            rule=Each(
                Theorem(
                    "the directional derivative equals the nearest partial derivative",
                    control="the direction of the gradient",
                    tolerance=1e-12,
                ),
                per="direction",
            ),
            measure=instances_by_case("rate"),
            topic="Partial derivative and direction",
            predicted={"along an axis": "holds", "at 45 degrees": "refuted"},
            source="Rudin 1976: the rate is the gradient times the direction",
        ),
    ),
    tables=(Table(title="Directions and controls", by=("statement", "case"), columns=("error", "control_error")),),
)

ANGLES = Part(
    name="angles",
    row=AngleRow,
    run=run_angles,
    curves=(Curve("rate_by_direction", "angle", "relative_rate", "norm", title=best_rates, limit=1.0),),
)
