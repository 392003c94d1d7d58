"""Rising, flat, continuous: functions on which the usual readings of a derivative are right, and where they fail."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from experiments.foundation.statements.trials import TrialRow, distinct, instances_by_case, trials_of, tried
from experiments.lab.experiment import Part, Table
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Instances
from experiments.lab.judge.rules import Theorem, Under
from experiments.math.calculus.setup import Draws
from experiments.math.core.shape import Function, around_zero, largest_jump, not_rising_pair, wavy

RISING: tuple[Function, ...] = (np.exp, lambda x: x + np.sin(x) / 2, np.log)
"""Functions whose derivative is positive on all x > 0."""
WITH_PARTIALS: dict[str, Callable[[float, float], float]] = {
    "x y": lambda x, y: x * y,
    "sin(x + 2 y)": lambda x, y: math.sin(x + 2 * y),
    "x y / (x^2 + y^2)": lambda x, y: x * y / (x * x + y * y) if x or y else 0.0,
}
"""Functions of (x, y) with both partial derivatives at 0."""


def run(draws: Draws) -> Iterator[TrialRow]:
    yield from sign_trials()
    yield from continuity_trials()


def sign_trials() -> Iterator[TrialRow]:
    """The sign of the derivative read as "rises" or "is flat"; error 1 where that is wrong."""
    grid = np.linspace(0.05, 3.0, 2000)
    dips = float(not_rising_pair(np.sin, grid) is not None)  # sin' changes its sign on the grid, so sin has to fail
    for f in RISING:
        falls = float(not_rising_pair(f, grid) is not None)
        yield TrialRow(statement="sign", case="positive on an interval", error=falls, control_error=dips)
    cube_rises, line_rises = (
        float(not_rising_pair(f, around_zero(1.0)) is None) for f in (lambda x: x**3, lambda x: x)
    )
    cube = f"x^3 has derivative 0 at 0 and rises all the same: {(-0.1) ** 3:.3g} at -0.1, 0 at 0, {0.1**3:.3g} at 0.1"
    yield TrialRow(
        statement="sign", case="zero at a point", error=cube_rises, control_error=line_rises, counterexample=cube
    )
    for radius in (1e-1, 1e-3, 1e-6):
        pair = not_rising_pair(wavy, around_zero(radius))
        yield TrialRow(
            statement="sign",
            case="positive at a point",
            error=float(pair is not None),
            control_error=dips,
            counterexample="" if pair is None else _falls(*pair),
        )


def _falls(a: float, b: float) -> str:
    low, high = wavy(np.array([a, b]))
    return f"x/2 + x^2 sin(1/x) has derivative 1/2 at 0, but falls from {low:.9g} at {a:.9g} to {high:.9g} at {b:.9g}"


def continuity_trials(radius: float = 1e-9) -> Iterator[TrialRow]:
    """How far functions with both partial derivatives at 0 stay from f(0, 0) at ``radius``; the control is a step."""
    step, _, _ = largest_jump(lambda x, y: float(x + y > 0), radius)
    for name, f in WITH_PARTIALS.items():
        jump, x, y = largest_jump(f, radius)
        quotients = f"{f(radius, 0.0) / radius:g} and {f(0.0, radius) / radius:g}"
        yield TrialRow(
            statement="continuity",
            case=name,
            error=jump,
            control_error=step,
            counterexample=f"{name}, 0 at 0, has difference quotients {quotients} there, "
            f"yet is {f(x, y):g} at ({x:.3g}, {y:.3g})",
        )


def continuous_or_not(rows: Sequence[TrialRow]) -> Instances:
    """The same functions for every seed."""
    return tried(distinct(trials_of(rows, "continuity")))


PART = Part(
    name="counterexamples",
    row=TrialRow,
    run=run,
    claims=(
        Claim(
            "sign_of_derivative_tells_rising_from_flat",
            statement="A positive derivative means that the function rises, a zero derivative that it is flat.",
            rule=Under(
                {
                    "positive on an interval": Theorem("no neighboring samples fall", control="sin on (0, 3)"),
                    "zero at a point": Theorem("x^3 does not rise around 0", control="x"),
                    "positive at a point": Theorem("x/2 + x^2 sin(1/x) does not fall near 0", control="sin on (0, 3)"),
                }
            ),
            measure=instances_by_case("sign", once=True),
            topic="Meaning of the derivative",
            predicted={
                "positive on an interval": "holds",
                "zero at a point": "refuted",
                "positive at a point": "refuted",
            },
            source="Rudin 1976; Gelbaum and Olmsted 1964",
        ),
        Claim(
            "partials_make_a_function_continuous",
            statement="A function whose partial derivatives exist at a point is continuous there.",
            rule=Theorem("difference from f(0, 0) at distance 1e-9 of 0", control="a step function", tolerance=1e-6),
            measure=continuous_or_not,
            topic="Gradient as the collection of partial derivatives",
            predicted="refuted",
            source="Gelbaum and Olmsted 1964",
        ),
    ),
    tables=(
        Table(
            title="Where the sentences fail",
            by=("statement", "case"),
            columns=("error", "control_error"),
        ),
    ),
)
