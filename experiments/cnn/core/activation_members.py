"""Deep networks side by side: alike but for their weights, on the same images, as one network of many channels.

The channels of the members stand next to each other and lie together in memory (channels last); all convolutions but
the first are grouped. ``core.activation_network`` says what a member is.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from experiments.cnn.core.activation_network import DeepNetwork
from experiments.cnn.core.activations import FUNCTIONS
from experiments.foundation.networks.tuned_networks import Members


class DeepMembers(Members[DeepNetwork]):
    """Images (n, c, h, w) to logits (members, n, classes)."""

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
