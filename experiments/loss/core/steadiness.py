"""How steady the gradients of networks side by side are: the squared mean over batches, over the variance."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import torch
from torch import Tensor
from torch.nn import Parameter

Batches = Iterable[tuple[Tensor, Tensor]]
"""Inputs (b, ...) and targets (b, ...)."""


def gradient_snr(losses: Callable[[Tensor, Tensor], Tensor], weights: Iterable[Parameter], batches: Batches) -> Tensor:
    """|mean|^2 / trace of the covariance (members,) of the gradients over batches; the mean's own noise adds 1 / n.

    Args:
        losses: inputs and targets of a batch -> every member's own loss (members,).
        weights: parameters (members, ...).
    """
    shared = list(weights)
    found = [torch.autograd.grad(losses(x, t).sum(), shared) for x, t in batches]  # members share no number
    gradients = torch.stack([torch.cat([part.flatten(1) for part in one], 1) for one in found])
    mean, variance = gradients.mean(0), gradients.var(0).sum(1)
    return mean.square().sum(1) / variance.clamp_min(1e-30)
