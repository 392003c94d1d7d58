"""``networks.fit`` on batches of shuffled passes, with inputs and labels apart, for studies that still have them so."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from experiments.foundation.networks import evaluation
from experiments.foundation.networks import fit as short
from experiments.foundation.networks.batches import shuffled_batches
from experiments.foundation.networks.split import Examples


def fit(
    network: nn.Module,
    inputs: Tensor,
    labels: Tensor,
    optimizer: torch.optim.Optimizer,
    *,
    batch_size: int,
    steps: int,
    seed: int,
    rates: Sequence[float] | None = None,
    penalty: Callable[[nn.Module], Tensor] | None = None,
    change: Callable[[Tensor], Tensor] | None = None,
    after: Callable[[int], None] | None = None,
) -> float:
    """Train in place and return the loss of the last batch, nan once a loss was not finite (training then stops)."""
    return short.fit(
        network,
        Examples(inputs, labels),
        optimizer,
        shuffled_batches(len(labels), batch_size, steps, torch.Generator().manual_seed(seed)),
        rates=rates,
        penalty=None if penalty is None else lambda: penalty(network),
        change=change,
        after=after,
    ).last_loss


def mean_loss(network: nn.Module, inputs: Tensor, labels: Tensor) -> float:
    """Mean cross entropy in nats over (n, features), in eval mode."""
    return evaluation.mean_loss(network, Examples(inputs, labels))
