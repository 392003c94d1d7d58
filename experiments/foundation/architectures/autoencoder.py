"""An autoencoder: a perceptron down to a code of few numbers, and its mirror image back to the input.

    x -> linear -> ReLU -> ... -> code -> ... -> ReLU -> linear -> x'

Source: Hinton, Salakhutdinov: Reducing the Dimensionality of Data with Neural Networks, Science 313, 2006.
"""

from __future__ import annotations

import math

from torch import Tensor, nn

from experiments.foundation.architectures.perceptron import layers


class Autoencoder(nn.Module):
    """Inputs (n, *shape) to reconstructions of the same shape.

    Args:
        hidden: widths from the input down to the code.

    >>> paper = Autoencoder((1, 28, 28), (1000, 500, 250, 30))
    >>> sum(parameter.numel() for parameter in paper.parameters())
    2837314
    """

    def __init__(self, shape: tuple[int, ...], hidden: tuple[int, ...]) -> None:
        super().__init__()
        sizes = (math.prod(shape), *hidden)
        self.encode = nn.Sequential(nn.Flatten(), *layers(sizes))
        self.decode = nn.Sequential(*layers(sizes[::-1]), nn.Unflatten(1, shape))

    def forward(self, x: Tensor) -> Tensor:
        return self.decode(self.encode(x))
