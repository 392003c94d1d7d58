"""Losses of class scores, per example; the caller reduces. Natural logarithms, no factor 1/2.

Logits z are unbounded scores. ``targets`` are class indices of any integer type; ValueError for others and for shapes
that do not fit. Nothing here draws random numbers or knows networks. All are finite and differentiable at logits of any
size. Losses of two classes stand in ``foundation.networks.scores.binary_losses``.
Sources: Crammer, Singer: On the Algorithmic Implementation of Multiclass Kernel-based Vector Machines, JMLR 2001
(hinge); Lin et al.: Focal Loss for Dense Object Detection, ICCV 2017; Hui, Belkin: Evaluation of Neural Architectures
Trained with Square Loss vs Cross-Entropy, ICLR 2021; Shrivastava et al.: Training Region-based Object Detectors with
Online Hard Example Mining, CVPR 2016.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


def cross_entropy(logits: Tensor, targets: Tensor) -> Tensor:
    """-log softmax(z)_t (n,) >= 0 for logits (n, classes) and targets (n,).

    >>> cross_entropy(torch.tensor([[2.0, 0.0], [0.0, 0.0]]), torch.tensor([0, 1]))
    tensor([0.1269, 0.6931])
    """
    logits, targets = _indexed(logits, targets)
    return torch.logsumexp(logits, 1) - _of_target(logits, targets)


def squared_logits(logits: Tensor, targets: Tensor) -> Tensor:
    """sum_k (z_k - [k = t])^2 (n,): least squares on the scores themselves, logits (n, classes) and targets (n,).

    The sum over classes; torch's mse_loss takes their mean. Where classes are many, Hui and Belkin weigh the target's.

    >>> squared_logits(torch.tensor([[2.0, 0.0]]), torch.tensor([0]))
    tensor([1.])
    """
    logits, targets = _indexed(logits, targets)
    return (logits - _one_hot(logits, targets)).square().sum(1)


def squared_softmax(logits: Tensor, targets: Tensor) -> Tensor:
    """sum_k (softmax(z)_k - [k = t])^2 (n,) in [0, 2] for logits (n, classes) and targets (n,).

    Brier's error, 1950; books on forecasts of two classes often halve it.

    >>> squared_softmax(torch.zeros(1, 2), torch.tensor([0]))
    tensor([0.5000])
    """
    logits, targets = _indexed(logits, targets)
    return squared_logits(logits.softmax(1), targets)


def squared_sigmoid(logits: Tensor, targets: Tensor) -> Tensor:
    """sum_k (sigmoid(z_k) - [k = t])^2 (n,) in [0, classes] for logits (n, classes) and targets (n,).

    >>> squared_sigmoid(torch.zeros(1, 4), torch.tensor([0]))
    tensor([1.])
    """
    logits, targets = _indexed(logits, targets)
    return squared_logits(logits.sigmoid(), targets)


def hinge(logits: Tensor, targets: Tensor) -> Tensor:
    """max(0, 1 + largest other score - z_t) (n,) for logits (n, classes) and targets (n,).

    Crammer and Singer's; that of Weston and Watkins, torch's multi_margin_loss, adds up all other scores.

    >>> hinge(torch.tensor([[2.0, 0.0, -1.0]] * 2), torch.tensor([0, 1]))
    tensor([0., 3.])
    """
    logits, targets = _indexed(logits, targets)
    others = logits.masked_fill(_one_hot(logits, targets).bool(), -torch.inf).amax(1)
    return (1 + others - _of_target(logits, targets)).clamp_min(0)


def focal_gradient_ratio(probability: Tensor, gamma: float) -> Tensor:
    """|dFL/dz| / |dCE/dz| = (1 - p)^gamma - gamma p (1 - p)^(gamma - 1) log p, p (...) that of the true class.

    >>> focal_gradient_ratio(torch.tensor([0.1, 0.5, 0.9]), gamma=2.0)
    tensor([1.2245, 0.5966, 0.0290])
    """
    rest = 1 - probability
    return rest**gamma - gamma * probability * rest ** (gamma - 1) * probability.log()


def focal_gradient_peak(gamma: float) -> tuple[float, float, float]:
    """(largest |dFL/dz| / |dCE/dz|, the p where it is, the p above which the ratio is below 1), by search.

    >>> [round(value, 4) for value in focal_gradient_peak(2.0)]
    [1.2246, 0.1041, 0.2976]
    """
    from scipy.optimize import brentq, minimize_scalar

    def ratio(p: float) -> float:
        return focal_gradient_ratio(torch.tensor(p, dtype=torch.float64), gamma).item()

    peak = minimize_scalar(lambda p: -ratio(p), bounds=(1e-9, 0.9), method="bounded", options={"xatol": 1e-12})
    crossing = brentq(lambda p: ratio(p) - 1, peak.x, 1 - 1e-9)
    return -float(peak.fun), float(peak.x), float(crossing)


def hard_examples(losses: Tensor, share: float) -> Tensor:
    """Losses (batches, n) with those below the largest ``share`` of their batch set to 0, the others divided by it.

    So the mean of all is the mean of the hard ones (Shrivastava et al. 2016).

    >>> hard_examples(torch.tensor([[1.0, 2.0, 4.0, 3.0]]), share=0.5)
    tensor([[0., 0., 8., 6.]])
    """
    keep = max(round(share * losses.shape[1]), 1)
    least = losses.detach().topk(keep, dim=1).values[:, -1:]
    return losses * (losses.detach() >= least) / share


def _of_target(logits: Tensor, targets: Tensor) -> Tensor:
    return logits.gather(1, targets[:, None]).squeeze(1)


def _one_hot(logits: Tensor, targets: Tensor) -> Tensor:
    return functional.one_hot(targets, logits.shape[1]).to(logits.dtype)


def _indexed(logits: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
    """Scores (n, classes) in floats, and class indices (n,) of any integer type as int64, which alone torch takes."""
    if targets.is_floating_point() or targets.is_complex() or logits.ndim != 2 or targets.shape != logits.shape[:1]:
        kinds = f"{targets.dtype} {tuple(targets.shape)} for logits {tuple(logits.shape)}"
        raise ValueError(f"expected integer class indices (n,) for logits (n, classes), got {kinds}")
    return logits if logits.is_floating_point() else logits.float(), targets.long()
