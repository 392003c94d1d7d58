"""What a network says of examples, in evaluation mode and without gradients; its mode is put back afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from experiments.foundation.networks.fit import Loss
from experiments.foundation.networks.metrics import accuracy
from experiments.foundation.networks.split import Examples


@contextmanager
def evaluating(network: nn.Module) -> Iterator[None]:
    """Evaluation mode and no gradients inside the block, the mode of before after it."""
    training = network.training
    network.eval()
    try:
        with torch.no_grad():
            yield
    finally:
        network.train(training)


def network_logits(network: nn.Module, inputs: Tensor, batch_size: int | None = 1000) -> Tensor:
    """Logits (n, classes) of inputs (n, ...), in batches that bound the memory, or all at once."""
    with evaluating(network):
        return torch.cat([network(batch) for batch in inputs.split(batch_size or max(len(inputs), 1))])


def network_accuracy(
    network: nn.Module,
    examples: Examples,
    *,
    batch_size: int | None = 1000,
    dtype: torch.dtype = torch.float64,
) -> float:
    """Share of ``examples`` whose largest logit is that of the label; nan without examples. ``metrics.accuracy``."""
    return accuracy(network_logits(network, examples.inputs, batch_size), examples.labels, dtype=dtype)


def mean_loss(network: nn.Module, examples: Examples, loss: Loss = cross_entropy) -> float:
    """Mean loss over ``examples``, all at once; cross entropy in nats by default."""
    with evaluating(network):
        return float(loss(network(examples.inputs), examples.labels))
