"""Normalizations written out: batch, layer, RMS and group.

All subtract or divide by statistics of the biased variance (divided by n) and add eps under the root, as torch does.
Inputs are floating-point tensors; statistics are taken in the input's own type.

Sources: Ioffe, Szegedy: Batch Normalization, 2015; Ba, Kiros, Hinton: Layer Normalization, 2016; Zhang, Sennrich: Root
Mean Square Layer Normalization, 2019; Wu, He: Group Normalization, 2018.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


def layer_norm(x: Tensor, eps: float = 1e-5) -> Tensor:
    """(x - mean) / sqrt(var + eps) over the last axis of x (..., dim); no affine map."""
    centered = x - x.mean(-1, keepdim=True)
    return centered / torch.sqrt(centered.square().mean(-1, keepdim=True) + eps)


def rms_norm(x: Tensor, eps: float = 1e-5) -> Tensor:
    """x / sqrt(mean(x^2) + eps) over the last axis of x (..., dim); no affine map."""
    return x / torch.sqrt(x.square().mean(-1, keepdim=True) + eps)


def group_norm(x: Tensor, groups: int, eps: float = 1e-5) -> Tensor:
    """x (n, channels, ...) normalized over each of ``groups`` equal groups of channels of each example.

    Raises:
        ValueError: the groups do not divide the channels.
    """
    if groups < 1 or x.shape[1] % groups:
        raise ValueError(f"expected a number of groups that divides {x.shape[1]} channels, got {groups}")
    return layer_norm(x.reshape(len(x), groups, -1), eps).view(x.shape)


@dataclass
class RunningStatistics:
    """Mean and unbiased variance (channels,) that batch normalization uses outside training."""

    mean: Tensor
    variance: Tensor
    momentum: float = 0.1
    """Weight of the newest batch."""

    @classmethod
    def initial(cls, channels: int, dtype: torch.dtype = torch.float32) -> RunningStatistics:
        """Mean 0 and variance 1."""
        return cls(torch.zeros(channels, dtype=dtype), torch.ones(channels, dtype=dtype))

    def update(self, mean: Tensor, biased_variance: Tensor, count: int) -> None:
        """Move towards a batch of ``count`` values per channel."""
        self.mean = self.mean + self.momentum * (mean - self.mean)
        unbiased = biased_variance * count / (count - 1)
        self.variance = self.variance + self.momentum * (unbiased - self.variance)


def batch_norm(x: Tensor, statistics: RunningStatistics, *, training: bool, eps: float = 1e-5) -> Tensor:
    """x (n, channels) normalized per channel: over the batch in training, which updates ``statistics``, else by them.

    Raises:
        ValueError: one example in training, whose variance is 0.
    """
    if not training:
        return (x - statistics.mean) / torch.sqrt(statistics.variance + eps)
    if len(x) < 2:
        raise ValueError(f"expected at least two examples in training, got {len(x)}; call it in evaluation mode")
    mean, variance = x.mean(0), x.var(0, correction=0)
    statistics.update(mean.detach(), variance.detach(), len(x))
    return (x - mean) / torch.sqrt(variance + eps)
