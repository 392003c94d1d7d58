"""The gradient of a random function by three roads: torch's reverse mode, sympy's rules, the definition in 60 digits.

Knows nothing of how torch does it; errors are relative to the larger of 1 and the gradient's largest entry.
Source: Griewank, Walther: Evaluating Derivatives, 2nd edition, SIAM 2008.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import mpmath
import numpy as np
import torch
from numpy.typing import NDArray

from experiments.foundation.statements.trial import Trial
from experiments.math.core.differences import by_definition
from experiments.math.core.expressions import Program, arithmetic, random_program
from experiments.math.core.rules import EXACT, symbolic_derivative

FLOATS = arithmetic(np)
TENSORS = arithmetic(torch, partial(torch.tensor, dtype=torch.float64))


def torch_gradient(program: Program, point: list[float]) -> NDArray[np.float64]:
    """Gradient (n_inputs,) by torch in float64; 0 for an input that the program does not use."""
    inputs = [torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in point]
    grads = torch.autograd.grad(program(inputs, TENSORS), inputs, allow_unused=True)
    return np.array([0.0 if grad is None else float(grad) for grad in grads])


def random_gradient(rng: np.random.Generator, n_inputs: int, n_steps: int, least: float = 0.01) -> NDArray[np.float64]:
    """Gradient (n_inputs,) of a random program at a random point, no entry smaller than ``least`` in magnitude.

    A function that does not depend on a variable has an axis for its gradient, on which all norms agree.
    """
    while True:
        point = [float(x) for x in rng.uniform(0.5, 2.0, n_inputs)]
        gradient = torch_gradient(random_program(rng, point, n_steps), point)
        if np.abs(gradient).min() >= least:
            return gradient


def check_gradient(rng: np.random.Generator, n_inputs: int, n_steps: int) -> list[Trial]:
    """One random program of ``n_inputs`` inputs and ``n_steps`` steps at a random point, differentiated by all three.

    "torch against sympy" has the forward difference with h = 1e-8 for a control; "others held fixed" is sympy
    against the definition, with all inputs moving together for a control, which is no partial derivative.
    """
    point = [float(x) for x in rng.uniform(0.5, 2.0, n_inputs)]
    program = random_program(rng, point, n_steps)
    symbolic = np.array([float(symbolic_derivative(program, list(point), i)) for i in range(n_inputs)])
    fixed = np.array([float(by_definition(_along(program, point, [i]), 0.0)) for i in range(n_inputs)])
    moving = float(by_definition(_along(program, point, list(range(n_inputs))), 0.0))
    ends = [np.where(np.arange(n_inputs) == i, 1e-8, 0.0) + point for i in range(n_inputs)]
    forward = np.array([(program(list(end), FLOATS) - program(point, FLOATS)) / 1e-8 for end in ends])

    def error(values: NDArray[np.float64] | float) -> float:
        return float(np.abs(values - symbolic).max()) / max(1.0, float(np.abs(symbolic).max()))

    return [
        Trial(
            part="gradient",
            case="torch against sympy",
            error=error(torch_gradient(program, point)),
            control_error=error(forward),
        ),
        Trial(part="gradient", case="others held fixed", error=error(fixed), control_error=error(moving)),
    ]


def _along(program: Program, point: list[float], moved: list[int]) -> Callable[[Any], Any]:
    """The program as a function of one t that is added to the ``moved`` inputs."""
    return lambda t: program([mpmath.mpf(x) + (t if i in moved else 0) for i, x in enumerate(point)], EXACT)
