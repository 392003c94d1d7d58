"""Losses of class scores, per example; the caller reduces. Natural logarithms, no factor 1/2.

Logits z are unbounded scores. ``targets`` are class indices for several classes, 0 or 1 for two. Nothing here draws
random numbers or knows networks. All are finite and differentiable at logits of any size.
Sources: Crammer, Singer: On the Algorithmic Implementation of Multiclass Kernel-based Vector Machines, JMLR 2001
(hinge); Lin et al.: Focal Loss for Dense Object Detection, ICCV 2017; Hui, Belkin: Evaluation of Neural Architectures
Trained with Square Loss vs Cross-Entropy, ICLR 2021.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


def cross_entropy(logits: Tensor, targets: Tensor) -> Tensor:
    """-log softmax(z)_t (n,) >= 0 for logits (n, classes) and targets (n,)."""
    return torch.logsumexp(logits, 1) - _of_target(logits, targets)


def squared_logits(logits: Tensor, targets: Tensor) -> Tensor:
    """sum_k (z_k - [k = t])^2 (n,): least squares on the scores themselves."""
    return (logits - _one_hot(logits, targets)).square().sum(1)


def squared_softmax(logits: Tensor, targets: Tensor) -> Tensor:
    """sum_k (softmax(z)_k - [k = t])^2 (n,) in [0, 2]: Brier's error."""
    return squared_logits(logits.softmax(1), targets)


def squared_sigmoid(logits: Tensor, targets: Tensor) -> Tensor:
    """sum_k (sigmoid(z_k) - [k = t])^2 (n,) in [0, classes]."""
    return squared_logits(logits.sigmoid(), targets)


def hinge(logits: Tensor, targets: Tensor) -> Tensor:
    """max(0, 1 + largest other score - z_t) (n,), after Crammer and Singer; torch's multi_margin_loss sums over all
    others."""
    others = logits.masked_fill(_one_hot(logits, targets).bool(), -torch.inf).amax(1)
    return (1 + others - _of_target(logits, targets)).clamp_min(0)


def binary_cross_entropy(logits: Tensor, targets: Tensor, *, positive_weight: float = 1.0) -> Tensor:
    """-w t log p - (1 - t) log(1 - p) with p = sigmoid(z), of any shape; w weighs the positives."""
    return positive_weight * targets * functional.softplus(-logits) + (1 - targets) * functional.softplus(logits)


def binary_hinge(scores: Tensor, targets: Tensor) -> Tensor:
    """max(0, 1 - (2 t - 1) s), of any shape."""
    return (1 - (2 * targets - 1) * scores).clamp_min(0)


def focal(logits: Tensor, targets: Tensor, *, gamma: float = 2.0, alpha: float | None = None) -> Tensor:
    """-a_t (1 - p_t)^gamma log p_t, of any shape, p_t the probability of the true class.

    a_t is ``alpha`` for positives and 1 - alpha for negatives, 1 for both without it. Divide the sum by the number of
    positives, as the paper does, not by the number of all.

    Raises:
        ValueError: gamma below 0 or alpha outside (0, 1).
    """
    if gamma < 0 or (alpha is not None and not 0 < alpha < 1):
        raise ValueError(f"expected gamma >= 0 and alpha in (0, 1) or None, got {gamma} and {alpha}")
    signed = (1 - 2 * targets) * logits  # minus the logit of the true class
    # (1 - p_t)^gamma = exp(gamma log sigmoid(signed)): no power of 0, whose derivative is infinite for gamma < 1
    found = (gamma * functional.logsigmoid(signed)).exp() * functional.softplus(signed)
    return found if alpha is None else found * (alpha * targets + (1 - alpha) * (1 - targets))


def focal_gradient_ratio(probability: Tensor, gamma: float) -> Tensor:
    """|dFL/dz| / |dCE/dz| = (1 - p)^gamma - gamma p (1 - p)^(gamma - 1) log p, at p the probability of the true
    class."""
    rest = 1 - probability
    return rest**gamma - gamma * probability * rest ** (gamma - 1) * probability.log()


def _of_target(logits: Tensor, targets: Tensor) -> Tensor:
    return logits.gather(1, targets[:, None]).squeeze(1)


def _one_hot(logits: Tensor, targets: Tensor) -> Tensor:
    return functional.one_hot(targets, logits.shape[1]).to(logits.dtype)
