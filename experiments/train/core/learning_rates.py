"""Gradient descent on a quadratic and single steps of SGD and Adam: what a learning rate does, in closed form.

On f(x) = 1/2 sum_i lambda_i x_i^2 a step multiplies x_i by 1 - lr lambda_i, so descent converges exactly for
lr < 2 / lambda_max, and for small lr the loss needs a number of steps proportional to 1 / lr.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

Array = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Descent:
    """How descent on a quadratic ended."""

    converged: bool
    """|x| ended below its start."""
    diverged: bool
    """|x| reached 1e6 times its start."""
    steps: int
    excess: float
    """f(x) / f(x_0)."""


def descend_quadratic(eigenvalues: Array, lr: float, most_steps: int, *, until: float = 1e-6) -> Descent:
    """Descend from x = (1, ..., 1) until f is ``until`` of its start or |x| is 1e6 times its start.

    >>> descend_quadratic(np.array([1.0]), lr=0.5, most_steps=100).steps  # f falls to a quarter a step, 4^-10 < 1e-6
    10
    """
    x = np.ones_like(eigenvalues)
    factor = 1 - lr * eigenvalues
    first = float(eigenvalues.sum())
    excess, steps = 1.0, 0
    while steps < most_steps and excess > until and np.abs(x).max() < 1e6:
        x = x * factor
        excess = float((eigenvalues * x * x).sum()) / first
        steps += 1
    return Descent(
        converged=bool(excess <= until or np.abs(x).max() < 1),
        diverged=bool(np.abs(x).max() >= 1e6),
        steps=steps,
        excess=excess,
    )


@dataclass(frozen=True, kw_only=True)
class Step:
    """One update against the gradient it was made of."""

    cosine: float
    """Between the update and -gradient."""
    length: float


def third_step(optimizer: str, gradients: Tensor, lr: float, factor: float) -> Step:
    """The third update of SGD or Adam (eps 1e-12) on the rows of ``gradients`` (3, p), each times ``factor``."""
    p = nn.Parameter(torch.zeros(gradients.shape[1], dtype=gradients.dtype))
    chosen: torch.optim.Optimizer = (
        torch.optim.SGD([p], lr) if optimizer == "sgd" else torch.optim.Adam([p], lr, eps=1e-12)
    )
    before = p.detach().clone()
    for gradient in gradients * factor:
        before = p.detach().clone()
        p.grad = gradient.clone()
        chosen.step()
    update = p.detach() - before
    against = -gradients[-1]
    cosine = float(update @ against / (update.norm() * against.norm()))
    return Step(cosine=cosine, length=float(update.norm()))
