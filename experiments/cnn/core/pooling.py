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

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import torch
from torch import Tensor, nn
from torch.autograd import Function
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
        return pooled(maps, self.name, self.window, list(self.parameters()))


def pooled(maps: Tensor, name: PoolName, window: Window, learned: Sequence[Tensor] = (), members: int = 1) -> Tensor:
    """Maps (n, members c, h, w) of networks side by side to (n, members c, h // stride, w // stride).

    ``learned`` are the parameters of the ``Pool`` of that name; of several members each stacked on its first axis, the
    exponents (members,).
    """
    kernel, stride, border = window.kernel, window.stride, window.border
    match name:
        case "none":
            return maps
        case "blur":
            return blurred(functional.max_pool2d(padded(maps, kernel, 1, border), kernel, 1), stride, border)
    maps = padded(maps, kernel, stride, border)
    match name:
        case "max":
            return functional.max_pool2d(maps, kernel, stride)
        case "avg":
            return functional.avg_pool2d(maps, kernel, stride)
        case "lp":
            return functional.lp_pool2d(maps, LP_EXPONENT, kernel, stride)
        case "gem":
            exponent = learned[0].reshape(-1, 1).expand(members, maps.shape[1] // members).reshape(1, -1, 1, 1)
            return generalized_mean(maps, exponent, kernel, stride)
        case "attention":
            weight, bias = learned
            scores = functional.conv2d(maps, weight, bias, groups=members)
            return attended(maps, scores.repeat_interleave(maps.shape[1] // members, 1), kernel, stride)
        case _:
            weight, bias = learned
            return functional.conv2d(maps, weight, bias, stride, groups=members)


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
    return framed(maps, missing // 2, missing - missing // 2, border)


def framed(maps: Tensor, before: int, after: int, border: Border) -> Tensor:
    """Maps (n, c, h, w) with ``before`` more pixels above and left, and ``after`` below and right."""
    if border == "zero":
        return functional.pad(maps, (before, after) * 2)
    wide: Tensor = _Wrapped.apply(maps, before, after)  # type: ignore[no-untyped-call]
    return wide


class _Wrapped(Function):
    """torch's circular padding, whose gradient takes torch about ten passes over the map, with one in two."""

    @staticmethod
    def forward(ctx: Any, maps: Tensor, before: int, after: int) -> Tensor:
        ctx.before, ctx.after = before, after
        n, channels, height, width = maps.shape
        layout = (
            torch.channels_last if maps.is_contiguous(memory_format=torch.channels_last) else torch.contiguous_format
        )
        sides = (height + before + after, width + before + after)
        wide = torch.empty((n, channels, *sides), dtype=maps.dtype, device=maps.device, memory_format=layout)
        rows = wide[..., before : before + width]
        rows[:, :, before : before + height] = maps
        rows[:, :, :before], rows[:, :, before + height :] = maps[:, :, height - before :], maps[:, :, :after]
        wide[..., :before], wide[..., before + width :] = rows[..., width - before :], rows[..., :after]
        return wide

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        (wide,) = gradients
        before, after = ctx.before, ctx.after
        height, width = (side - before - after for side in wide.shape[2:])
        rows = wide[..., before : before + width].clone()
        rows[..., width - before :] += wide[..., :before]
        rows[..., :after] += wide[..., before + width :]
        maps = rows[:, :, before : before + height].clone()
        maps[:, :, height - before :] += rows[:, :, :before]
        maps[:, :, :after] += rows[:, :, before + height :]
        return maps, None, None


def generalized_mean(maps: Tensor, exponent: Tensor, kernel: int, stride: int) -> Tensor:
    """(mean x^p)^(1/p) over each window, x >= 1e-6: the mean at p = 1, the maximum as p grows."""
    powers = (maps.clamp(min=GEM_FLOOR).log() * exponent).exp()
    return (functional.avg_pool2d(powers, kernel, stride).log() / exponent).exp()


def attended(maps: Tensor, scores: Tensor, kernel: int, stride: int) -> Tensor:
    """sum x e^s / sum e^s over each window, with scores s (n, 1 or c, h, w)."""
    weights = (scores - scores.amax((2, 3), keepdim=True)).exp() + torch.finfo(scores.dtype).tiny
    totals = functional.avg_pool2d(weights, kernel, stride)
    return functional.avg_pool2d(maps * weights, kernel, stride) / totals


def blurred(maps: Tensor, stride: int, border: Border) -> Tensor:
    """Each channel filtered by (1, 2, 1) x (1, 2, 1) / 16 and sampled at the stride."""
    line = torch.tensor([0.25, 0.5, 0.25], dtype=maps.dtype, device=maps.device)
    channels = maps.shape[1]
    weight = (line[:, None] * line[None]).expand(channels, 1, 3, 3)
    return functional.conv2d(padded(maps, 3, stride, border), weight, stride=stride, groups=channels)
