"""Receptive fields by arithmetic: which inputs a unit after a stack of convolutions can see, and how much of them.

One axis at a time, since the axes of an image do not mix. Layers are counted from the input; pooling is a layer like
any other. Formulas: Araujo, Norris, Sim: Computing Receptive Fields of Convolutional Neural Networks, Distill, 2019,
https://distill.pub/2019/computing-receptive-fields; the effective field: Luo, Li, Urtasun, Zemel: Understanding the
Effective Receptive Field in Deep Convolutional Neural Networks, 2016, https://arxiv.org/abs/1701.04128.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Layer:
    """One convolution or pooling along one axis."""

    kernel: int
    stride: int = 1
    dilation: int = 1
    padding: int = 0

    def reach(self) -> int:
        """Inputs that one output spans, ends included."""
        return (self.kernel - 1) * self.dilation + 1


Layers = Sequence[Layer]


def jumps(layers: Layers) -> list[int]:
    """Distance, in pixels of the input, between neighbors at the input of each layer: 1, s_1, s_1 s_2, ..."""
    distances = [1]
    for layer in layers:
        distances.append(distances[-1] * layer.stride)
    return distances


def receptive_field(layers: Layers) -> int:
    """1 + sum over i of (k_i - 1) d_i times the strides below i: from the first pixel that matters to the last.

    >>> receptive_field([Layer(3, stride=2), Layer(3)])
    7
    """
    return 1 + sum((layer.reach() - 1) * jump for layer, jump in zip(layers, jumps(layers), strict=False))


def first_pixel(layers: Layers, position: int) -> int:
    """The leftmost pixel that output ``position`` spans; negative where it begins in the padding."""
    distances = jumps(layers)
    begun = sum(layer.padding * jump for layer, jump in zip(layers, distances, strict=False))
    return position * distances[-1] - begun


def output_size(layers: Layers, size: int) -> int:
    """floor((n + 2p - reach) / s) + 1 layer by layer.

    >>> output_size([Layer(3, stride=2), Layer(3)], 11)
    3
    """
    for layer in layers:
        size = (size + 2 * layer.padding - layer.reach()) // layer.stride + 1
    return size


def middle(layers: Layers) -> tuple[int, int]:
    """A size of input without padding effects, and the middle one of its three or more outputs.

    >>> middle([Layer(3, 2), Layer(3)])
    (11, 1)
    """
    size = receptive_field(layers) + 2 * math.prod(layer.stride for layer in layers)
    return size, output_size(layers, size) // 2


def support(layers: Layers, position: int, size: int) -> set[int]:
    """Every pixel of an input of ``size`` that output ``position`` reads, by following the taps of each layer back.

    Taps that fall into the padding of a layer read zeros and lead nowhere, so near an edge this is less than the
    receptive field cut at the edge.

    >>> sorted(support([Layer(3, dilation=2)], position=1, size=9))
    [1, 3, 5]
    """
    seen = {position}
    for depth in reversed(range(len(layers))):
        layer, below = layers[depth], output_size(layers[:depth], size)
        taps = {
            out * layer.stride - layer.padding + tap * layer.dilation for out in seen for tap in range(layer.kernel)
        }
        seen = {pixel for pixel in taps if 0 <= pixel < below}
    return seen


def effective_deviation(layers: Layers) -> float:
    """Standard deviation, in pixels, of the gradient over the input where all taps of a layer weigh the same.

    The gradient is then the distribution of a sum of independent uniform steps, one per layer, whose variances
    (k^2 - 1) / 12 d^2 jump^2 add up. For weights of mean zero it is that of the expected squared gradient.

    >>> effective_deviation([Layer(7)])
    2.0
    """
    spans = ((layer.kernel, layer.dilation * jump) for layer, jump in zip(layers, jumps(layers), strict=False))
    return math.sqrt(sum((kernel**2 - 1) / 12 * distance**2 for kernel, distance in spans))
