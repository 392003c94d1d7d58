"""Optimizers against each other at tuned learning rates: steps to a loss, and test accuracy, on three problems."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from experiments.train.core.fitting import fit
from experiments.train.core.perceptron import accuracy, perceptron
from experiments.train.core.update_rules import Rule, State, torch_twin


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


@dataclass(frozen=True, kw_only=True)
class Trained:
    """A network trained by one rule."""

    final_loss: float
    """nan if it diverged."""
    validation_accuracy: float
    test_accuracy: float


def train_network(
    rule: Rule,
    sizes: tuple[int, ...],
    train: tuple[Tensor, Tensor],
    validation: tuple[Tensor, Tensor],
    test: tuple[Tensor, Tensor],
    *,
    batch_size: int,
    steps: int,
    seed: int,
) -> Trained:
    """A perceptron from the weights of ``seed`` by torch's optimizer for ``rule``."""
    torch.manual_seed(seed)
    network: nn.Module = perceptron(sizes)
    optimizer = torch_twin(rule, list(network.parameters()))
    loss = fit(network, *train, optimizer, batch_size=batch_size, steps=steps, seed=seed)
    return Trained(
        final_loss=loss, validation_accuracy=accuracy(network, *validation), test_accuracy=accuracy(network, *test)
    )
