"""Losses of one score per example, two classes, per example; the caller reduces. Natural logarithms, no factor 1/2.

Logits z are unbounded scores. ``targets`` are 0 or 1 of any type, in the shape of the scores; ValueError for another
shape. All are finite and differentiable at logits of any size.
Source: Lin et al.: Focal Loss for Dense Object Detection, ICCV 2017.
"""

from __future__ import annotations

import math

from torch import Tensor
from torch.nn import functional


def binary_cross_entropy(logits: Tensor, targets: Tensor, *, positive_weight: float = 1.0) -> Tensor:
    """-w t log p - (1 - t) log(1 - p) with p = sigmoid(z), logits and targets of one shape; w weighs the positives.

    >>> import torch
    >>> binary_cross_entropy(torch.zeros(2), torch.tensor([1.0, 0.0]), positive_weight=3.0)
    tensor([2.0794, 0.6931])
    """
    logits, targets = _numbers(logits, targets)
    return positive_weight * targets * functional.softplus(-logits) + (1 - targets) * functional.softplus(logits)


def binary_hinge(scores: Tensor, targets: Tensor) -> Tensor:
    """max(0, 1 - (2 t - 1) s), scores and targets of one shape; most books write targets as -1 and 1.

    >>> import torch
    >>> binary_hinge(torch.tensor([2.0, 0.5, -1.0]), torch.ones(3))
    tensor([0.0000, 0.5000, 2.0000])
    """
    scores, targets = _numbers(scores, targets)
    return (1 - (2 * targets - 1) * scores).clamp_min(0)


def focal(logits: Tensor, targets: Tensor, *, gamma: float = 2.0, alpha: float | None = None) -> Tensor:
    """-a_t (1 - p_t)^gamma log p_t, p_t the probability of the true class; logits and targets of one shape.

    a_t is ``alpha`` for positives and 1 - alpha for negatives, 1 for both without it. The paper divides the sum by the
    number of positives; many implementations divide by the number of all.

    Raises:
        ValueError: gamma below 0 or alpha outside (0, 1).

    >>> import torch
    >>> surely_right = torch.logit(torch.tensor([0.9]))  # cross-entropy 0.1054
    >>> focal(surely_right, torch.ones(1))
    tensor([0.0011])
    """
    if gamma < 0 or (alpha is not None and not 0 < alpha < 1):
        raise ValueError(f"expected gamma >= 0 and alpha in (0, 1) or None, got {gamma} and {alpha}")
    logits, targets = _numbers(logits, targets)
    signed = (1 - 2 * targets) * logits  # minus the logit of the true class
    # (1 - p_t)^gamma = exp(gamma log sigmoid(signed)): no power of 0, whose derivative is infinite for gamma < 1
    found = (gamma * functional.logsigmoid(signed)).exp() * functional.softplus(signed)
    return found if alpha is None else found * (alpha * targets + (1 - alpha) * (1 - targets))


def prior_bias(prior: float) -> float:
    """The output bias with which every probability begins at ``prior`` where all weights are 0: -log((1 - p) / p).

    >>> round(prior_bias(0.01), 3)
    -4.595
    """
    return -math.log((1 - prior) / prior)


def _numbers(scores: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
    """Both as floats of one type: masks come as bytes, in which 1 - 2 t would wrap around, or as booleans."""
    if scores.shape != targets.shape:
        raise ValueError(f"expected scores and targets of one shape, got {scores.shape} and {targets.shape}")
    scores = _in_floats(scores)
    return scores, targets.to(scores.dtype)


def _in_floats(scores: Tensor) -> Tensor:
    """``scores``, booleans and integers as floats."""
    return scores if scores.is_floating_point() else scores.float()
