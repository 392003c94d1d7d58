"""A multilayer perceptron: every unit sees every number of the layer before, so no order of them is special to it.

    x -> linear -> ReLU -> ... -> linear

Source: Rumelhart, Hinton, Williams: Learning Representations by Back-Propagating Errors, Nature 323, 1986.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from torch import nn


def layers(sizes: Sequence[int]) -> nn.Sequential:
    """Linear layers from ``sizes[0]`` numbers to ``sizes[-1]``, with ReLU between them."""
    modules: list[nn.Module] = []
    for n_in, n_out in pairwise(sizes):
        modules += [nn.Linear(n_in, n_out), nn.ReLU()]
    return nn.Sequential(*modules[:-1])


class Perceptron(nn.Sequential):
    """Inputs (n, ...) of ``sizes[0]`` numbers each to logits (n, ``sizes[-1]``).

    >>> sum(parameter.numel() for parameter in Perceptron((784, 300, 10)).parameters())
    238510
    """

    def __init__(self, sizes: Sequence[int]) -> None:
        super().__init__(nn.Flatten(), *layers(sizes))
