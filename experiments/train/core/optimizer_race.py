"""Quadratic problems on which optimizers race: steps to a loss."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from experiments.train.core.update_rules import Rule, State


@dataclass(frozen=True, kw_only=True)
class Quadratic:
    """f(x) = 1/2 sum_i lambda_i (x_i - target_i)^2, of which a step sees coordinate i with probability p_i.

    A coordinate that is not seen has gradient 0 in that step. All p_i = 1: no noise.
    """

    eigenvalues: Tensor
    target: Tensor
    seen: Tensor

    def loss(self, x: Tensor) -> float:
        """f at x (dim,)."""
        return float((self.eigenvalues * (x - self.target) ** 2).sum() / 2)

    def gradient(self, x: Tensor, rng: torch.Generator) -> Tensor:
        """Gradient (dim,) of the coordinates that this step sees, 0 elsewhere."""
        visible = torch.rand(len(x), generator=rng, dtype=x.dtype) < self.seen
        return torch.where(visible, self.eigenvalues * (x - self.target), 0)


def ill_conditioned(dim: int, kappa: float, rng: torch.Generator) -> Quadratic:
    """Eigenvalues from 1 / kappa to 1 along the coordinates, every coordinate always seen."""
    eigenvalues = torch.logspace(-math.log10(kappa), 0, dim, dtype=torch.float64)
    return Quadratic(
        eigenvalues=eigenvalues,
        target=torch.randn(dim, generator=rng, dtype=torch.float64),
        seen=torch.ones(dim, dtype=torch.float64),
    )


def sparse_features(dim: int, rng: torch.Generator) -> Quadratic:
    """Equal eigenvalues; coordinate i is seen with probability 1 / (i + 1), as words are by Zipf's law."""
    return Quadratic(
        eigenvalues=torch.ones(dim, dtype=torch.float64),
        target=torch.randn(dim, generator=rng, dtype=torch.float64),
        seen=1 / torch.arange(1, dim + 1, dtype=torch.float64),
    )


def steps_to(problem: Quadratic, rule: Rule, *, share: float, most_steps: int, seed: int) -> int:
    """Steps until the loss is ``share`` of that at 0; ``most_steps`` if never or if it diverges."""
    x, state = torch.zeros_like(problem.target), State()
    rng = torch.Generator().manual_seed(seed)
    goal = share * problem.loss(x)
    for step in range(1, most_steps):
        x, state = rule(x, problem.gradient(x, rng), state)
        loss = problem.loss(x)
        if loss <= goal:
            return step
        if not math.isfinite(loss):
            return most_steps
    return most_steps
