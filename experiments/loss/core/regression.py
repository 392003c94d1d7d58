"""Losses of real predictions, per entry; the caller reduces. Units: those of the target, squared where it says so.

Sources: Huber: Robust Estimation of a Location Parameter, 1964; Nix, Weigend: Estimating the mean and variance of the
target probability distribution, ICNN 1994 (Gaussian likelihood).
"""

from __future__ import annotations

import math

import torch
from torch import Tensor


def squared(predictions: Tensor, targets: Tensor) -> Tensor:
    """(y - t)^2, predictions and targets of one shape, in squared units; many books halve it, so that its slope is
    y - t.

    >>> squared(torch.tensor([3.0]), torch.tensor([1.0]))
    tensor([4.])
    """
    return _difference(predictions, targets).square()


def absolute(predictions: Tensor, targets: Tensor) -> Tensor:
    """|y - t|, predictions and targets of one shape.

    >>> absolute(torch.tensor([3.0]), torch.tensor([1.0]))
    tensor([2.])
    """
    return _difference(predictions, targets).abs()


def huber(predictions: Tensor, targets: Tensor, *, delta: float = 1.0) -> Tensor:
    """e^2 / 2 for |e| <= delta, else delta (|e| - delta / 2), e = y - t; predictions and targets of one shape.

    With the factor 1/2, as Huber has it, in squared units; torch's smooth_l1_loss divides it by delta.

    Raises:
        ValueError: delta is not positive.

    >>> huber(torch.tensor([0.5, 3.0]), torch.zeros(2))
    tensor([0.1250, 2.5000])
    """
    if not delta > 0:
        raise ValueError(f"expected a positive delta, got {delta}")
    distance = _difference(predictions, targets).abs()
    inside = distance.clamp_max(delta)
    return inside * (distance - inside / 2)


def gaussian_nll(predictions: Tensor, targets: Tensor, variances: Tensor, *, full: bool = False) -> Tensor:
    """(log v + (y - t)^2 / v) / 2, all of one shape, plus log(2 pi) / 2 with ``full``, as a log density has it.

    Negative where a small variance is right.

    Raises:
        ValueError: a variance that is not positive; torch's loss raises it to 1e-6 instead.

    >>> gaussian_nll(torch.zeros(2), torch.zeros(2), torch.tensor([1.0, 1e-3]))
    tensor([ 0.0000, -3.4539])
    """
    if not bool((variances > 0).all()):
        raise ValueError("expected positive variances")
    found = (torch.log(variances) + _difference(predictions, targets).square() / variances) / 2
    return found + math.log(2 * math.pi) / 2 if full else found


def _difference(predictions: Tensor, targets: Tensor) -> Tensor:
    """y - t in floats: that of bytes wraps around, and shapes that differ would be broadcast."""
    if predictions.shape != targets.shape:
        raise ValueError(
            f"expected one shape, got {tuple(predictions.shape)} for predictions and {tuple(targets.shape)} for targets"
        )
    predictions = predictions if predictions.is_floating_point() else predictions.float()
    return predictions - targets.to(predictions.dtype)
