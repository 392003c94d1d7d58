"""What a derivative costs: scalar operations of the tape, and of the formula that symbolic differentiation writes out.

Operations are counted by running the same code on numbers that count: every +, -, *, /, power and function is one.
A formula counts each operation as often as it is written; with sharing, each common subexpression once.
Source: Griewank, Walther: Evaluating Derivatives, 2nd edition, SIAM 2008 (the cheap gradient).
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import sympy

from experiments.autograd.core import tape as taped
from experiments.foundation.statements.expressions import FUNCTIONS, Program, Step, arithmetic, parse

Map = Literal["logistic", "polynomial", "mlp"]
MAPS: dict[Map, str] = {"logistic": "4*(x*(1 - x))", "polynomial": "x**2 + 0.25", "mlp": "tanh(1.5*x + 0.25)"}
"""x stands twice in a level of the logistic map; mlp has one unit per layer."""


@dataclass
class Counter:
    """Scalar operations done so far."""

    operations: int = 0


def _counting(function: Callable[..., float]) -> Callable[..., Counted]:
    """A method of Counted that does one operation."""
    return lambda self, *others: self.apply(function, self, *others)


class Counted:
    """A float that adds one to its counter with every operation.

    >>> counter = Counter()
    >>> x = Counted(3.0, counter)
    >>> (x * x + 1).value, counter.operations
    (10.0, 2)
    """

    def __init__(self, value: float, counter: Counter) -> None:
        self.value = value
        self.counter = counter

    def apply(self, function: Callable[..., float], *operands: Any) -> Counted:
        self.counter.operations += 1
        return Counted(function(*map(_number, operands)), self.counter)

    __add__ = _counting(operator.add)
    __radd__ = _counting(lambda x, y: y + x)
    __sub__ = _counting(operator.sub)
    __rsub__ = _counting(lambda x, y: y - x)
    __mul__ = _counting(operator.mul)
    __rmul__ = _counting(lambda x, y: y * x)
    __truediv__ = _counting(operator.truediv)
    __rtruediv__ = _counting(lambda x, y: y / x)
    __pow__ = _counting(operator.pow)
    __neg__ = _counting(operator.neg)

    def __getattr__(self, name: str) -> Callable[[], Counted]:
        """numpy's functions call a method of the same name on objects: np.sin(x) asks for x.sin()."""
        if name not in FUNCTIONS:
            raise AttributeError(name)
        return lambda: self.apply(lambda x: float(getattr(np, name)(x)), self)


def _number(x: Any) -> float:
    """The float in a counted one, in the array of no dimensions that numpy makes of it, or in a plain one."""
    inner = x.item() if isinstance(x, np.ndarray) else x
    return float(inner.value if isinstance(inner, Counted) else inner)


@dataclass(frozen=True)
class Cost:
    """Scalar operations."""

    function: int
    """The program, every step once."""
    gradient: int
    """The program and its gradient by all inputs, on the tape."""


def tape_cost(program: Program, point: list[float]) -> Cost:
    """Operations of a program at ``point`` (n_inputs,) and of its value and gradient together.

    One product, and with its gradient 1 * y and 1 * x besides:

    >>> from experiments.foundation.statements.expressions import parse
    >>> tape_cost(parse("x*y", ("x", "y")), [2.0, 3.0])
    Cost(function=1, gradient=3)
    """
    forward, both = Counter(), Counter()
    program([Counted(x, forward) for x in point], arithmetic(np, constant=float))
    tape = taped.Tape()
    inputs = [tape.variable(np.asarray(Counted(x, both), dtype=object)) for x in point]
    tape.gradient(program(inputs, arithmetic(taped, constant=float)), inputs)
    return Cost(function=forward.operations, gradient=both.operations)


@dataclass(frozen=True)
class Formula:
    """Operations of a function and its derivative as formulas."""

    function: int
    derivative: int
    """Written out, nothing shared."""
    derivative_shared: int
    """After common subexpressions are named once."""


def formula_cost(program: Program) -> Formula:
    """Operations of a program of one input as sympy writes it and its derivative; nothing is simplified."""
    # not real, sympy would ask of every nested tanh whether it is imaginary, in exponential time
    x = sympy.Symbol("x", real=True)
    function = program([x], arithmetic(sympy, sympy.sympify))
    derivative = sympy.diff(function, x)
    named, rest = sympy.cse(derivative)
    shared = sum(int(part.count_ops()) for part in (*(value for _, value in named), *rest))
    return Formula(int(function.count_ops()), int(derivative.count_ops()), shared)


def iterate(kind: Map, depth: int) -> Program:
    """A map of one number applied ``depth`` times.

    >>> float(iterate("polynomial", 2)([2.0], arithmetic(np)))  # (2^2 + 1/4)^2 + 1/4
    18.3125
    """
    level = parse(MAPS[kind]).steps
    steps: list[Step] = []
    for _ in range(depth):
        before = len(steps)  # also the number of the value that the level is applied to
        steps += [replace(step, operands=tuple(before + i for i in step.operands)) for step in level]
    return Program(1, tuple(steps))
