"""Adversarial training of images, and a judge that has never seen a generated one.

Source: Radford, Metz, Chintala: Unsupervised Representation Learning with Deep Convolutional GANs,
https://arxiv.org/abs/1511.06434, 2016 (networks, Adam with beta1 = 0.5).
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from experiments.arch.core.adversarial_game import Floats, discriminator_losses, generator_losses
from experiments.arch.core.gan import GAN
from experiments.arch.core.planar_gans import Rules
from experiments.foundation.networks.batches import drawn_batches
from experiments.foundation.networks.fit import fit, steps
from experiments.foundation.networks.scores.evaluation import evaluating
from experiments.foundation.networks.split import Examples
from experiments.foundation.networks.timing import reproducible

SIDE, LATENT = 16, 32
SHARE, SURE = 0.02, 0.9
"""Share of the images that a class needs to be seen; probability from which the judge is confident."""


def small_images(images: Tensor, largest: float) -> Tensor:
    """Gray images (n, h, w) of values 0 to ``largest`` as (n, 1, 16, 16) in [-1, 1]."""
    scaled = images[:, None].float() / largest * 2 - 1
    return interpolate(scaled, (SIDE, SIDE), mode="bilinear", antialias=True).clamp(-1, 1)


class Judge(nn.Module):
    """Whose 64 features and ten classes images (n, 1, 16, 16) are measured by; logits (n, 10).

    [3x3 conv -> ReLU -> max pool 2] twice, 32 and 64 channels -> linear, 64 -> ReLU: the features -> linear, 10
    """

    def __init__(self) -> None:
        super().__init__()
        stages = [
            part
            for n_in, n_out in ((1, 32), (32, 64))
            for part in (nn.Conv2d(n_in, n_out, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2))
        ]
        self.features = nn.Sequential(*stages, nn.Flatten(), nn.Linear(64 * (SIDE // 4) ** 2, 64), nn.ReLU())
        self.head = nn.Linear(64, 10)

    def forward(self, images: Tensor) -> Tensor:
        return self.head(self.features(images))


def train_judge(network: Judge, examples: Examples, count: int, seed: int, lr: float = 3e-3) -> None:
    """Adam on ``count`` batches of 64 images, at a rate that falls linearly to 0."""
    with reproducible(seed):
        rng = torch.Generator().manual_seed(seed)
        adam = torch.optim.Adam(network.parameters(), lr=lr)
        rates = [lr * (1 - step / count) for step in range(count)]
        fit(network, examples, adam, drawn_batches(len(examples), 64, count, rng), rates=rates)


@dataclass(frozen=True)
class Opinion:
    """What the judge sees in images."""

    features: Floats
    """(n, 64)"""
    probabilities: Tensor
    """(n, 10)"""

    @property
    def classes(self) -> int:
        """Classes that at least 2 % of the images are taken for."""
        return int((self.shares >= SHARE).sum())

    @property
    def shares(self) -> Tensor:
        """Share (10,) of the images that are taken for each class."""
        return torch.bincount(self.probabilities.argmax(1), minlength=10) / len(self.probabilities)

    @property
    def confident(self) -> float:
        """Share of the images of which the judge is sure by at least 0.9."""
        return (self.probabilities.max(1).values >= SURE).double().mean().item()


def opinion(network: Judge, images: Tensor) -> Opinion:
    """Of images (n, 1, 16, 16)."""
    with evaluating(network):
        features = torch.cat([network.features(part) for part in images.split(500)])
        return Opinion(features.double().numpy(), network.head(features).softmax(1))


def adversarial_steps(
    gan: GAN, images: Tensor, rules: Rules, *, lr: float, batch_size: int, seed: int
) -> Iterator[tuple[int, float]]:
    """Train both players without end: (updates of both so far, the generator's loss) after each of the generator's."""
    with reproducible(seed):
        rng = torch.Generator().manual_seed(seed)
        players = (gan.discriminator, gan.generator)
        adams = [torch.optim.Adam(player.parameters(), lr=lr, betas=(0.5, 0.999)) for player in players]

        def fakes() -> Tensor:
            return gan.generator(torch.randn(batch_size, LATENT, generator=rng))

        def of_discriminator() -> Iterator[Tensor]:
            while True:
                real = images[torch.randint(len(images), (batch_size,), generator=rng)]
                with torch.no_grad():
                    fake = fakes()
                yield discriminator_losses(gan.discriminator(real), gan.discriminator(fake))

        def of_generator() -> Iterator[Tensor]:
            while True:
                yield generator_losses(gan.discriminator(fakes()), rules.loss)

        learning, making = steps(adams[0], of_discriminator()), steps(adams[1], of_generator())
        updates = 0
        while True:
            for _ in range(rules.d_steps):
                next(learning)
            _, loss = next(making)
            updates += rules.d_steps + 1
            yield updates, loss


class Snapshot(NamedTuple):
    """What a training draws after so many updates of both players."""

    updates: int
    loss: float
    """The generator's, of its last batch; 0 before the first."""
    images: Tensor
    """(drawn, 1, 16, 16), always of the same noise."""
    seconds: float


def drawn_quarters(
    real: Tensor, rules: Rules, *, updates: int, channels: int, drawn: int, lr: float, batch_size: int, seed: int
) -> Iterator[Snapshot]:
    """Train a GAN on ``real`` for ``updates`` of both players; what it draws before the first and after each quarter.

    Images are normalized by their own batch, as the discriminator saw them.
    """
    with reproducible(seed):
        gan = GAN(LATENT, 1, side=SIDE, width=channels)
        noise = torch.randn(drawn, LATENT)

    def images() -> Tensor:
        with torch.no_grad():
            return torch.cat([gan.generator(part) for part in noise.split(drawn // 4)])

    start = time.perf_counter()
    yield Snapshot(0, 0.0, images(), 0.0)
    due = [updates * quarter // 4 for quarter in (1, 2, 3, 4)]
    for done, loss in adversarial_steps(gan, real, rules, lr=lr, batch_size=batch_size, seed=seed):
        if done >= due[0]:
            yield Snapshot(done, loss, images(), time.perf_counter() - start)
            if not due[1:]:
                return
            del due[0]
