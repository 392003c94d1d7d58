"""Autoencoders with ReLU, trained on vectors alone: no function here takes a label.

Vectors are centered and divided by one number, the root of their mean variance, so that a learning rate serves vectors
of any unit. With noise, a network is given y = x + sigma n and is to answer x: a denoising autoencoder.
Source: Hinton, Salakhutdinov: Reducing the Dimensionality of Data with Neural Networks, Science 313, 2006; Vincent,
Larochelle, Bengio, Manzagol: Extracting and Composing Robust Features with Denoising Autoencoders, ICML 2008.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import mse_loss

from experiments.foundation.architectures.autoencoder import Autoencoder
from experiments.foundation.networks.batches import full_batches
from experiments.foundation.networks.fit import fit
from experiments.foundation.networks.scores.evaluation import network_logits
from experiments.foundation.networks.split import Examples
from experiments.foundation.networks.timing import reproducible

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How an autoencoder is trained."""

    hidden: tuple[int, ...]
    """Units from the input to the code, which is not among them; the decoder mirrors them."""
    steps: int
    batch_size: int
    lr: float
    """Adam's largest learning rate; it falls to 0 along half a cosine."""


@dataclass(frozen=True)
class TrainedAutoencoder:
    """A network with the shift and the scale of its vectors."""

    network: Autoencoder
    mean: Tensor
    scale: float

    def encode(self, vectors: Floats) -> Floats:
        """Codes (n, k) of vectors (n, d)."""
        return network_logits(self.network.encode, self._scaled(vectors)).double().numpy()

    def reconstruct(self, vectors: Floats) -> Floats:
        """(n, d): what it makes of vectors (n, d)."""
        answers = network_logits(self.network, self._scaled(vectors))
        return (answers * self.scale + self.mean).double().numpy()

    @property
    def parameters(self) -> int:
        return sum(weights.numel() for weights in self.network.parameters())

    def _scaled(self, vectors: Floats) -> Tensor:
        return (torch.from_numpy(vectors).float() - self.mean) / self.scale


def train_autoencoder(vectors: Floats, k: int, recipe: Recipe, seed: int, sigma: float = 0.0) -> TrainedAutoencoder:
    """Trained by Adam on the squared error of vectors (n, d) through codes of ``k`` numbers.

    Args:
        sigma: deviation of the noise on the vectors that go in, in their unit.

    Raises:
        ValueError: all vectors are equal.
    """
    inputs = torch.from_numpy(vectors).float()
    mean, scale = inputs.mean(dim=0), float(inputs.var(dim=0, correction=0).mean().sqrt())
    if scale == 0:
        raise ValueError("expected vectors that differ, got equal ones")
    with reproducible(seed):
        network = Autoencoder((inputs.shape[1],), (*recipe.hidden, k))
        order = torch.Generator().manual_seed(seed)
        scaled = (inputs - mean) / scale
        fit(
            network,
            Examples(scaled, scaled),
            torch.optim.Adam(network.parameters(), lr=recipe.lr),
            full_batches(len(scaled), recipe.batch_size, recipe.steps, order),
            loss=mse_loss,
            change=_noise(sigma / scale, order) if sigma else None,
            rates=[recipe.lr * (1 + math.cos(math.pi * step / recipe.steps)) / 2 for step in range(recipe.steps)],
        )
    return TrainedAutoencoder(network, mean, scale)


def _noise(sigma: float, rng: torch.Generator) -> Callable[[Tensor], Tensor]:
    return lambda inputs: inputs + sigma * torch.randn(inputs.shape, generator=rng)
