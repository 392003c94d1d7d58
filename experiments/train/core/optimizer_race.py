"""Quadratic problems on which optimizers race: steps to a loss, all learning rates of an optimizer at once."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from experiments.train.core.update_rules import Rule, State


@dataclass(frozen=True, kw_only=True)
class Quadratic:
    """f(x) = 1/2 (x - target)^T H (x - target), of which a step sees entry i of the gradient with probability p_i.

    An entry that is not seen is 0 in that step. All p_i = 1 and no noise: plain descent.
    """

    hessian: Tensor
    """H (dim, dim), symmetric."""
    target: Tensor
    seen: Tensor
    noise: float = 0.0
    """Standard deviation of the normal noise on the target that a step sees."""

    def losses(self, x: Tensor) -> Tensor:
        """f (rates,) at x (rates, dim)."""
        away = x - self.target
        return (away @ self.hessian * away).sum(-1) / 2

    def gradients(self, x: Tensor, rng: torch.Generator) -> Tensor:
        """Gradients (rates, dim) as this step sees them, with the same noise at every rate."""
        visible = torch.rand(len(self.target), generator=rng, dtype=x.dtype) < self.seen
        target = self.target + self.noise * torch.randn(len(self.target), generator=rng, dtype=x.dtype)
        return torch.where(visible, (x - target) @ self.hessian, 0)


def ill_conditioned(dim: int, kappa: float, rng: torch.Generator, *, rotated: bool = False) -> Quadratic:
    """Eigenvalues from 1 / kappa to 1 along the coordinates, or along axes that are turned at random."""
    hessian = torch.diag(torch.logspace(-math.log10(kappa), 0, dim, dtype=torch.float64))
    target = torch.randn(dim, generator=rng, dtype=torch.float64)
    if rotated:
        axes, _ = torch.linalg.qr(torch.randn(dim, dim, generator=rng, dtype=torch.float64))
        hessian = axes @ hessian @ axes.T
    return Quadratic(hessian=hessian, target=target, seen=torch.ones(dim, dtype=torch.float64))


def sparse_features(dim: int, rng: torch.Generator) -> Quadratic:
    """Equal eigenvalues; coordinate i is seen with probability 1 / (i + 1), as words are by Zipf's law, and with noise.

    Without noise SGD with rate 1 would be done with a coordinate when it first sees it.
    """
    return Quadratic(
        hessian=torch.eye(dim, dtype=torch.float64),
        target=torch.randn(dim, generator=rng, dtype=torch.float64),
        seen=1 / torch.arange(1, dim + 1, dtype=torch.float64),
        noise=0.5,
    )


def steps_to(
    problem: Quadratic, optimizer: str, lrs: Sequence[float], *, share: float, most_steps: int, seed: int
) -> list[int | None]:
    """Per learning rate the steps until the loss is ``share`` of that at 0; None if never within ``most_steps``."""
    x, state = torch.zeros(len(lrs), len(problem.target), dtype=torch.float64), State()
    rule = Rule(name=optimizer, lr=torch.tensor(lrs, dtype=torch.float64)[:, None])
    rng = torch.Generator().manual_seed(seed)
    goals = share * problem.losses(x)
    reached = torch.zeros(len(lrs), dtype=torch.int64)
    for step in range(1, most_steps + 1):
        x, state = rule(x, problem.gradients(x, rng), state)
        there = (reached == 0) & (problem.losses(x) <= goals)
        reached[there] = step
        if there.any() and reached.all():
            break
    return [steps or None for steps in reached.tolist()]
