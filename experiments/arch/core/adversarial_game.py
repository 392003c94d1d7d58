"""The game of two players in closed form, and the distance between what they play for.

A discriminator D says how likely a point is real; p and q are the densities of data and generator at each point.

    value(D) = sum p log D + q log(1 - D)              maximal at D = p / (p + q), where it is 2 JS(p, q) - log 4
    minimax G: descend log(1 - D)                      d / d logit = -D
    non-saturating G: descend -log D                   d / d logit = -(1 - D)

so where D is sure that a point is false, D -> 0, the minimax gradient is D / (1 - D) times the other, and vanishes.

Sources: Goodfellow et al.: Generative Adversarial Nets, https://arxiv.org/abs/1406.2661, 2014, propositions 1 and 2;
Heusel et al.: GANs Trained by a Two Time-Scale Update Rule, https://arxiv.org/abs/1706.08500, 2017 (distance).
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import softplus

Floats = NDArray[np.float64]
Loss = Literal["nonsaturating", "minimax"]


def best_discriminator(p: Floats, q: Floats) -> Floats:
    """p / (p + q) for densities (n,).

    >>> best_discriminator(np.array([0.2, 0.5]), np.array([0.6, 0.5]))
    array([0.25, 0.5 ])
    """
    return p / (p + q)


def game_value(p: Floats, q: Floats, d: Floats) -> float:
    """sum p log d + q log(1 - d), in nats.

    >>> fair = np.array([0.5, 0.5])
    >>> bool(game_value(fair, fair, fair) == -np.log(4))
    True
    """
    return float((p * np.log(d) + q * np.log1p(-d)).sum())


def discriminator_losses(real: Tensor, fake: Tensor) -> Tensor:
    """-log D(real) - log(1 - D(fake)) of logits (..., b): means (...)."""
    return softplus(-real).mean(-1) + softplus(fake).mean(-1)


def generator_losses(fake: Tensor, loss: Loss) -> Tensor:
    """-log D, or log(1 - D), of logits (..., b): means (...).

    >>> import torch
    >>> sure = torch.tensor([-5.0], requires_grad=True)                     # D = 0.0067
    >>> [torch.autograd.grad(generator_losses(sure, of), sure)[0].item() for of in ("nonsaturating", "minimax")]
    [-0.9933071732521057, -0.006692850962281227]
    """
    return (softplus(-fake) if loss == "nonsaturating" else -softplus(fake)).mean(-1)


def frechet_distance(first: Floats, second: Floats) -> float:
    """Squared Fréchet distance of the normal distributions with the means and covariances of samples (n, d), (m, d).

        |m1 - m2|^2 + tr C1 + tr C2 - 2 tr (C1^1/2 C2 C1^1/2)^1/2

    The last root is that of a symmetric matrix, so its eigenvalues do where features are constant and C1 is singular.

    >>> points = np.array([[0.0], [2.0], [4.0]])                            # deviations 2 and 4, means 2 and 5
    >>> round(frechet_distance(points, 2 * points + 1), 9)                  # (2 - 5)^2 + (2 - 4)^2
    13.0
    """
    gap = first.mean(0) - second.mean(0)
    one, two = (np.atleast_2d(np.cov(sample, rowvar=False)) for sample in (first, second))
    values, vectors = np.linalg.eigh(one)
    root = (vectors * np.sqrt(values.clip(0))) @ vectors.T
    cross = np.sqrt(np.linalg.eigvalsh(root @ two @ root).clip(0)).sum()
    return float(gap @ gap + np.trace(one) + np.trace(two) - 2 * cross)
