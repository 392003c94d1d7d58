"""A deep convolutional network whose layers differ from the plainest one in their activation alone.

Each of ``depth`` layers is a 3 x 3 convolution and the activation. The first ones have stride 2 until at most eight
pixels a side are left; a linear classifier reads the flattened last map.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from experiments.cnn.core.activations import FUNCTIONS, ActivationName, InitName, initialize

SMALL = 8
"""Pixels a side from which on no layer halves the map."""


class DeepNetwork(nn.Module):
    """Images (n, c, h, w) to logits (n, classes), from torch's global random state."""

    def __init__(
        self,
        activation: ActivationName,
        shape: tuple[int, int, int],
        classes: int,
        *,
        depth: int,
        width: int,
        init: InitName,
    ) -> None:
        super().__init__()
        if depth < 1:
            raise ValueError(f"expected at least one layer, got {depth}")
        self.activation = activation
        channels, *sides = shape
        self.convolutions = nn.ModuleList()
        self.strides: list[int] = []
        for layer in range(depth):
            stride = 2 if max(sides) > SMALL else 1
            convolution = nn.Conv2d(channels if layer == 0 else width, width, 3, stride=stride, padding=1)
            initialize(convolution, activation, init)
            self.convolutions.append(convolution)
            self.strides.append(stride)
            sides = [(side - 1) // stride + 1 for side in sides]
        self.head = nn.Linear(width * sides[0] * sides[1], classes)

    def forward(self, images: Tensor) -> Tensor:
        return self.head(self.maps(images)[-1].flatten(1))

    def maps(self, images: Tensor) -> list[Tensor]:
        """The output of every layer (n, width, h, w), behind its activation."""
        function, found = FUNCTIONS[self.activation], []
        for convolution in self.convolutions:
            images = function(convolution(images))
            found.append(images)
        return found


@torch.no_grad()
def mean_squares(network: DeepNetwork, images: Tensor) -> list[float]:
    """Mean square of the output of every layer."""
    return [float(maps.square().mean()) for maps in network.maps(images)]


@torch.no_grad()
def dead_shares(network: DeepNetwork, images: Tensor) -> list[float]:
    """Share of each layer's channels that a ReLU silences at every place of every image; 1 where values are nan."""
    shares = []
    for maps in network.maps(images):
        alive = (maps > 0).any(0).flatten(1).any(1)
        shares.append(1 - float(alive.double().mean()))
    return shares


@torch.no_grad()
def dead_units_at_start(images: Tensor, units: int, bias: float, rng: torch.Generator) -> int:
    """How many of ``units`` dense ReLU units with He weights and one ``bias`` are silent on all of ``images``.

    Units have weights drawn apart, so given the images they are independent trials.
    """
    flat = images.flatten(1)
    weights = torch.randn(flat.shape[1], units, generator=rng) * (2 / flat.shape[1]) ** 0.5
    outputs = functional.relu(flat @ weights + bias)
    return int((outputs == 0).all(0).sum())
