"""Expressions as straight-line programs that any arithmetic can run: floats, complex, tensors, symbols, 60 digits.

A program is a list of steps, each an operation on earlier values, so that one expression is evaluated by numpy, torch,
sympy, mpmath and a tape of our own without being written five times. It knows no derivative.
Source: Griewank, Walther: Evaluating Derivatives, 2nd edition, SIAM 2008 (evaluation procedures).
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

UNARY = ("neg", "sin", "cos", "tanh", "exp", "log", "sqrt")
BINARY = ("add", "sub", "mul", "div")
FUNCTIONS = ("sin", "cos", "tan", "tanh", "exp", "log", "sqrt")
"""Functions that a typed expression may call."""
SMALLEST, LARGEST = 0.2, 5.0
"""Magnitudes between which a random program keeps its values, so that rounding is not amplified beyond reason."""

Operations = Mapping[str, Callable[..., Any]]


@dataclass(frozen=True)
class Step:
    """One operation on values that exist already; ``constant`` is the value of a "constant" step."""

    operation: str
    operands: tuple[int, ...] = ()
    constant: int | float = 0


@dataclass(frozen=True)
class Program:
    """A function of ``n_inputs`` numbers. Values 0..n_inputs-1 are the inputs; step i makes value n_inputs + i;
    the last is returned.
    """

    n_inputs: int
    steps: tuple[Step, ...]

    def __call__(self, inputs: Sequence[Any], operations: Operations) -> Any:
        """The value at ``inputs`` (n_inputs,) in the arithmetic of ``operations``."""
        return self.trace(inputs, operations)[-1]

    def trace(self, inputs: Sequence[Any], operations: Operations) -> list[Any]:
        """Inputs (n_inputs,) and the values of all steps, in order; ValueError for another number of inputs."""
        if len(inputs) != self.n_inputs:
            raise ValueError(f"expected {self.n_inputs} inputs, got {len(inputs)}")
        values = list(inputs)
        for step in self.steps:
            operands = [step.constant] if step.operation == "constant" else [values[i] for i in step.operands]
            values.append(operations[step.operation](*operands))
        return values


def arithmetic(module: Any, constant: Callable[[int | float], Any] = np.asarray) -> Operations:
    """Operations on the numbers of numpy, torch, sympy, mpmath or any module with functions of the same names.

    ``constant`` makes a number of the module from a Python one, such as ``sympy.sympify``, so that 1/3 stays exact
    there.
    """
    signs = {
        "add": operator.add,
        "sub": operator.sub,
        "mul": operator.mul,
        "div": operator.truediv,
        "pow": operator.pow,
    }
    functions = {name: getattr(module, name) for name in FUNCTIONS}
    return {"constant": constant, "neg": operator.neg, **signs, **functions}


def random_program(rng: np.random.Generator, point: Sequence[float], n_steps: int) -> Program:
    """A random program of ``n_steps`` steps that is smooth at ``point`` (n_inputs,), all its values between 0.2
    and 5 in magnitude.

    Every step uses the value before it, so no step is idle; the other operand of a binary step is any earlier value.

    Raises:
        ValueError: no step, or a coordinate of the point outside these magnitudes.
    """
    if n_steps < 1 or not all(SMALLEST <= abs(x) <= LARGEST for x in point):
        raise ValueError(
            f"expected at least one step and coordinates of magnitude 0.2 to 5, got {n_steps} at {list(point)}"
        )
    operations, values = arithmetic(np), [np.float64(x) for x in point]
    steps: list[Step] = []
    while len(steps) < n_steps:
        last = len(values) - 1
        if rng.random() < 0.5:
            step = Step(str(rng.choice(UNARY)), (last,))
        else:
            pair = (last, int(rng.integers(len(values))))
            step = Step(str(rng.choice(BINARY)), pair if rng.random() < 0.5 else pair[::-1])
        with np.errstate(all="ignore"):
            value = operations[step.operation](*(values[i] for i in step.operands))
        if SMALLEST <= abs(value) <= LARGEST:
            values.append(value)
            steps.append(step)
    return Program(len(point), tuple(steps))


def parse(text: str, names: Sequence[str] = ("x",)) -> Program:
    """The program of an expression such as ``x**2*sin(x)`` in the variables ``names``. Nothing is executed.

    Raises:
        ValueError: anything but numbers, the names, + - * / **, parentheses and the functions in ``FUNCTIONS``.
    """
    try:
        tree = ast.parse(text, mode="eval").body
    except SyntaxError as error:
        raise ValueError(f"expected an expression in {', '.join(names)}, got {text!r}: {error.msg}") from None
    steps: list[Step] = []
    last = _emit(tree, names, steps)
    if last != len(names) + len(steps) - 1:  # a bare variable: the last value must be the result
        steps += [Step("constant", constant=0), Step("add", (last, len(names) + len(steps)))]
    return Program(len(names), tuple(steps))


_SIGNS: dict[type[ast.AST], str] = {ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul", ast.Div: "div", ast.Pow: "pow"}


def _emit(node: ast.AST, names: Sequence[str], steps: list[Step]) -> int:
    """Append the steps of a syntax tree; the index of its value."""
    match node:
        case ast.Name(id=name) if name in names:
            return list(names).index(name)
        case ast.Constant(value=int() | float() as value) if not isinstance(value, bool):
            steps.append(Step("constant", constant=value))
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            steps.append(Step("neg", (_emit(operand, names, steps),)))
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _SIGNS:
            operands = (_emit(left, names, steps), _emit(right, names, steps))
            steps.append(Step(_SIGNS[type(op)], operands))
        case ast.Call(func=ast.Name(id=name), args=[argument], keywords=[]) if name in FUNCTIONS:
            steps.append(Step(name, (_emit(argument, names, steps),)))
        case _:
            known = f"numbers, {', '.join(names)}, + - * / ** and {', '.join(FUNCTIONS)}"
            raise ValueError(f"expected {known}, got {ast.unparse(node)!r}")
    return len(names) + len(steps) - 1
