"""A multilayer perceptron on vectors, its accuracy and the order of its batches: the model of the small studies."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

from experiments.foundation.networks.batches import shuffled_batches
from experiments.foundation.networks.evaluation import network_accuracy
from experiments.foundation.networks.split import Examples


def perceptron(sizes: Sequence[int], *, dropout: float = 0.0) -> nn.Sequential:
    """Linear layers from ``sizes[0]`` features to ``sizes[-1]`` logits, ReLU and dropout between them.

    Weights come from torch's global generator, by torch's default initialization.
    """
    layers: list[nn.Module] = []
    for n_in, n_out in pairwise(sizes):
        layers += [nn.Linear(n_in, n_out), nn.ReLU(), *([nn.Dropout(dropout)] if dropout else [])]
    return nn.Sequential(*layers[: -2 if dropout else -1])


def accuracy(network: nn.Module, inputs: Tensor, labels: Tensor) -> float:
    """Share of (n, features) classified right in eval mode, rounded to float32."""
    return network_accuracy(network, Examples(inputs, labels), batch_size=None, dtype=torch.float32)


batches = shuffled_batches
