"""What do derivatives and gradients say?

What do derivative, partial derivative and gradient say, and where do the textbook sentences about them fail?

Finite differences show the V of truncation and rounding; rules and partial derivatives are checked on random
functions against their definition in 60 digits; sign, direction and continuity are tried on the functions that
decide them.

Notes: derivative, its rules, partial derivative, gradient; backpropagation is differentiation.

Source: Rudin: Principles of Mathematical Analysis, 3rd edition, 1976, chapters 5 and 9; Squire, Trapp: Using
Complex Variables to Estimate Derivatives of Real Functions, SIAM Review 40(1), 1998.
"""

from __future__ import annotations

from statistics import fmean

from experiments.lab.answers import number, verdict
from experiments.lab.experiment import Experiment, Findings, Headline, Rows
from experiments.math.calculus import counterexamples, differences, directions, laws
from experiments.math.calculus.setup import Params, prepare


def answer(findings: Findings, rows: Rows) -> str:
    tried = rows.of(differences.PART)
    forward, central = (fmean(differences.best_steps(tried, scheme).values()) for scheme in ("forward", "central"))
    return (
        f"Differences are most accurate near h = {number(forward, 1)} (forward) and {number(central, 1)} (central). "
        "That the sign of a derivative tells rising from flat "
        f"{verdict(findings['sign_of_derivative_tells_rising_from_flat'])}; "
        f"that the gradient is the steepest direction {verdict(findings['gradient_is_the_steepest_direction'])}."
    )


EXPERIMENT = Experiment(
    about=__doc__,
    params=Params,
    prepare=prepare,
    parts=(differences.PART, laws.PART, directions.PART, directions.ANGLES, counterexamples.PART),
    answer=answer,
    headline=Headline(part=counterexamples.PART, table=counterexamples.PART.tables[0]),
)
