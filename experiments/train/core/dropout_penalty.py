"""Dropout on the inputs of a linear model: its loss over all masks, and the penalty that it amounts to.

Source: Wager, Wang, Liang, Dropout Training as Adaptive Regularization, NeurIPS 2013.
"""

from __future__ import annotations

import torch
from torch import Tensor


def dropout_penalty(inputs: Tensor, weights: Tensor, p: float) -> tuple[Tensor, Tensor]:
    """(adaptive, plain) L2 penalty that dropout of rate ``p`` on the inputs (n, d) of a linear model amounts to.

    E_mask (y - sum_j w_j x_j m_j / (1 - p))^2 = (y - w x)^2 + p / (1 - p) sum_j w_j^2 x_j^2, so in the mean over
    samples weight j is penalized by the mean of x_j^2. The plain one weighs all weights alike.

    >>> x, w = torch.tensor([[1.0, 3.0]]), torch.tensor([1.0, 2.0])
    >>> [float(penalty) for penalty in dropout_penalty(x, w, 0.5)]  # 1 + 4 * 9, and (1 + 4) * 5
    [37.0, 25.0]
    """
    factor = p / (1 - p)
    squares = inputs.square().mean(0)
    return factor * (weights**2 * squares).sum(), factor * (weights**2).sum() * squares.mean()


def dropout_loss_exactly(inputs: Tensor, targets: Tensor, weights: Tensor, p: float) -> Tensor:
    """Mean squared error of the linear model averaged over all 2^d masks, weighted by their probability."""
    d = inputs.shape[1]
    masks = torch.cartesian_prod(*[torch.tensor([0.0, 1.0], dtype=inputs.dtype)] * d).view(-1, d)
    chances = (p ** (d - masks.sum(1))) * (1 - p) ** masks.sum(1)
    predictions = inputs @ (masks * weights / (1 - p)).T
    return ((predictions - targets[:, None]).square().mean(0) * chances).sum()
