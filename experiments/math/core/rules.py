"""The rules of differentiation as functions of f, g and their derivatives, and how far they are from the definition.

Each rule is checked where nothing has been proved: the combined function is differentiated by its definition in 60
digits, the parts by sympy, and the rule has to join them. Every rule has a wrong twin, a mistake that beginners
make, which must fail. Errors are relative to the larger of 1 and the derivative.
Source: Spivak: Calculus, chapter 10.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import mpmath
import numpy as np
import sympy

from experiments.foundation.statements.trial import Trial
from experiments.math.core.differences import DIGITS, by_definition
from experiments.math.core.expressions import Program, arithmetic, random_program

EXACT = arithmetic(mpmath, mpmath.mpf)
SYMBOLS = arithmetic(sympy, sympy.sympify)


@dataclass(frozen=True)
class Parts:
    """Values of f, g and their derivatives at x; for a chain f is taken at g(x)."""

    f: Any
    df: Any
    g: Any
    dg: Any


def symbolic_derivative(program: Program, inputs: list[Any], by: int = 0) -> Any:
    """The partial derivative of a program by input ``by``: differentiated by sympy, evaluated at ``inputs`` in 60
    digits.
    """
    symbols = sympy.symbols(f"x0:{program.n_inputs}")
    derivative = sympy.diff(program(symbols, SYMBOLS), symbols[by])
    with mpmath.workdps(DIGITS):
        return sympy.lambdify(symbols, derivative, "mpmath")(*map(mpmath.mpf, inputs))


def check_rules(rng: np.random.Generator, n_steps: int) -> list[Trial]:
    """Constant, power, sum, product, quotient and chain rule on one random pair of functions at a random point."""
    x = float(rng.uniform(0.5, 2.0))
    exponent = float(np.round(rng.uniform(-3, 3), 2))
    g = random_program(rng, [x], n_steps)
    f = random_program(rng, [x], n_steps)
    inner = float(g([np.float64(x)], arithmetic(np)))
    outer = random_program(rng, [inner], n_steps)
    with mpmath.workdps(DIGITS):
        both = Parts(_exact(f, x), symbolic_derivative(f, [x]), _exact(g, x), symbolic_derivative(g, [x]))
        nested = Parts(both.g, symbolic_derivative(outer, [both.g]), both.g, both.dg)
        power = mpmath.mpf(exponent)
        return [
            _check("constant", lambda t: power + 0 * t, x, mpmath.mpf(0), power),
            _check("power", lambda t: t**power, x, power * mpmath.mpf(x) ** (power - 1), mpmath.mpf(x) ** (power - 1)),
            _check("sum", lambda t: _exact(f, t) + _exact(g, t), x, both.df + both.dg, both.df),
            _check("product", lambda t: _exact(f, t) * _exact(g, t), x, _product(both), both.df * both.dg),
            _check("quotient", lambda t: _exact(f, t) / _exact(g, t), x, _quotient(both), both.df / both.g),
            _check("chain", lambda t: _exact(outer, _exact(g, t)), x, nested.df * nested.dg, nested.df),
        ]


def _product(at: Parts) -> Any:
    return at.df * at.g + at.f * at.dg


def _quotient(at: Parts) -> Any:
    return (at.df * at.g - at.f * at.dg) / at.g**2


def _exact(program: Program, x: Any) -> Any:
    return program([mpmath.mpf(x)], EXACT)


def _check(rule: str, f: Callable[[Any], Any], x: float, right: Any, wrong: Any) -> Trial:
    truth = by_definition(f, x)
    return Trial(part="rule", case=rule, error=_relative(right, truth), control_error=_relative(wrong, truth))


def _relative(value: Any, truth: Any) -> float:
    return float(abs(value - truth) / max(1, abs(truth)))
