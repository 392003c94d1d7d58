"""Relative errors of three numerical derivatives over the step size h."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from statistics import fmean, linear_regression

import numpy as np

from experiments.foundation.networks.tuning import edge_of
from experiments.foundation.statements.expressions import parse
from experiments.lab.answers import listing, number
from experiments.lab.errors import InputError
from experiments.lab.experiment import Curve, Part, Row, Table, observation
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Instances, Pairs, Undecided
from experiments.lab.judge.rules import Each, Equivalence, Theorem
from experiments.math.calculus.setup import Draws
from experiments.math.core.differences import SCHEMES, Scheme, best_step, difference_errors


@observation
class DifferenceRow(Row):
    """One scheme at one step size."""

    scheme: Scheme
    step: float
    error: float
    """Root mean square of relative errors; NaN where h is lost in x + h."""
    eps: float
    """Distance from 1 to the next number of its type."""


def run(draws: Draws) -> Iterator[DifferenceRow]:
    params, points = draws.params, draws.points()
    steps = 10.0 ** -np.arange(1, 13 + 1e-9, 1 / params.steps_per_decade)
    eps = float(np.finfo(params.dtype).eps)
    for scheme in SCHEMES:
        try:
            errors = difference_errors(parse(params.expr), points, steps, scheme, params.dtype)
        except ValueError as problem:
            raise InputError(f"expr: {params.expr}: {problem}; choose another expr or point") from None
        for step, error in zip(steps.tolist(), errors.tolist(), strict=True):
            yield DifferenceRow(scheme=scheme, step=step, error=error, eps=eps)


def of_scheme(rows: Sequence[DifferenceRow], scheme: Scheme) -> dict[int, list[DifferenceRow]]:
    """Rows of a scheme with a known error, by seed."""
    known = [row for row in rows if row.scheme == scheme and math.isfinite(row.error)]
    return {seed: [row for row in known if row.seed == seed] for seed in dict.fromkeys(row.seed for row in known)}


def exponent(scheme: Scheme, theory: float) -> Callable[[Sequence[DifferenceRow]], Pairs]:
    """Exponent of the error in h where truncation rules, against theory: from 30 times the best step to 0.01.

    A law of small h has a bias at finite h, so the exponents are compared with a margin.
    """

    def measure(rows: Sequence[DifferenceRow]) -> Pairs:
        smallest = 30 * best_step(scheme, rows[0].eps)
        exponents = {}
        for seed, known in of_scheme(rows, scheme).items():
            logs = [(math.log(row.step), math.log(row.error)) for row in known if smallest < row.step < 0.011]
            exponents[seed] = linear_regression(*zip(*logs, strict=True)).slope if len(logs) >= 5 else math.nan
        return Pairs.against(exponents, theory)

    return measure


def errors_in_eps(rows: Sequence[DifferenceRow]) -> Instances:
    """Errors of the complex step in units of eps, where differences cancel."""
    small = [row for row in rows if row.step < row.eps**0.5 / 10 and math.isfinite(row.error)]
    return Instances(
        errors=[row.error / row.eps for row in small if row.scheme == "complex"],
        control=[row.error / row.eps for row in small if row.scheme == "forward"],
    )


def best_steps(rows: Sequence[DifferenceRow], scheme: Scheme) -> dict[int, float]:
    """The step of least error, by seed."""
    return {seed: min(known, key=lambda row: row.error).step for seed, known in of_scheme(rows, scheme).items()}


def log_of_best_step(rows: Sequence[DifferenceRow]) -> Mapping[str, Pairs | Undecided]:
    """Per scheme, against theory."""

    def of(scheme: Scheme) -> Pairs | Undecided:
        best = best_steps(rows, scheme)
        grid = {row.step for known in of_scheme(rows, scheme).values() for row in known}
        if any(edge_of(grid, step) for step in best.values()):
            return Undecided("the best step lies on the edge of the steps that were tried")
        logs = {seed: math.log10(step) for seed, step in best.items()}
        return Pairs.against(logs, math.log10(best_step(scheme, rows[0].eps)))

    return {"forward": of("forward"), "central": of("central")}


def least_errors(rows: Sequence[DifferenceRow]) -> str:
    said = []
    for scheme in dict.fromkeys(row.scheme for row in rows):
        by_step = of_scheme(rows, scheme).values()
        error = fmean(min(row.error for row in known) for known in by_step)
        said.append(f"{number(error, 2)} ({scheme})")
    return f"Least relative error over h: {listing(said)}"


PART = Part(
    name="differences",
    row=DifferenceRow,
    run=run,
    claims=(
        Claim(
            "forward_difference_error_is_linear",
            statement="The error of a forward difference (f(x+h) - f(x)) / h is a multiple of h, up to rounding.",
            rule=Equivalence("log-log slope of the error over h from 30 sqrt(eps) to 0.01, against 1", margin=0.05),
            measure=exponent("forward", 1.0),
            topic="Derivative as a limit: forward difference",
            predicted="holds",
            source="Taylor's theorem: h |f''| / 2",
        ),
        Claim(
            "central_difference_error_is_quadratic",
            statement="The error of a central difference (f(x+h) - f(x-h)) / 2h is a multiple of h^2, up to rounding.",
            rule=Equivalence("log-log slope of the error over h from 30 eps^(1/3) to 0.01, against 2", margin=0.05),
            measure=exponent("central", 2.0),
            topic="Derivative as a limit: central difference",
            predicted="holds",
            source="Taylor's theorem: h^2 |f'''| / 6",
        ),
        Claim(
            "complex_step_stays_at_eps",
            statement="The complex step Im f(x + ih) / h keeps rounding accuracy at any h, because nothing cancels.",
            rule=Theorem(
                "relative error in units of eps, for h < sqrt(eps) / 10",
                control="the forward difference",
                tolerance=32,
            ),
            measure=errors_in_eps,
            topic="Derivative as a limit: rounding",
            predicted="holds",
            source="Squire and Trapp 1998",
        ),
        Claim(
            "best_step_is_a_root_of_eps",
            statement="The best step is sqrt(eps) (forward) or eps^(1/3) (central difference), within a factor of 10.",
            rule=Each(Equivalence("log10 of the best h over the root of eps", margin=1.0), per="scheme"),
            measure=log_of_best_step,
            topic="Derivative as a limit: best step",
            predicted="holds",
            source="truncation and rounding, about eps |f| / h, balance there",
        ),
    ),
    tables=(Table(title="Numerical derivatives", by=("scheme", "step"), columns=("error",)),),
    curves=(Curve("difference_error", "step", "error", "scheme", x_scale="log", y_scale="log", title=least_errors),),
)
