"""Dropout for a part of training, none, standard, early (until the cutoff) or late (from it on), and as a penalty.

Inverted dropout sets a value to 0 with probability p and multiplies the others by 1 / (1 - p), so its mean is kept.
Source: Liu et al., Dropout Reduces Underfitting, ICML 2023; Srivastava et al., Dropout, JMLR 15, 2014; Wager, Wang,
Liang, Dropout Training as Adaptive Regularization, NeurIPS 2013.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from experiments.foundation.networks.fit import batch_losses, steps
from experiments.foundation.networks.split import Examples


def inverted_dropout(x: Tensor, p: float, rng: torch.Generator) -> Tensor:
    """x with every entry 0 with probability p, else times 1 / (1 - p); p in [0, 1)."""
    keep = torch.rand(x.shape, generator=rng, dtype=torch.float64) >= p
    return torch.where(keep, x / (1 - p), 0)


def rate_at(mode: str, progress: float, p: float, cutoff: float) -> float:
    """Dropout rate at ``progress`` in [0, 1) of training.

    >>> [rate_at(mode, 0.3, 0.5, 0.4) for mode in ("none", "standard", "early", "late")]
    [0.0, 0.5, 0.5, 0.0]
    """
    active = {"none": False, "standard": True, "early": progress < cutoff, "late": progress >= cutoff}[mode]
    return p if active else 0.0


def direction_variance(network: nn.Module, examples: Examples, batch_size: int, draws: int) -> float:
    """Mean of (1 - cosine) / 2 over pairs of batch gradients at the present weights, dropout as it is.

    0: all batches agree; 1/2: orthogonal. Batches come from torch's global generator.
    """
    rows = []
    for _ in range(draws):
        chosen = torch.randint(len(examples), (batch_size,))
        loss = nn.functional.cross_entropy(network(examples.inputs[chosen]), examples.labels[chosen])
        flat = torch.cat([g.flatten() for g in torch.autograd.grad(loss, list(network.parameters()))])
        rows.append(flat / flat.norm())
    unit = torch.stack(rows)
    cosines = (unit @ unit.T)[~torch.eye(draws, dtype=torch.bool)]
    return float((1 - cosines.mean()) / 2)


def train_scheduled(
    network: nn.Module, examples: Examples, batches: Sequence[Tensor], *, mode: str, p: float, cutoff: float, lr: float
) -> float:
    """Train ``network`` in place by Adam on ``batches``, its dropout layers at the rate of every update.

    The learning rate falls linearly to 0, so that networks differ by more than their last batches.

    Returns:
        The direction variance of batch gradients in the middle of the early phase; nan if the training ended before.
    """

    def set_rate(progress: float) -> None:
        for module in network.modules():
            if isinstance(module, nn.Dropout):
                module.p = rate_at(mode, progress, p, cutoff)

    set_rate(0)
    variance = math.nan
    middle = max(1, int(cutoff * len(batches) / 2))
    optimizer = torch.optim.Adam(network.parameters(), lr)
    rates = [lr * (1 - done / len(batches)) for done in range(len(batches))]
    for number, loss in steps(optimizer, batch_losses(network, examples, batches), rates=rates):
        if number == middle and math.isfinite(loss):
            variance = direction_variance(network, examples, len(batches[0]), draws=20)
        set_rate(number / len(batches))
    return variance


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
