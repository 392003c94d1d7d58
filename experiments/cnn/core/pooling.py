"""Eight ways to make a feature map smaller, and the size that they leave.

Maps are (n, c, h, w). A window of ``kernel`` pixels moves by ``stride``; where it is larger than the stride the map is
padded by the difference, so that every kind leaves h // stride rows. Maps come from a ReLU, so a padding of zeros never
wins a maximum. Knows nothing of networks or data.
Sources: Zhang, Making Convolutional Networks Shift-Invariant Again, ICML 2019 (blur); Radenovic, Tolias, Chum,
Fine-tuning CNN Image Retrieval with No Human Annotation, 2018 (generalized mean); Gao, Wang, Wu, LIP: Local
Importance-based Pooling, ICCV 2019 (attention); Springenberg et al., Striving for Simplicity, 2015 (strided
convolution).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import torch
from torch import Tensor, nn
from torch.nn import functional

PoolName = Literal["max", "avg", "lp", "gem", "blur", "stride_conv", "attention", "none"]
Border = Literal["circular", "zero"]

POOLS: tuple[PoolName, ...] = get_args(PoolName)
LP_EXPONENT = 2.0
GEM_EXPONENT = 3.0
"""First value of the exponent that is learned."""
GEM_FLOOR = 1e-6


@dataclass(frozen=True)
class Window:
    """Where a pooling looks."""

    kernel: int = 2
    stride: int = 2
    border: Border = "circular"
    """What lies beyond the map: its other side, or zeros."""


class Pool(nn.Module):
    """Maps (n, channels, h, w) to (n, channels, h // stride, w // stride); ``none`` leaves them alone.

    max: the largest of the window. avg: its mean. lp: (sum x^2)^(1/2). gem: (mean x^p)^(1/p), p learned. blur: the
    largest at stride 1, then a binomial filter at the stride. stride_conv: a convolution instead of a pooling.
    attention: the mean weighted by exp(score), the score a learned linear form of the channels.
    """

    def __init__(self, name: PoolName, channels: int, window: Window) -> None:
        super().__init__()
        self.name, self.window = name, window
        if name == "gem":
            self.exponent = nn.Parameter(torch.tensor(GEM_EXPONENT))
        elif name == "stride_conv":
            self.convolution = nn.Conv2d(channels, channels, window.kernel, stride=window.stride)
        elif name == "attention":
            self.score = nn.Conv2d(channels, 1, 1)

    def forward(self, maps: Tensor) -> Tensor:
        kernel, stride = self.window.kernel, self.window.stride
        match self.name:
            case "none":
                return maps
            case "blur":
                dense = functional.max_pool2d(padded(maps, kernel, 1, self.window.border), kernel, 1)
                return blurred(dense, stride, self.window.border)
        maps = padded(maps, kernel, stride, self.window.border)
        match self.name:
            case "max":
                return functional.max_pool2d(maps, kernel, stride)
            case "avg":
                return functional.avg_pool2d(maps, kernel, stride)
            case "lp":
                return functional.lp_pool2d(maps, LP_EXPONENT, kernel, stride)
            case "gem":
                return generalized_mean(maps, self.exponent, kernel, stride)
            case "attention":
                return attended(maps, self.score(maps), kernel, stride)
            case _:
                return self.convolution(maps)


def output_size(size: int, kernel: int, stride: int, padding: int = 0, dilation: int = 1) -> int:
    """Places of a window along ``size`` pixels: floor((n + 2 p - d (k - 1) - 1) / s) + 1.

    >>> output_size(28, 2, 2), output_size(28, 3, 2), output_size(28, 3, 2, padding=1)
    (14, 13, 14)
    """
    return (size + 2 * padding - dilation * (kernel - 1) - 1) // stride + 1


def padding_mode(border: Border) -> Literal["circular", "zeros"]:
    """How torch's convolutions call the border."""
    return "circular" if border == "circular" else "zeros"


def padded(maps: Tensor, kernel: int, stride: int, border: Border) -> Tensor:
    """``maps`` with kernel - stride more rows and columns where that is positive, the odd one below and right."""
    missing = max(kernel - stride, 0)
    if missing == 0:
        return maps
    sides = (missing // 2, missing - missing // 2) * 2
    return functional.pad(maps, sides, mode="circular" if border == "circular" else "constant")


def generalized_mean(maps: Tensor, exponent: Tensor, kernel: int, stride: int) -> Tensor:
    """(mean x^p)^(1/p) over each window, x >= 1e-6: the mean at p = 1, the maximum as p grows."""
    powers = (maps.clamp(min=GEM_FLOOR).log() * exponent).exp()
    return (functional.avg_pool2d(powers, kernel, stride).log() / exponent).exp()


def attended(maps: Tensor, scores: Tensor, kernel: int, stride: int) -> Tensor:
    """sum x e^s / sum e^s over each window, with scores s (n, 1, h, w)."""
    weights = (scores - scores.amax((2, 3), keepdim=True)).exp() + torch.finfo(scores.dtype).tiny
    totals = functional.avg_pool2d(weights, kernel, stride)
    return functional.avg_pool2d(maps * weights, kernel, stride) / totals


def blurred(maps: Tensor, stride: int, border: Border) -> Tensor:
    """Each channel filtered by (1, 2, 1) x (1, 2, 1) / 16 and sampled at the stride."""
    line = torch.tensor([0.25, 0.5, 0.25], dtype=maps.dtype, device=maps.device)
    channels = maps.shape[1]
    weight = (line[:, None] * line[None]).expand(channels, 1, 3, 3)
    return functional.conv2d(padded(maps, 3, stride, border), weight, stride=stride, groups=channels)
