"""A plain training loop for small studies: cross entropy on batches, any optimizer, a learning rate per update."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from experiments.train.core.perceptron import batches


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
    """Train in place and return the loss of the last batch, nan once a loss was not finite (training then stops).

    Args:
        inputs: (n, features); labels: (n,).
        seed: decides the batches alone.
        rates: learning rate of every update; that of the optimizer by default.
        penalty: added to the loss.
        change: applied to the inputs of every batch, such as a random shift.
        after: called behind every update with their number.
    """
    last = math.nan
    for step, chosen in enumerate(batches(len(labels), batch_size, steps, torch.Generator().manual_seed(seed))):
        if rates is not None:
            for group in optimizer.param_groups:
                group["lr"] = rates[step]
        x = inputs[chosen] if change is None else change(inputs[chosen])
        loss = nn.functional.cross_entropy(network(x), labels[chosen])
        optimizer.zero_grad()
        (loss if penalty is None else loss + penalty(network)).backward()
        optimizer.step()
        last = float(loss.detach())
        if not math.isfinite(last):
            return math.nan
        if after is not None:
            after(step + 1)
    return last


@torch.no_grad()
def mean_loss(network: nn.Module, inputs: Tensor, labels: Tensor) -> float:
    """Mean cross entropy in nats over (n, features), in eval mode."""
    was_training = network.training
    network.eval()
    loss = float(nn.functional.cross_entropy(network(inputs), labels))
    network.train(was_training)
    return loss
