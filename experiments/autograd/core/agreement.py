"""The tape against torch and sympy on random expressions and on a small network.

Errors are relative to the larger of 1 and the gradient's largest entry.
Source: Griewank, Walther: Evaluating Derivatives, 2nd edition, SIAM 2008.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from experiments.autograd.core import tape as taped
from experiments.math.core.expressions import Program, arithmetic, random_program
from experiments.math.core.gradients import torch_gradient
from experiments.math.core.rules import symbolic_derivative

FLOATS = arithmetic(np)


@dataclass(frozen=True)
class Agreement:
    """Largest differences between gradients."""

    peer: str
    error: float
    """The tape's gradient against the peer's."""
    control_error: float
    """A gradient that is not exact, against the peer's."""


def tape_gradient(program: Program, point: list[float]) -> NDArray[np.float64]:
    """Gradient (n_inputs,) of a program by the tape."""
    tape = taped.Tape()
    inputs = [tape.variable(x) for x in point]
    return np.array([float(g) for g in tape.gradient(program(inputs, arithmetic(taped, float)), inputs)])


def expression_agreement(rng: np.random.Generator, n_inputs: int, n_steps: int) -> list[Agreement]:
    """One random expression at a random point, against torch and sympy; the control is the forward difference, h =
    1e-8.
    """
    point = [float(x) for x in rng.uniform(0.5, 2.0, n_inputs)]
    program = random_program(rng, point, n_steps)
    symbolic = np.array([float(symbolic_derivative(program, list(point), i)) for i in range(n_inputs)])
    ends = [list(np.where(np.arange(n_inputs) == i, 1e-8, 0.0) + point) for i in range(n_inputs)]
    forward = np.array([(program(end, FLOATS) - program(point, FLOATS)) / 1e-8 for end in ends])
    ours = tape_gradient(program, point)
    peers = {"torch": torch_gradient(program, point), "sympy": symbolic}
    return [Agreement(peer, _difference(ours, truth), _difference(forward, truth)) for peer, truth in peers.items()]


def network_agreement(rng: np.random.Generator) -> Agreement:
    """A network of two layers on a batch: sum of (tanh(relu(X W) V + b))^2, by W (4, 5), V (5, 3) and b (3,).

    The control takes the mean over the batch where broadcasting b asks for the sum.
    """
    x, *weights = (rng.standard_normal(shape) for shape in ((6, 4), (4, 5), (5, 3), (3,)))
    tape = taped.Tape()
    w, v, b = (tape.variable(weight) for weight in weights)
    loss = taped.total(taped.tanh(taped.relu(x @ w) @ v + b) ** 2)
    ours = np.concatenate([grad.ravel() for grad in tape.gradient(loss, [w, v, b])])
    tensors = [torch.tensor(weight, requires_grad=True) for weight in weights]
    torch_loss = (torch.tanh(torch.relu(torch.from_numpy(x) @ tensors[0]) @ tensors[1] + tensors[2]) ** 2).sum()
    theirs = np.concatenate([grad.numpy().ravel() for grad in torch.autograd.grad(torch_loss, tensors)])
    averaged = np.concatenate([theirs[:-3], theirs[-3:] / len(x)])
    return Agreement("torch, matrices", _difference(ours, theirs), _difference(averaged, theirs))


def _difference(values: NDArray[np.float64], truth: NDArray[np.float64]) -> float:
    return float(np.abs(values - truth).max()) / max(1.0, float(np.abs(truth).max()))
