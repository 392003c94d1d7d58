"""Pooling networks side by side: alike but for their weights, on the same images, as one network of many channels.

The channels of the members stand next to each other and lie together in memory (channels last), where small windows and
convolutions are several times faster than map by map. The first convolution is one for all members, a product with the
patches of the images; the second is grouped. ``core.pooling_network`` says what a member is.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from experiments.cnn.core.pooling import Border, framed, pooled
from experiments.cnn.core.pooling_network import PoolingNetwork
from experiments.foundation.networks.tuned_networks import Members


class PoolingMembers(Members[PoolingNetwork]):
    """Images (n, c, h, w) to logits (members, n, classes)."""

    def forward(self, images: Tensor) -> Tensor:
        return self.classified(self.features(images))

    def features(self, images: Tensor) -> Tensor:
        """What each member's classifier reads, (members, n, features)."""
        members, pool, window = len(self.networks), self.networks[0].pool, self.networks[0].window
        weight, bias = self.joined("features.0")
        kernels = torch.cat([weight.flatten(1), bias.unsqueeze(1)], 1).T.expand(len(images), -1, -1)
        maps = torch.bmm(patches(images, window.border).transpose(1, 2), kernels)
        maps = maps.unflatten(1, images.shape[2:]).permute(0, 3, 1, 2)
        maps = pooled(maps.relu(), pool, window, self.joined("features.2"), members)
        weight, bias = self.joined("features.3")
        maps = functional.conv2d(framed(maps, 1, 1, window.border), weight, bias, groups=members)
        maps = pooled(maps.relu(), pool, window, self.joined("features.5"), members)
        return maps.unflatten(1, (members, -1)).transpose(0, 1).flatten(2)

    def classified(self, features: Tensor) -> Tensor:
        """Logits (members, n, classes) of features (members, n, features)."""
        weight, bias = self.stacked("head")
        return torch.baddbmm(bias.unsqueeze(1), features, weight.transpose(1, 2))


def patches(images: Tensor, border: Border) -> Tensor:
    """The 3 x 3 neighborhood of every pixel of images (n, c, h, w) and a 1 for the bias, as (n, 9 c + 1, h w)."""
    n, channels, height, width = images.shape
    found = torch.ones(n, 9 * channels + 1, height * width, dtype=images.dtype)
    around = framed(images, 1, 1, border).unfold(2, 3, 1).unfold(3, 3, 1)
    places = found[:, :-1].view(n, channels, 3, 3, height, width)
    places.copy_(around.permute(0, 1, 4, 5, 2, 3))
    return found
