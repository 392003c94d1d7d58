"""The gradient of an expression by roads that share no code: torch's reverse mode, sympy's rules, forward differences.

Source: Griewank, Walther: Evaluating Derivatives, 2nd edition, SIAM 2008.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import mpmath
import numpy as np
import sympy
import torch
from numpy.typing import NDArray

from experiments.foundation.statements.expressions import Program, arithmetic

Floats = NDArray[np.float64]
FLOATS = arithmetic(np)
TENSORS = arithmetic(torch, partial(torch.tensor, dtype=torch.float64))
SYMBOLS = arithmetic(sympy, sympy.sympify)
EXACT = arithmetic(mpmath, mpmath.mpf)
DIGITS = 60
"""Of the numbers that count as exact."""


def torch_gradient(program: Program, point: Sequence[float]) -> Floats:
    """Gradient (n_inputs,) by torch in float64; 0 for an input that the program does not use."""
    inputs = [torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in point]
    grads = torch.autograd.grad(program(inputs, TENSORS), inputs, allow_unused=True)
    return np.array([0.0 if grad is None else float(grad) for grad in grads])


def symbolic_derivative(program: Program, point: Sequence[Any], by: int = 0) -> Any:
    """The partial derivative by input ``by``, a number of 60 digits: differentiated by sympy, then evaluated.

    >>> from experiments.foundation.statements.expressions import parse
    >>> float(symbolic_derivative(parse("x*y", ("x", "y")), [2.0, 3.0], by=1))
    2.0
    """
    symbols = sympy.symbols(f"x0:{program.n_inputs}")
    derivative = sympy.diff(program(symbols, SYMBOLS), symbols[by])
    with mpmath.workdps(DIGITS):
        return sympy.lambdify(symbols, derivative, "mpmath")(*map(mpmath.mpf, point))


def symbolic_gradient(program: Program, point: Sequence[float]) -> Floats:
    """Gradient (n_inputs,) by sympy."""
    return np.array([float(symbolic_derivative(program, point, by)) for by in range(program.n_inputs)])


def forward_gradient(program: Program, point: Sequence[float], h: float = 1e-8) -> Floats:
    """Gradient (n_inputs,) by (f(x + h e_i) - f(x)) / h in float64: right to half of the digits, so a control."""
    ends = np.asarray(point) + h * np.eye(program.n_inputs)
    return np.array([(program(list(end), FLOATS) - program(point, FLOATS)) / h for end in ends])


def gradient_error(values: Floats, truth: Floats) -> float:
    """Largest difference, relative to the larger of 1 and the gradient's largest entry.

    >>> gradient_error(np.array([1.0, 4.5]), np.array([1.0, 5.0]))
    0.1
    """
    return float(np.abs(values - truth).max()) / max(1.0, float(np.abs(truth).max()))
