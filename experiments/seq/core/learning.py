"""Train a network to remember, and measure what it then remembers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from experiments.foundation.networks import metrics
from experiments.foundation.networks.fit import steps
from experiments.seq.core.memory import Cell, body, sequences

TESTED = 400
"""Fresh sequences for the accuracy."""


class Rememberer(nn.Module):
    """A body and a linear answer from its last hidden state: logits (batch, symbols)."""

    def __init__(self, cell: Cell, symbols: int, hidden: int, forget_bias: float) -> None:
        super().__init__()
        self.body = body(cell, symbols + 1, hidden, forget_bias)
        self.answer = nn.Linear(hidden, symbols)

    def forward(self, inputs: Tensor) -> Tensor:
        """Logits (batch, symbols)."""
        return self.answer(self.body(inputs)[:, -1])


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How to train."""

    steps: int
    lr: float
    clip: float | None
    """Largest norm of the gradient; None does not clip."""
    batch_size: int


def train(model: nn.Module, symbols: int, lag: int, recipe: Recipe, generator: torch.Generator) -> Iterator[int]:
    """Adam on cross-entropy over fresh batches; yields the number of steps done, after each."""
    optimizer = torch.optim.Adam(model.parameters(), lr=recipe.lr)
    fresh = (sequences(symbols, lag, recipe.batch_size, generator) for _ in range(recipe.steps))
    losses = (nn.functional.cross_entropy(model(inputs), answers) for inputs, answers in fresh)
    for number, _ in steps(optimizer, losses, clip=recipe.clip):
        yield number


def accuracy(model: nn.Module, symbols: int, lag: int, generator: torch.Generator) -> float:
    """Share of ``TESTED`` fresh sequences whose symbol the model names."""
    inputs, answers = sequences(symbols, lag, TESTED, generator)
    with torch.no_grad():
        return metrics.accuracy(model(inputs), answers)
