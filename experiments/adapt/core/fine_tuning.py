"""Fine-tuning what of a network is not frozen, with or without old examples in its batches, and what that changed."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from experiments.adapt.core.demonstrations import counted_loss
from experiments.adapt.core.low_rank import LowRank
from experiments.foundation.networks.batches import drawn_batches
from experiments.foundation.networks.fit import Fitted, fit
from experiments.foundation.networks.split import Examples
from experiments.foundation.networks.timing import reproducible

REPLAYED = 3
"""New examples per old one in a batch, where there is replay: a quarter of it is old."""
ROUNDING = 1e-5
"""Of the largest singular value: smaller ones are rounding, and count for no rank."""


def fine_tune(
    network: nn.Module,
    examples: Examples,
    *,
    lr: float,
    steps: int,
    batch_size: int,
    seed: int,
    replayed: Examples | None = None,
) -> Fitted:
    """Train in place by Adam on batches drawn with replacement, to which a third as many of ``replayed`` are added.

    Inputs and labels of ``replayed`` are of the shape of those of ``examples``; ``seed`` decides the batches.
    """
    rng = torch.Generator().manual_seed(seed)
    batches: Iterator[Tensor] = drawn_batches(len(examples), batch_size, steps, rng)
    if replayed is not None:
        first, size = len(examples), batch_size // REPLAYED
        drawn = zip(batches, drawn_batches(len(replayed), size, steps, rng), strict=True)
        batches = (torch.cat([new, first + old]) for new, old in drawn)
        parts = ((examples.inputs, replayed.inputs), (examples.labels, replayed.labels))
        examples = Examples(*map(torch.cat, parts))
    trained = [part for part in network.parameters() if part.requires_grad]
    with reproducible(seed):
        return fit(network, examples, torch.optim.Adam(trained, lr, fused=True), batches, loss=counted_loss)


def possible_rank(network: nn.Module) -> int:
    """The largest rank that training can give to the change of a linear layer."""
    ranks = [0]
    for layer in network.modules():
        if isinstance(layer, LowRank):
            ranks.append(len(layer.A))
        elif isinstance(layer, nn.Linear) and layer.weight.requires_grad:
            ranks.append(min(layer.weight.shape))
    return max(ranks)


def rank_of_change(before: nn.Module, after: nn.Module) -> int:
    """The largest numerical rank of the change of a linear layer's weights, from one state of a network to another."""
    changes = []
    for name, layer in after.named_modules():
        if isinstance(layer, LowRank):
            changes.append(layer.update())
        elif isinstance(layer, nn.Linear) and layer.weight.requires_grad:
            old = before.get_submodule(name)
            assert isinstance(old, nn.Linear)
            changes.append((layer.weight - old.weight).detach())
    finite = [change for change in changes if change.isfinite().all()]
    return max((int(torch.linalg.matrix_rank(change, rtol=ROUNDING)) for change in finite), default=0)
