"""Dropout for a part of training: none, standard, early (until the cutoff) or late (from it on).

Inverted dropout sets a value to 0 with probability p and multiplies the others by 1 / (1 - p), so its mean is kept.
Source: Liu et al., Dropout Reduces Underfitting, ICML 2023; Srivastava et al., Dropout, JMLR 15, 2014.
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
    for number, loss in steps(optimizer, batch_losses(network, examples, batches)):
        if number == middle and math.isfinite(loss):
            variance = direction_variance(network, examples, len(batches[0]), draws=20)
        set_rate(number / len(batches))
    return variance
