"""What do derivative, partial derivative and gradient say, and where do the textbook sentences about them fail?

Finite differences show the V of truncation and rounding; rules and partial derivatives are checked on random
functions against their definition in 60 digits; sign, direction and continuity are tried on the functions that
decide them.

Notes: derivative, its rules, partial derivative, gradient (002:5-34); backpropagation is differentiation (004:39-41).
Source: Rudin: Principles of Mathematical Analysis, 3rd edition, 1976, chapters 5 and 9; Squire, Trapp: Using
Complex Variables to Estimate Derivatives of Real Functions, SIAM Review 40(1), 1998.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import linear_regression
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass as parameters

from experiments.foundation.statements.instances import judge_instances, select
from experiments.lab.experiment import CHECKED, Curve, Event, Experiment, Progress, Table
from experiments.lab.judge.claims import Claim, Comparison, conditional, edge_of_grid, equivalence, theorem, undecided
from experiments.math.instances import InstanceRow, row_of

if TYPE_CHECKING:
    import numpy as np

NAN = float("nan")
EPS = {"float32": 2.0**-23, "float64": 2.0**-52}
ROOTS = {"forward": 1 / 2, "central": 1 / 3}
"""Scheme -> the power of eps at which its best step lies."""


@parameters(frozen=True, kw_only=True, config=CHECKED)
class Params:
    expr: str = "x**2*sin(x)"
    """Function of x whose numerical derivatives are measured: numbers, x, + - * / ** and sin, cos, tan, tanh, exp, log,
    sqrt. On the command line parentheses need two pairs of quotes: 'expr="exp(x)*x"'."""
    point: Annotated[float, Field(ge=-1000, le=1000)] = 0.7
    """Where it is differentiated."""
    spread: Annotated[float, Field(ge=0, le=100)] = 0.3
    """Points are drawn evenly from point - spread to point + spread."""
    points: Annotated[int, Field(ge=1, le=1000)] = 5
    """Points per seed; numerical derivatives report the root mean square of their relative errors."""
    dtype: Literal["float32", "float64"] = "float64"
    """Floating-point type of the numerical derivatives."""
    steps_per_decade: Annotated[int, Field(ge=1, le=100)] = 3
    """Step sizes h per factor of ten, from 1e-1 down to 1e-13."""
    trials: Annotated[int, Field(ge=1, le=100_000)] = 5
    """Random functions for the rules, the gradients and the directions."""
    program_steps: Annotated[int, Field(ge=1, le=30)] = 6
    """Operations in a random function."""
    directions: Annotated[int, Field(ge=4, le=3600)] = 48
    """Directions in the plane that are compared with the gradient's, at equal angles."""

    def __post_init__(self) -> None:
        from experiments.math.core.expressions import parse

        try:
            parse(self.expr)
        except ValueError as error:
            raise ValueError(f"expr: {error}") from None


@dataclass(frozen=True, kw_only=True)
class Row(InstanceRow):
    step: float = NAN
    """Step size h of a numerical derivative."""
    eps: float = NAN
    """Distance from 1 to the next number of its type."""
    angle: float = NAN
    """Degrees between a direction and the gradient."""
    relative_rate: float = NAN
    """Directional derivative over that of the gradient's direction, both for length 1 in the norm."""


def run(params: Params, seed: int) -> Iterator[Event]:
    import numpy as np

    from experiments.math.core.gradients import check_gradient
    from experiments.math.core.rules import check_rules
    from experiments.math.core.shape import continuity_trials, sign_trials

    rng = np.random.default_rng(seed)
    yield from _difference_rows(params, rng)
    for trial in range(params.trials):
        yield Progress("random functions", trial, params.trials)
        for tried in (*check_rules(rng, params.program_steps), *check_gradient(rng, 3, params.program_steps)):
            yield row_of(Row, tried, trial)
        yield from _direction_rows(params, rng, trial)
    for tried in (*sign_trials(), *continuity_trials()):
        yield row_of(Row, tried)


def _difference_rows(params: Params, rng: np.random.Generator) -> Iterator[Event]:
    """Relative errors of the three schemes over h."""
    import numpy as np

    from experiments.lab.errors import InputError
    from experiments.math.core.differences import SCHEMES, difference_errors
    from experiments.math.core.expressions import parse

    points = params.point + params.spread * rng.uniform(-1, 1, params.points)
    steps = 10.0 ** -np.arange(1, 13 + 1e-9, 1 / params.steps_per_decade)
    for scheme in SCHEMES:
        try:
            errors = difference_errors(parse(params.expr), points, steps, scheme, params.dtype)
        except ValueError as problem:
            raise InputError(f"expr: {params.expr}: {problem}; choose another expr or point") from None
        for step, error in zip(steps, errors, strict=True):
            yield Row(part="difference", case=scheme, step=float(step), error=float(error), eps=EPS[params.dtype])


