"""A multilayer perceptron on vectors, its accuracy and the order of its batches: the model of the small studies."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn


def perceptron(sizes: Sequence[int], *, dropout: float = 0.0) -> nn.Sequential:
    """Linear layers from ``sizes[0]`` features to ``sizes[-1]`` logits, ReLU and dropout between them.

    Weights come from torch's global generator, by torch's default initialization.
    """
    layers: list[nn.Module] = []
    for n_in, n_out in pairwise(sizes):
        layers += [nn.Linear(n_in, n_out), nn.ReLU(), *([nn.Dropout(dropout)] if dropout else [])]
    return nn.Sequential(*layers[: -2 if dropout else -1])


@torch.no_grad()
def accuracy(network: nn.Module, inputs: Tensor, labels: Tensor) -> float:
    """Share of (n, features) classified right in eval mode; a network whose logits are not finite guesses class 0."""
    was_training = network.training
    network.eval()
    right = (network(inputs).nan_to_num(0).argmax(1) == labels).float().mean().item()
    network.train(was_training)
    return right


def batches(n: int, batch_size: int, steps: int, rng: torch.Generator) -> Iterator[Tensor]:
    """Indices of ``steps`` batches: whole passes over 0..n-1, each in a new random order, the last batch smaller."""
    done = 0
    while done < steps:
        for chosen in torch.randperm(n, generator=rng).split(batch_size):
            if done == steps:
                return
            done += 1
            yield chosen
