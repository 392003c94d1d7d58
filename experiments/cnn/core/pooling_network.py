"""A classifier of two convolutions, each followed by a pooling, and its rivals without pooling at an equal budget.

conv 3 x 3 (8), ReLU, pool, conv 3 x 3 (16), ReLU, pool, linear. The weights of convolutions and classifier are drawn
first, so that networks of one seed that differ in their pooling alone start from the same ones.
"""

from __future__ import annotations

import math
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from experiments.cnn.core.pooling import Border, Pool, PoolName, Window, framed, padding_mode, pooled
from experiments.foundation.costs.forward import Cost
from experiments.foundation.networks.split import ImageShape
from experiments.foundation.networks.tuned_networks import Members

Widths = tuple[int, int]
Budgeted = Literal["macs", "parameters"]

POOLED_WIDTHS: Widths = (8, 16)
WIDEST = 32
"""Channels up to which a rival is looked for."""
CLOSE = 0.02


class PoolingNetwork(nn.Module):
    """Images (n, c, h, w) to logits (n, classes); ``features`` gives the maps in front of the classifier.

    Raises:
        ValueError: the poolings leave nothing of the image.
    """

    def __init__(
        self, pool: PoolName, shape: ImageShape, classes: int, window: Window, widths: Widths = POOLED_WIDTHS
    ) -> None:
        super().__init__()
        self.pool, self.window = pool, window
        channels, *sides = shape
        stride = 1 if pool == "none" else window.stride
        left = [side // stride // stride for side in sides]
        if min(left) < 1 or min(sides) // stride < window.kernel:
            raise ValueError(
                f"two poolings of kernel {window.kernel} and stride {window.stride} do not fit into "
                f"{sides[0]} x {sides[1]} pixels; lower kernel or stride"
            )
        mode = padding_mode(window.border)
        first = nn.Conv2d(channels, widths[0], 3, padding=1, padding_mode=mode)
        second = nn.Conv2d(widths[0], widths[1], 3, padding=1, padding_mode=mode)
        self.head = nn.Linear(widths[1] * left[0] * left[1], classes)
        pools = [Pool(pool, width, window) for width in widths]
        self.features = nn.Sequential(first, nn.ReLU(), pools[0], second, nn.ReLU(), pools[1])

    def forward(self, images: Tensor) -> Tensor:
        return self.head(self.features(images).flatten(1))


class PoolingMembers(Members[PoolingNetwork]):
    """Networks alike but for their weights, side by side: images (n, c, h, w) to logits (members, n, classes).

    The channels of the members stand next to each other and lie together in memory (channels last), where small windows
    and convolutions are several times faster than map by map. The first convolution is one for all members, a product
    with the patches of the images; the second is grouped.
    """

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


def pooled_stack(pool: PoolName, channels: int, border: Border = "circular") -> nn.Module:
    """Two convolutions of as many channels out as in, each followed by ReLU and a pooling of 2 x 2."""
    layers: list[nn.Module] = []
    for _ in range(2):
        convolution = nn.Conv2d(channels, channels, 3, padding=1, padding_mode=padding_mode(border))
        layers += [convolution, nn.ReLU(), Pool(pool, channels, Window())]
    return nn.Sequential(*layers)


def closed_cost(shape: ImageShape, classes: int, widths: Widths, stride: int) -> Cost:
    """Weights and biases of both convolutions and the classifier, and their multiply-adds on one image.

    h w (9 c a + 9 a b / s^2) + b h w / s^4 classes of them; pooling itself is not counted.

    >>> closed_cost((1, 8, 8), 10, (8, 16), stride=2)
    Cost(parameters=1898, macs=23680)
    """
    channels, height, width = shape
    first, second = widths
    middle = (height // stride) * (width // stride)
    last = (height // stride // stride) * (width // stride // stride)
    return Cost(
        parameters=(9 * channels + 1) * first + (9 * first + 1) * second + (second * last + 1) * classes,
        macs=9 * channels * first * height * width + 9 * first * second * middle + second * last * classes,
    )


def unpooled_widths(shape: ImageShape, classes: int, window: Window, equal: Budgeted) -> Widths:
    """Channels of the network without pooling whose ``equal`` is that of the pooled network.

    Of the widths within 2 % those whose proportion is nearest to the pooled network's, else the nearest count. Where
    parameters are to be equal, which nearly all are the classifier's, the first layer stays as wide as the pooled one.
    """

    def count(widths: Widths, stride: int) -> int:
        return int(getattr(closed_cost(shape, classes, widths, stride), equal))

    target = count(POOLED_WIDTHS, window.stride)
    firsts = range(1, WIDEST + 1) if equal == "macs" else POOLED_WIDTHS[:1]
    candidates = [(first, second) for first in firsts for second in range(1, WIDEST + 1)]

    def distance(widths: Widths) -> tuple[float, float]:
        off = abs(count(widths, 1) / target - 1)
        skew = abs(math.log(widths[1] / widths[0] / (POOLED_WIDTHS[1] / POOLED_WIDTHS[0])))
        return (0.0, skew) if off <= CLOSE else (off, skew)

    return min(candidates, key=distance)