def _direction_rows(params: Params, rng: np.random.Generator, trial: int) -> Iterator[Event]:
    """Unit steps of three norms on a random function of two variables."""
    from experiments.math.core import steepest
    from experiments.math.core.gradients import random_gradient

    gradient = random_gradient(rng, 2, params.program_steps)
    for norm in steepest.NORMS:
        yield row_of(Row, steepest.steepest_trial(gradient, norm, params.directions), trial)
        if trial == 0:
            for angle, rate in steepest.rates_by_angle(gradient, norm, params.directions):
                yield Row(part="direction", case=norm, angle=float(angle), relative_rate=float(rate))
    for tried in steepest.rate_trials(gradient):
        yield row_of(Row, tried, trial)


def forward_difference_error_is_linear(rows: Sequence[Row]) -> Comparison:
    return _error_exponent(rows, "forward", 1.0)


def central_difference_error_is_quadratic(rows: Sequence[Row]) -> Comparison:
    return _error_exponent(rows, "central", 2.0)


def _error_exponent(rows: Sequence[Row], scheme: str, theory: float) -> Comparison:
    """Exponent of the error in h where truncation rules: from 30 times the best step to 0.01.

    A law of small h measured at finite h has a bias without noise, so the exponents are compared with a margin.
    """
    smallest = 30 * rows[0].eps ** ROOTS[scheme]
    kept = [row for row in select(rows, "difference", scheme) if smallest < row.step < 0.011]
    exponents = {}
    for seed in {row.seed for row in kept}:
        logs = [(math.log(row.step), math.log(row.error)) for row in kept if row.seed == seed]
        exponents[seed] = linear_regression(*zip(*logs, strict=True)).slope if len(logs) >= 5 else NAN
    return equivalence(exponents, dict.fromkeys(exponents, theory), margin=0.05)


def complex_step_stays_at_eps(rows: Sequence[Row]) -> Comparison:
    eps = rows[0].eps
    small = [row for row in select(rows, "difference") if row.step < eps**0.5 / 10 and math.isfinite(row.error)]
    errors, control = ([row.error for row in small if row.case == scheme] for scheme in ("complex", "forward"))
    return theorem(errors, tolerance=32 * eps, control=control)


def best_step_is_a_root_of_eps(rows: Sequence[Row]) -> Comparison:
    return conditional({scheme: _best_step(rows, scheme) for scheme in ROOTS})


def _best_step(rows: Sequence[Row], scheme: str) -> Comparison:
    known = [row for row in select(rows, "difference", scheme) if math.isfinite(row.error)]
    best = {}
    for seed in {row.seed for row in known}:
        best[seed] = min((row for row in known if row.seed == seed), key=lambda row: row.error).step
    if any(edge_of_grid({row.step for row in known}, step) for step in best.values()):
        return undecided("equivalence", "the best step lies on the edge of the steps that were tried")
    found = {seed: math.log10(step) for seed, step in best.items()}
    return equivalence(found, dict.fromkeys(found, ROOTS[scheme] * math.log10(known[0].eps)), margin=1.0)


def sign_of_derivative_tells_rising_from_flat(rows: Sequence[Row]) -> Comparison:
    cases = ("positive on an interval", "zero at a point", "positive at a point")
    return conditional({case: judge_instances(select(rows, "sign", case)) for case in cases})


def rules_equal_the_definition(rows: Sequence[Row]) -> Comparison:
    return judge_instances(select(rows, "rule"), 1e-20)


def autograd_equals_symbolic(rows: Sequence[Row]) -> Comparison:
    return judge_instances(select(rows, "gradient", "torch against sympy"), 1e-12)


def partials_hold_the_others_fixed(rows: Sequence[Row]) -> Comparison:
    return judge_instances(select(rows, "gradient", "others held fixed"), 1e-12)


def gradient_is_the_steepest_direction(rows: Sequence[Row]) -> Comparison:
    parts = {f"length by {norm}": select(rows, "best direction", norm) for norm in ("l2", "linf", "l1")}
    return conditional({condition: judge_instances(tried, 1e-12) for condition, tried in parts.items()})


def partial_derivative_is_the_rate_in_any_direction(rows: Sequence[Row]) -> Comparison:
    cases = ("along an axis", "at 45 degrees")
    return conditional({case: judge_instances(select(rows, "rate", case), 1e-12) for case in cases})


def partials_make_a_function_continuous(rows: Sequence[Row]) -> Comparison:
    return judge_instances(select(rows, "continuity"), 1e-6)


