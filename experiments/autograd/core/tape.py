"""Reverse-mode differentiation in one sitting: a tape of operations on numpy arrays, read backwards once.

Forward, every operation appends its value and its operands. Backward, every entry hands its adjoint dL/dy on to
its operands by the rule of its operation; contributions to one operand add up. Values may be any numbers that
numpy can compute with, floats of any type or objects. Results of broadcasting are summed back to the operand's
shape. It knows no second derivatives. Source: Griewank, Walther: Evaluating Derivatives, 2nd edition, 2008,
chapter 3; the design follows Karpathy's micrograd.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[Any]


@dataclass(frozen=True)
class Rule:
    """y = forward(*operands), and pullback(dL/dy, y, *operands) -> dL/d(operand) for each operand; None for no
    derivative.
    """

    forward: Callable[..., Any]
    pullback: Callable[..., tuple[Any, ...]]


def _pull_div(a: Any, y: Any, u: Any, v: Any) -> tuple[Any, Any]:
    shared = a / v
    return shared, -shared * y


RULES = {
    "add": Rule(np.add, lambda a, y, u, v: (a, a)),
    "sub": Rule(np.subtract, lambda a, y, u, v: (a, -a)),
    "mul": Rule(np.multiply, lambda a, y, u, v: (a * v, a * u)),
    "div": Rule(np.divide, _pull_div),
    "pow": Rule(np.power, lambda a, y, u, v: (a * v * u ** (v - 1), None)),
    "neg": Rule(np.negative, lambda a, y, u: (-a,)),
    "exp": Rule(np.exp, lambda a, y, u: (a * y,)),
    "log": Rule(np.log, lambda a, y, u: (a / u,)),
    "sin": Rule(np.sin, lambda a, y, u: (a * np.cos(u),)),
    "cos": Rule(np.cos, lambda a, y, u: (-a * np.sin(u),)),
    "tan": Rule(np.tan, lambda a, y, u: (a * (1 + y * y),)),
    "tanh": Rule(np.tanh, lambda a, y, u: (a * (1 - y * y),)),
    "sqrt": Rule(np.sqrt, lambda a, y, u: (a / (y + y),)),
    "relu": Rule(lambda u: np.maximum(u, 0), lambda a, y, u: (a * (u > 0),)),
    "matmul": Rule(np.matmul, lambda a, y, u, v: (a @ np.matrix_transpose(v), np.matrix_transpose(u) @ a)),
    "sum": Rule(np.sum, lambda a, y, u: (np.broadcast_to(a, u.shape),)),
}
"""Operation -> rule. matmul takes matrices or stacks of them, sum adds all entries, relu has derivative 0 at 0."""


@dataclass(frozen=True)
class Entry:
    """One line of the tape; ``operands`` are the numbers of earlier lines, none for a variable or a constant."""

    operation: str
    value: Array
    operands: tuple[int, ...] = ()


@dataclass
class Tape:
    """Operations in the order in which they were done."""

    entries: list[Entry] = field(default_factory=list)

    def variable(self, value: ArrayLike) -> Variable:
        """A value of any shape to differentiate by; integers, in which slopes would wrap around, become float64.

        Objects, such as numbers that count what is done to them, stay what they are.

        Raises:
            ValueError: no real numbers.
        """
        given = np.asarray(value)
        if given.dtype.kind not in "biufO":
            raise ValueError(f"expected real numbers, got {given.dtype}")
        return self._append(Entry("variable", given if given.dtype.kind in "fO" else given.astype(np.float64)))

    def apply(self, operation: str, *operands: Variable | ArrayLike) -> Variable:
        """Do an operation of ``RULES`` and write it down; operands that are not on the tape are constants.

        Raises:
            ValueError: an operand from another tape, an exponent that is a variable, or a matrix product of a vector.
        """
        if operation == "pow" and isinstance(operands[1], Variable):
            raise ValueError("expected a constant exponent; write x**y as exp(y * log(x))")
        lifted = [operand if isinstance(operand, Variable) else self._constant(operand) for operand in operands]
        if any(operand.tape is not self for operand in lifted):
            raise ValueError("expected operands of one tape, got operands of two")
        if operation == "matmul" and any(operand.value.ndim < 2 for operand in lifted):
            raise ValueError("expected matrices; write a vector as a matrix of one row or column, or sum a product")
        value = RULES[operation].forward(*(operand.value for operand in lifted))
        return self._append(Entry(operation, np.asarray(value), tuple(operand.index for operand in lifted)))

    def gradient(self, output: Variable, by: Sequence[Variable]) -> list[Array]:
        """d(sum of output) / d(variable) for each of ``by``, in its shape; zeros where the output does not depend
        on it.

        >>> tape = Tape()
        >>> x, y = tape.variable(3.0), tape.variable(2.0)
        >>> [float(slope) for slope in tape.gradient(x * x * y, [x, y])]
        [12.0, 9.0]
        """
        adjoints: list[Any] = [None] * len(self.entries)
        adjoints[output.index] = np.ones_like(output.value)
        for index in range(output.index, -1, -1):
            entry, adjoint = self.entries[index], adjoints[index]  # complete: all that use the entry come later
            if adjoint is None or not entry.operands:
                continue
            values = [self.entries[i].value for i in entry.operands]
            for i, given in zip(
                entry.operands, RULES[entry.operation].pullback(adjoint, entry.value, *values), strict=True
            ):
                if given is not None and self.entries[i].operation != "constant":
                    given = _summed_to(np.shape(self.entries[i].value), given)
                    adjoints[i] = given if adjoints[i] is None else adjoints[i] + given
        return [np.zeros_like(x.value) if adjoints[x.index] is None else np.asarray(adjoints[x.index]) for x in by]

    def listing(self) -> str:
        """The tape as text, one line per entry, such as ``v2 = mul(v0, v1)``."""
        lines = []
        for index, entry in enumerate(self.entries):
            operands = ", ".join(f"v{i}" for i in entry.operands) or np.array2string(
                entry.value, precision=4, threshold=8
            )
            lines.append(f"v{index} = {entry.operation}({operands})")
        return "\n".join(lines)

    def _constant(self, value: ArrayLike) -> Variable:
        return self._append(Entry("constant", np.asarray(value)))

    def _append(self, entry: Entry) -> Variable:
        self.entries.append(entry)
        return Variable(self, len(self.entries) - 1)


@dataclass(frozen=True, eq=False)
class Variable:
    """A line of a tape that computes like a number."""

    __array_ufunc__ = None  # numpy arrays on the left leave the operation to us
    tape: Tape
    index: int

    @property
    def value(self) -> Array:
        """The number or array that this line holds."""
        return self.tape.entries[self.index].value

    def __add__(self, other: Any) -> Variable:
        return self.tape.apply("add", self, other)

    def __radd__(self, other: Any) -> Variable:
        return self.tape.apply("add", other, self)

    def __sub__(self, other: Any) -> Variable:
        return self.tape.apply("sub", self, other)

    def __rsub__(self, other: Any) -> Variable:
        return self.tape.apply("sub", other, self)

    def __mul__(self, other: Any) -> Variable:
        return self.tape.apply("mul", self, other)

    def __rmul__(self, other: Any) -> Variable:
        return self.tape.apply("mul", other, self)

    def __truediv__(self, other: Any) -> Variable:
        return self.tape.apply("div", self, other)

    def __rtruediv__(self, other: Any) -> Variable:
        return self.tape.apply("div", other, self)

    def __pow__(self, exponent: float) -> Variable:
        return self.tape.apply("pow", self, exponent)

    def __neg__(self) -> Variable:
        return self.tape.apply("neg", self)

    def __matmul__(self, other: Any) -> Variable:
        return self.tape.apply("matmul", self, other)

    def __rmatmul__(self, other: Any) -> Variable:
        return self.tape.apply("matmul", other, self)


def sin(x: Variable) -> Variable:
    """sin x of any shape, entry by entry, x in radians."""
    return x.tape.apply("sin", x)


def cos(x: Variable) -> Variable:
    """cos x of any shape, entry by entry, x in radians."""
    return x.tape.apply("cos", x)


def tan(x: Variable) -> Variable:
    """tan x of any shape, entry by entry, x in radians."""
    return x.tape.apply("tan", x)


def tanh(x: Variable) -> Variable:
    """tanh x of any shape, entry by entry."""
    return x.tape.apply("tanh", x)


def exp(x: Variable) -> Variable:
    """e^x of any shape, entry by entry."""
    return x.tape.apply("exp", x)


def log(x: Variable) -> Variable:
    """The natural logarithm of x > 0 of any shape, entry by entry."""
    return x.tape.apply("log", x)


def sqrt(x: Variable) -> Variable:
    """The square root of x > 0 of any shape, entry by entry."""
    return x.tape.apply("sqrt", x)


def relu(x: Variable) -> Variable:
    """max(x, 0) of any shape, entry by entry; its slope at 0 is taken as 0."""
    return x.tape.apply("relu", x)


def total(x: Variable) -> Variable:
    """The sum of all entries, a scalar."""
    return x.tape.apply("sum", x)


def _summed_to(shape: tuple[int, ...], adjoint: Any) -> Any:
    """Undo broadcasting: add up the axes that the operand of ``shape`` did not have or had with size 1."""
    have = np.shape(adjoint)
    if have == shape:
        return adjoint
    stretched = tuple(axis for axis in range(-len(shape), 0) if shape[axis] == 1 and have[axis] != 1)
    added = tuple(range(len(have) - len(shape)))
    return np.sum(adjoint, axis=(*added, *stretched), keepdims=True).reshape(shape)
