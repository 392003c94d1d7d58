"""A small convolutional network whose features and classifier can be learned together or apart.

Source: LeCun et al.: Gradient-Based Learning Applied to Document Recognition, 1998.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from experiments.foundation.networks.batches import drawn_batches
from experiments.foundation.networks.fit import fit
from experiments.foundation.networks.split import Examples
from experiments.foundation.networks.timing import reproducible

PLACES = 3


class SmallCNN(nn.Module):
    """Images (n, 1, height, width) to logits (n, classes), by features (n, 2 width x 9).

        image -> [3x3 conv -> ReLU -> max pool 2] twice -> means over 3 x 3 places -> dropout -> linear

    >>> SmallCNN(5, width=4).features(torch.zeros(2, 1, 8, 8)).shape
    torch.Size([2, 72])
    """

    def __init__(self, classes: int, *, width: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.channels = 2 * width
        self.features = nn.Sequential(
            nn.Conv2d(1, width, 3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(width, self.channels, 3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.AdaptiveAvgPool2d(PLACES),
            nn.Flatten(),
        )
        self.head = nn.Sequential(nn.Dropout(dropout), nn.Linear(self.channels * PLACES**2, classes))

    def forward(self, images: Tensor) -> Tensor:
        return self.head(self.features(images))

    def without(self, features: Tensor, channels: Tensor) -> Tensor:
        """Logits (n, classes) of features (n, 2 width x 9) of which ``channels`` (m,) say nothing: each is its mean."""
        kept = features.unflatten(1, (self.channels, -1)).clone()
        kept[:, channels] = kept[:, channels].mean(0)
        return self.head(kept.flatten(1))


def train_cnn(
    examples: Examples, classes: int, *, width: int, steps: int, batch: int, lr: float, seed: int
) -> SmallCNN:
    """Trained by Adam and cross entropy; the rate falls from ``lr`` to 0 along half a cosine. In evaluation mode."""
    with reproducible(seed):
        network, order = SmallCNN(classes, width=width), torch.Generator().manual_seed(seed)
        fit(
            network,
            examples,
            torch.optim.Adam(network.parameters(), lr=lr),
            drawn_batches(len(examples), batch, steps, order),
            rates=[lr * (1 + math.cos(math.pi * step / steps)) / 2 for step in range(steps)],
        )
    return network.eval()
