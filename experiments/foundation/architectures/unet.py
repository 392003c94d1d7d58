"""A U-Net: down to see far, up to see where, and skips from each level down to the level up of the same size.

    images -> two convs ------------- skip ------------> two convs -> 1x1 conv -> a logit per pixel and class
                 | max pool 2                        up 2 |
              two convs ------------- skip ------------> two convs
                 | max pool 2                        up 2 |
                 +------------> two convs ----------------+

Channels double at every level down. Convolutions are padded, so that the output has the size of the input; the paper's
are not, and its output is smaller.

Source: Ronneberger, Fischer, Brox: U-Net, https://arxiv.org/abs/1505.04597, 2015.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Literal

import torch
from torch import Tensor, nn

Padding = Literal["zeros", "circular"]


class UNet(nn.Module):
    """Images (n, channels, height, width) to logits (n, classes, height, width).

    Args:
        width: channels of the first level.
        depth: levels below the first; height and width are multiples of 2^depth.
        skips: whether the way up sees the way down of its own size; without, zeros take its place.
        padding: what lies beyond the border.

    >>> with torch.device("meta"):
    ...     paper = UNet(1, 1, width=64, depth=4)
    >>> sum(parameter.numel() for parameter in paper.parameters())
    31030593
    """

    def __init__(
        self,
        channels: int,
        classes: int,
        *,
        width: int = 64,
        depth: int = 4,
        skips: bool = True,
        padding: Padding = "zeros",
    ) -> None:
        super().__init__()
        widths = [width * 2**level for level in range(depth + 1)]
        convolutions = [two_convolutions(a, b, padding) for a, b in pairwise([channels, *widths])]
        self.skips = skips
        self.pool = nn.MaxPool2d(2)
        self.down, self.bottom = nn.ModuleList(convolutions[:-1]), convolutions[-1]
        self.enlarge = nn.ModuleList(nn.ConvTranspose2d(2 * w, w, 2, stride=2) for w in widths[-2::-1])
        self.up = nn.ModuleList(two_convolutions(2 * w, w, padding) for w in widths[-2::-1])
        self.head = nn.Conv2d(width, classes, 1)

    def forward(self, images: Tensor) -> Tensor:
        self.check(images)
        return self.logits(images)

    def logits(self, images: Tensor) -> Tensor:
        """Down, up and the head, of images whose sides fit."""
        x, beside = images, []
        for convolve in self.down:
            beside.append(convolve(x))
            x = self.pool(beside[-1])
        x = self.bottom(x)
        for enlarge, convolve in zip(self.enlarge, self.up, strict=True):
            skip = beside.pop()
            x = convolve(torch.cat([skip if self.skips else torch.zeros_like(skip), enlarge(x)], dim=1))
        return self.head(x)

    def check(self, images: Tensor) -> None:
        """Refuse images that the way up could not meet again.

        Raises:
            ValueError: a side that is no multiple of 2^depth.
        """
        step = 2 ** len(self.down)
        height, width = images.shape[-2:]
        if height % step or width % step:
            raise ValueError(f"expected sides that are multiples of {step}, got {height} x {width}; pad or crop them")


def two_convolutions(channels: int, width: int, padding: Padding) -> nn.Sequential:
    """3 x 3 twice, each with ReLU."""
    return nn.Sequential(
        *(nn.Conv2d(channels, width, 3, padding=1, padding_mode=padding), nn.ReLU()),
        *(nn.Conv2d(width, width, 3, padding=1, padding_mode=padding), nn.ReLU()),
    )


def he_weights(network: nn.Module) -> nn.Module:
    """The network with its convolutions' weights from N(0, 2 / fan in) and biases 0, as the paper starts it.

    torch's own, of variance 1 / (3 fan in), let the signal fade from layer to layer without any normalization.
    """
    for part in network.modules():
        if isinstance(part, nn.Conv2d) and part.bias is not None:
            nn.init.kaiming_normal_(part.weight, nonlinearity="relu")
            nn.init.zeros_(part.bias)
    return network
