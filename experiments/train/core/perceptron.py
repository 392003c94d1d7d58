"""A multilayer perceptron on vectors: the model of the small studies."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from torch import nn


def perceptron(sizes: Sequence[int], *, dropout: float = 0.0) -> nn.Sequential:
    """Linear layers from ``sizes[0]`` features to ``sizes[-1]`` logits, ReLU and dropout between them.

    Weights come from torch's global generator, by torch's default initialization.

    >>> [type(layer).__name__ for layer in perceptron((8, 4, 3), dropout=0.5)]
    ['Linear', 'ReLU', 'Dropout', 'Linear']
    """
    layers: list[nn.Module] = []
    for n_in, n_out in pairwise(sizes):
        layers += [nn.Linear(n_in, n_out), nn.ReLU(), *([nn.Dropout(dropout)] if dropout else [])]
    return nn.Sequential(*layers[: -2 if dropout else -1])
