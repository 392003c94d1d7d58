"""A deep convolutional network whose layers differ from the plainest one in their activation alone.

Each of ``depth`` layers is a 3 x 3 convolution and the activation. The first ones have stride 2 until at most eight
pixels a side are left; a linear classifier reads the flattened last map.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.func import jacrev
from torch.nn import functional

from experiments.cnn.core.activations import FUNCTIONS, ActivationName, InitName, initialize
from experiments.foundation.networks.tuned_networks import Members

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
        """The output of every layer (n, width, h, w), after its activation."""
        function, found = FUNCTIONS[self.activation], []
        for convolution in self.convolutions:
            images = function(convolution(images))
            found.append(images)
        return found


class DeepMembers(Members[DeepNetwork]):
    """Networks alike but for their weights, side by side: images (n, c, h, w) to logits (members, n, classes).

    The channels of the members stand next to each other and lie together in memory (channels last); all convolutions
    but the first are grouped.
    """

    def forward(self, images: Tensor) -> Tensor:
        members, first = len(self.networks), self.networks[0]
        maps = images.contiguous(memory_format=torch.channels_last)
        for layer, stride in enumerate(first.strides):
            weight, bias = self.joined(f"convolutions.{layer}")
            groups = 1 if layer == 0 else members
            maps = FUNCTIONS[first.activation](functional.conv2d(maps, weight, bias, stride, 1, groups=groups))
        weight, bias = self.stacked("head")
        features = maps.unflatten(1, (members, -1)).transpose(0, 1).flatten(2)
        return torch.baddbmm(bias.unsqueeze(1), features, weight.transpose(1, 2))


def distance_from_affine(network: DeepNetwork, images: Tensor) -> float:
    """How far the network is from x -> J x + f(0), J its Jacobian at 0, on images (n, c, h, w), both in float64.

    The largest difference relative to the largest output.
    """
    zero = torch.zeros_like(images[:1])
    jacobian = jacrev(network)(zero)[0, :, 0]  # (classes, c, h, w)
    outputs = network(images)
    affine = (images.flatten(1) @ jacobian.flatten(1).T) + network(zero)
    return float((outputs - affine).abs().max() / outputs.abs().max())


@torch.no_grad()
def dead_shares(network: DeepNetwork, images: Tensor) -> list[float]:
    """Share of each layer's channels that are above 0 at no place of any image; 1 where values are nan."""
    alive = ((maps > 0).any(0).flatten(1).any(1) for maps in network.maps(images))
    return [1 - float(of_layer.double().mean()) for of_layer in alive]


@torch.no_grad()
def dead_units_at_start(images: Tensor, units: int, bias: float, rng: torch.Generator) -> int:
    """How many of ``units`` dense ReLU units with He weights and one ``bias`` are silent on all of ``images``.

    Units have weights drawn apart, so given the images they are independent trials.
    """
    flat = images.flatten(1)
    weights = torch.randn(flat.shape[1], units, generator=rng) * (2 / flat.shape[1]) ** 0.5
    outputs = functional.relu(flat @ weights + bias)
    return int((outputs == 0).all(0).sum())