EXPERIMENT = Experiment(
    params=Params,
    row=Row,
    run=run,
    claims=(
        Claim(
            statement=(
                "The error of the forward difference (f(x+h) - f(x)) / h is proportional to h until rounding takes "
                "over."
            ),
            notes="Derivative as a limit (002:5-9)",
            kind="equivalence",
            rule="Log-log slope over h from 30 sqrt(eps) to 0.01: holds iff its interval lies within 0.05 of 1.",
            predicted="holds",
            judge=forward_difference_error_is_linear,
        ),
        Claim(
            statement=(
                "The error of the central difference (f(x+h) - f(x-h)) / 2h is proportional to h^2 until rounding "
                "takes over."
            ),
            notes="Derivative as a limit (002:5-9)",
            kind="equivalence",
            rule="Log-log slope over h from 30 eps^(1/3) to 0.01: holds iff its interval lies within 0.05 of 2.",
            predicted="holds",
            judge=central_difference_error_is_quadratic,
        ),
        Claim(
            statement=(
                "The complex step Im f(x + ih) / h keeps rounding accuracy however small h is, because nothing cancels."
            ),
            notes="Derivative as a limit (002:5-9)",
            kind="theorem",
            rule=(
                "Relative error <= 32 eps for all h < sqrt(eps) / 10; the forward difference at the same h must "
                "exceed it."
            ),
            predicted="holds",
            judge=complex_step_stays_at_eps,
        ),
        Claim(
            statement=(
                "The best step is about sqrt(eps) for the forward and eps^(1/3) for the central difference, within "
                "a factor of 10."
            ),
            notes="Derivative as a limit (002:5-9)",
            kind="conditional",
            rule=(
                "Per scheme, log10 of the best h lies within 1 of theory (equivalence over seeds); a best h at the "
                "edge is undecided."
            ),
            predicted="holds",
            judge=best_step_is_a_root_of_eps,
        ),
        Claim(
            statement="A positive derivative means that the function rises, a zero derivative that it is flat.",
            notes="Meaning of the derivative (002:8)",
            kind="conditional",
            rule=(
                "On an interval: no neighboring sample pair falls. At a point: the same next to 0 for x^3 and x/2 "
                "+ x^2 sin(1/x)."
            ),
            predicted="conditional",
            judge=sign_of_derivative_tells_rising_from_flat,
        ),
        Claim(
            statement=(
                "Constant, power, sum, product, quotient and chain rule give the limit of the difference quotient."
            ),
            notes="Rules of differentiation (002:10-31)",
            kind="theorem",
            rule="Relative error <= 1e-20 in 60 digits on all random functions; each rule's wrong twin must exceed it.",
            predicted="holds",
            judge=rules_equal_the_definition,
        ),
        Claim(
            statement="Reverse-mode automatic differentiation in float64 equals the symbolic derivative to rounding.",
            notes="Backpropagation is differentiation (004:39)",
            kind="theorem",
            rule=(
                "Error <= 1e-12 relative to the gradient on all random functions; the forward difference must "
                "exceed it."
            ),
            predicted="holds",
            judge=autograd_equals_symbolic,
        ),
        Claim(
            statement="A partial derivative is the derivative by one variable with all others held fixed.",
            notes="Partial derivative (002:32)",
            kind="theorem",
            rule=(
                "Error <= 1e-12 relative to the gradient on all random functions; letting all variables move must "
                "exceed it."
            ),
            predicted="holds",
            judge=partials_hold_the_others_fixed,
        ),
        Claim(
            statement="Among all steps of length 1 the one along the gradient raises the function fastest.",
            notes="Gradient (002:33-34)",
            kind="conditional",
            rule="Per way to measure length: no direction beats the gradient's rate by more than 1e-12 relative.",
            predicted="conditional",
            judge=gradient_is_the_steepest_direction,
        ),
        Claim(
            statement="A partial derivative is the rate of change in a direction, whichever direction is meant.",
            notes="Partial derivative (002:32)",
            kind="conditional",
            rule=(
                "Along an axis, and at 45 degrees: the directional derivative differs from the nearest partial by "
                "<= 1e-12."
            ),
            predicted="conditional",
            judge=partial_derivative_is_the_rate_in_any_direction,
        ),
        Claim(
            statement="A function whose partial derivatives exist at a point is continuous there.",
            notes="Gradient as the collection of partial derivatives (002:33)",
            kind="theorem",
            rule="At distance 1e-9 from 0 the function is within 1e-6 of its value at 0; a step function must not be.",
            predicted="refuted",
            judge=partials_make_a_function_continuous,
        ),
    ),
    tables=(
        Table(
            title="Instances and their controls",
            by=("part", "case"),
            columns=("error", "control_error"),
            where=lambda row: row.part not in ("difference", "direction"),
        ),
        Table(
            title="Numerical derivatives",
            by=("case", "step"),
            columns=("error",),
            where=lambda row: (
                row.part == "difference" and abs(math.log10(row.step) - round(math.log10(row.step))) < 1e-6
            ),
        ),
    ),
    curves=(
        Curve(
            name="difference_error",
            x="step",
            y="error",
            group="case",
            x_scale="log",
            y_scale="log",
            where=lambda row: row.part == "difference" and 0 < row.error < math.inf,
        ),
        Curve(
            name="rate_by_direction",
            x="angle",
            y="relative_rate",
            group="case",
            where=lambda row: row.part == "direction",
        ),
    ),
)
