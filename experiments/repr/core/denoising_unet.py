"""A small U-Net that takes noise off images: one local rule for every place, where an autoencoder has one per pixel.

Source: Ronneberger, Fischer, Brox: U-Net, https://arxiv.org/abs/1505.04597, 2015; trained as in Vincent et al. 2008.
"""

from __future__ import annotations

import math

import torch
from torch.nn.functional import mse_loss

from experiments.foundation.architectures.unet import UNet
from experiments.foundation.networks.batches import full_batches
from experiments.foundation.networks.fit import fit
from experiments.foundation.networks.split import Examples
from experiments.foundation.networks.timing import reproducible

WIDTH, DEPTH, BATCH = 8, 2, 32


def train_unet(images: torch.Tensor, sigma: float, steps: int, lr: float, seed: int) -> UNet:
    """Trained by Adam on the squared error of images (n, 1, height, width) seen with noise of deviation ``sigma``.

    Height and width are multiples of 4. The rate falls from ``lr`` to 0 along half a cosine.
    """
    with reproducible(seed):
        network, order = UNet(1, 1, width=WIDTH, depth=DEPTH), torch.Generator().manual_seed(seed)
        fit(
            network,
            Examples(images, images),
            torch.optim.Adam(network.parameters(), lr=lr),
            full_batches(len(images), BATCH, steps, order),
            loss=mse_loss,
            change=lambda clean: clean + sigma * torch.randn(clean.shape, generator=order),
            rates=[lr * (1 + math.cos(math.pi * step / steps)) / 2 for step in range(steps)],
        )
    return network
