"""Rules of differentiation, automatic and partial derivatives, tried on random functions.

The truth is the definition in 60 digits or sympy's derivative, evaluated; every rule has a wrong twin, a mistake that
beginners make, which must fail. Errors are relative to the larger of 1 and the derivative.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from experiments.foundation.statements.expressions import Program
from experiments.foundation.statements.trials import TrialRow, instances
from experiments.lab.experiment import Event, Part, Progress, Table
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.rules import Theorem
from experiments.math.calculus.setup import Draws, Functions


def run(draws: Draws) -> Iterator[Event]:
    for trial, functions in enumerate(draws.functions()):
        yield Progress("random functions", trial, draws.params.trials)
        yield from rule_trials(functions)
        yield from gradient_trials(functions.program, functions.point)


def rule_trials(drawn: Functions) -> Iterator[TrialRow]:
    """Constant, power, sum, product, quotient and chain rule at one point."""
    import mpmath

    from experiments.foundation.statements.derivatives import DIGITS, symbolic_derivative
    from experiments.math.core.differences import by_definition

    f, g, outer = (_along(program, [0], [0]) for program in (drawn.f, drawn.g, drawn.outer))
    with mpmath.workdps(DIGITS):
        x, power = mpmath.mpf(drawn.x), mpmath.mpf(drawn.exponent)
        fx, df, gx, dg = f(x), symbolic_derivative(drawn.f, [x]), g(x), symbolic_derivative(drawn.g, [x])
        outer_slope = symbolic_derivative(drawn.outer, [gx])
        # rule: the function, its derivative by the rule, and by the wrong twin
        rules: dict[str, tuple[Callable[[Any], Any], Any, Any]] = {
            "constant": (lambda t: power + 0 * t, mpmath.mpf(0), power),
            "power": (lambda t: t**power, power * x ** (power - 1), x ** (power - 1)),
            "sum": (lambda t: f(t) + g(t), df + dg, df),
            "product": (lambda t: f(t) * g(t), df * gx + fx * dg, df * dg),
            "quotient": (lambda t: f(t) / g(t), (df * gx - fx * dg) / gx**2, df / gx),
            "chain": (lambda t: outer(g(t)), outer_slope * dg, outer_slope),
        }
        truths = {rule: by_definition(function, x) for rule, (function, _, _) in rules.items()}
        errors = {
            rule: [float(abs(value - truths[rule]) / max(1, abs(truths[rule]))) for value in values]
            for rule, (_, *values) in rules.items()
        }
    for rule, (error, control) in errors.items():
        yield TrialRow(statement="rule", case=rule, error=error, control_error=control)


def gradient_trials(program: Program, point: Sequence[float]) -> Iterator[TrialRow]:
    """Torch against sympy, forward differences being the control; and sympy against the definition by one input.

    The control of the latter lets all inputs move together, which is no partial derivative.
    """
    from experiments.foundation.statements import derivatives
    from experiments.math.core.differences import by_definition

    def along(*moved: int) -> float:
        return float(by_definition(_along(program, point, moved), 0))

    fixed, everything = np.array([along(i) for i in range(len(point))]), np.full(len(point), along(*range(len(point))))
    slopes = {
        "torch against sympy": (
            derivatives.torch_gradient(program, point),
            derivatives.forward_gradient(program, point),
        ),
        "others held fixed": (fixed, everything),
    }
    symbolic = derivatives.symbolic_gradient(program, point)
    for case, found in slopes.items():
        error, control = (derivatives.gradient_error(gradient, symbolic) for gradient in found)
        yield TrialRow(statement="gradient", case=case, error=error, control_error=control)


def _along(program: Program, point: Sequence[float], moved: Sequence[int]) -> Callable[[Any], Any]:
    """The program in 60 digits as a function of one t that is added to the ``moved`` inputs."""
    import mpmath

    from experiments.foundation.statements.derivatives import EXACT

    return lambda t: program([mpmath.mpf(x) + (t if i in moved else 0) for i, x in enumerate(point)], EXACT)


PART = Part(
    name="laws",
    row=TrialRow,
    run=run,
    claims=(
        Claim(
            "rules_equal_the_definition",
            statement="Constant, power, sum, product, quotient and chain rule give the limit of difference quotients.",
            rule=Theorem("the rules equal the definition in 60 digits", control="a wrong twin", tolerance=1e-20),
            measure=instances("rule"),
            topic="Rules of differentiation",
            predicted="holds",
            source="Rudin 1976",
        ),
        Claim(
            "autograd_equals_symbolic",
            statement="Reverse-mode automatic differentiation in float64 equals the symbolic derivative to rounding.",
            rule=Theorem("torch's gradient equals sympy's", control="the forward difference", tolerance=1e-12),
            measure=instances("gradient", "torch against sympy"),
            topic="Backpropagation is differentiation",
            predicted="holds",
            source="Griewank and Walther 2008",
        ),
        Claim(
            "partials_hold_the_others_fixed",
            statement="A partial derivative is the derivative by one variable with all others held fixed.",
            rule=Theorem(
                "the definition by one variable equals sympy's partial derivative",
                control="letting all variables move",
                tolerance=1e-12,
            ),
            measure=instances("gradient", "others held fixed"),
            topic="Partial derivative",
            predicted="holds",
            source="Rudin 1976, definition 9.16",
        ),
    ),
    tables=(Table(title="Laws and their controls", by=("statement", "case"), columns=("error", "control_error")),),
)
