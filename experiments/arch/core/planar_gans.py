"""Many small adversarial networks in the plane, trained side by side: data are modes whose places are known.

Weights lie in one tensor per layer (games, in, out). Every game draws its own weights, noise and data, so games share
nothing. Adam with betas (0.5, 0.99).

Sources: Srivastava et al.: VEEGAN, https://arxiv.org/abs/1705.07761, 2017 (ring, grid, what counts as a mode); Miyato
et al.: Spectral Normalization for Generative Adversarial Networks, https://arxiv.org/abs/1802.05957, 2018.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import torch
from torch import Tensor
from torch.nn.functional import leaky_relu, normalize

from experiments.arch.core.adversarial_game import Loss, discriminator_losses, generator_losses
from experiments.foundation.networks.side_by_side import MemberAdam
from experiments.foundation.networks.timing import reproducible

Layout = Literal["ring", "grid"]
LATENT, BETAS = 4, (0.5, 0.99)
DEVIATION, REACH, SHARE = 0.05, 4.5, 0.02
"""Of a mode; deviations within which a point belongs to it; share of the points that it needs."""


def modes(layout: Layout) -> Tensor:
    """Centers (k, 2): eight on a circle of radius 2, or 25 on a grid of step 1."""
    if layout == "ring":
        angles = torch.arange(8) * (math.tau / 8)
        return 2 * torch.stack([angles.cos(), angles.sin()], 1)
    return torch.cartesian_prod(torch.arange(-2.0, 3.0), torch.arange(-2.0, 3.0))


@dataclass(frozen=True)
class Rules:
    """How a game is played."""

    loss: Loss = "nonsaturating"
    """What the generator descends."""
    spectral: bool = True
    """Whether each matrix of the discriminator is divided by its largest singular value."""
    d_steps: int = 1
    """Steps of the discriminator for one of the generator."""


@dataclass(frozen=True)
class Quality:
    """How well samples cover the modes; all (games,)."""

    modes: Tensor
    """Those with at least 2 % of the samples within 4.5 deviations."""
    high_quality: Tensor
    """Share of samples within 4.5 deviations of any mode."""


def quality(samples: Tensor, centers: Tensor) -> Quality:
    """Of samples (games, n, 2)."""
    distances, nearest = torch.cdist(samples, centers.expand(len(samples), -1, -1)).min(2)
    good = distances < REACH * DEVIATION
    counts = torch.zeros(len(samples), len(centers)).scatter_add_(1, nearest, good.float())
    return Quality((counts >= SHARE * samples.shape[1]).sum(1), good.float().mean(1))


class Player:
    """One side of every game: perceptrons (games, n, in) to (games, n, out) of two hidden layers."""

    def __init__(self, games: int, sizes: Sequence[int], lr: float, rng: torch.Generator, *, spectral: bool) -> None:
        self.weights: list[Tensor] = []
        for n_in, n_out in pairwise(sizes):
            # as nn.Linear starts; with biases of 0 every unit would bend through the origin
            drawn = (2 * torch.rand(games, n_in + 1, n_out, generator=rng) - 1) / n_in**0.5
            self.weights += [drawn[:, :-1].clone().requires_grad_(), drawn[:, -1:].clone().requires_grad_()]
        self._adam = MemberAdam(self.weights, [lr] * games, BETAS)
        self._singular = [torch.ones(games, matrix.shape[2], 1) for matrix in self.weights[::2]] if spectral else []

    def __call__(self, points: Tensor) -> Tensor:
        matrices, biases = self.weights[::2], self.weights[1::2]
        if self._singular:
            matrices = [matrix / self._norm(layer) for layer, matrix in enumerate(matrices)]
        for matrix, bias in zip(matrices[:-1], biases[:-1], strict=True):
            points = leaky_relu(torch.baddbmm(bias, points, matrix), 0.2)
        return torch.baddbmm(biases[-1], points, matrices[-1])

    def descend(self, losses: Tensor) -> None:
        """One step of Adam along the gradient of each game's own loss."""
        self._adam.step(torch.autograd.grad(losses.sum(), self.weights))

    def _norm(self, layer: int) -> Tensor:
        """Largest singular value (games, 1, 1), by one step of power iteration."""
        matrix = self.weights[2 * layer]
        with torch.no_grad():
            left = normalize(matrix @ self._singular[layer], dim=1)
            right = self._singular[layer] = normalize(matrix.mT @ left, dim=1)
        return left.mT @ matrix @ right


@dataclass(frozen=True, kw_only=True)
class Arena:
    """What all games share."""

    layout: Layout = "ring"
    games: int = 1
    width: int = 64
    lr: float = 1e-3
    batch_size: int = 64


def play(arena: Arena, rules: Rules, steps: int, every: int, seed: int) -> Iterator[tuple[int, Tensor]]:
    """(generator steps so far, 2,000 samples (games, 2000, 2)) after every ``every`` steps."""
    with reproducible(seed):
        rng = torch.Generator().manual_seed(seed)
        centers, games, batch = modes(arena.layout), arena.games, arena.batch_size
        generator = Player(games, (LATENT, arena.width, arena.width, 2), arena.lr, rng, spectral=False)
        judge = Player(games, (2, arena.width, arena.width, 1), arena.lr, rng, spectral=rules.spectral)

        def samples(n: int) -> Tensor:
            return generator(torch.randn(games, n, LATENT, generator=rng))

        for step in range(1, steps + 1):
            for _ in range(rules.d_steps):
                drawn = centers[torch.randint(len(centers), (games, batch), generator=rng)]
                real = drawn + DEVIATION * torch.randn(games, batch, 2, generator=rng)
                with torch.no_grad():
                    fake = samples(batch)
                logits = judge(torch.cat([real, fake], 1)).squeeze(2)
                judge.descend(discriminator_losses(logits[:, :batch], logits[:, batch:]))
            generator.descend(generator_losses(judge(samples(batch)).squeeze(2), rules.loss))
            if step % every == 0:
                with torch.no_grad():
                    yield step, samples(2000)
