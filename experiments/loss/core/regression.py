"""Losses of real predictions, per entry; the caller reduces. Units: those of the target, squared where it says so.

Sources: Huber: Robust Estimation of a Location Parameter, 1964; Nix, Weigend: Estimating the mean and variance of the
target probability distribution, ICNN 1994 (Gaussian likelihood).
"""

from __future__ import annotations

import math

import torch
from torch import Tensor


def squared(predictions: Tensor, targets: Tensor) -> Tensor:
    """(y - t)^2, of any shape, without a factor 1/2."""
    return (predictions - targets).square()


def absolute(predictions: Tensor, targets: Tensor) -> Tensor:
    """|y - t|, of any shape."""
    return (predictions - targets).abs()


def huber(predictions: Tensor, targets: Tensor, *, delta: float = 1.0) -> Tensor:
    """e^2 / 2 for |e| <= delta, else delta (|e| - delta / 2), e = y - t; with the factor 1/2, as Huber has it.

    Raises:
        ValueError: delta is not positive.
    """
    if not delta > 0:
        raise ValueError(f"expected a positive delta, got {delta}")
    distance = (predictions - targets).abs()
    inside = distance.clamp_max(delta)
    return inside * (distance - inside / 2)


def gaussian_nll(predictions: Tensor, targets: Tensor, variances: Tensor, *, full: bool = False) -> Tensor:
    """(log v + (y - t)^2 / v) / 2, plus log(2 pi) / 2 with ``full``. Negative where a small variance is right.

    Raises:
        ValueError: a variance that is not positive; torch's loss raises it to 1e-6 instead.
    """
    if not bool((variances > 0).all()):
        raise ValueError("expected positive variances")
    found = (torch.log(variances) + (predictions - targets).square() / variances) / 2
    return found + math.log(2 * math.pi) / 2 if full else found
