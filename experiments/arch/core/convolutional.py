"""Convolutional networks: one small window, the same weights at every place.

Sources: LeCun et al.: Gradient-Based Learning Applied to Document Recognition, 1998; the mean over places instead of
dense layers: Lin, Chen, Yan: Network in Network, https://arxiv.org/abs/1312.4400, 2014; over time: Bai, Kolter, Koltun:
An Empirical Evaluation of Generic Convolutional and Recurrent Networks, https://arxiv.org/abs/1803.01271, 2018.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Literal

from torch import Tensor, nn

Padding = Literal["zeros", "circular"]


class ConvolutionalNetwork(nn.Module):
    """Images (n, channels, height, width) to logits (n, classes); ``widths`` channels, from stage to stage.

        image -> [3x3 conv -> ReLU -> max pool 2] per stage -> mean over places -> linear

    Args:
        pool: whether stages halve the image.
        padding: what lies beyond the border; a circular image has none.

    >>> sum(parameter.numel() for parameter in ConvolutionalNetwork(1, 10, widths=(16, 32)).parameters())
    5130
    """

    def __init__(
        self, channels: int, classes: int, *, widths: tuple[int, ...], pool: bool = True, padding: Padding = "zeros"
    ) -> None:
        super().__init__()
        stages = [
            nn.Sequential(
                nn.Conv2d(n_in, n_out, 3, padding=1, padding_mode=padding),
                nn.ReLU(),
                nn.MaxPool2d(2) if pool else nn.Identity(),
            )
            for n_in, n_out in pairwise((channels, *widths))
        ]
        self.features = nn.Sequential(*stages)
        self.head = nn.Linear(widths[-1], classes)

    def forward(self, images: Tensor) -> Tensor:
        return self.head(self.features(images).mean((2, 3)))


class TemporalConvolutions(nn.Module):
    """Sequences (n, length, channels) to states (n, length, width): ``depth`` convolutions over time with tanh.

    >>> import torch
    >>> TemporalConvolutions(4, 8, depth=2)(torch.zeros(1, 9, 4)).shape
    torch.Size([1, 9, 8])
    """

    def __init__(self, channels: int, width: int, *, depth: int, kernel: int = 3) -> None:
        super().__init__()
        self.layers = nn.ModuleList(
            nn.Conv1d(channels if layer == 0 else width, width, kernel, padding=kernel // 2) for layer in range(depth)
        )

    def forward(self, sequences: Tensor) -> Tensor:
        states = sequences.transpose(1, 2)
        for layer in self.layers:
            states = layer(states).tanh()
        return states.transpose(1, 2)
