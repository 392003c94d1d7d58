"""Exclusive or: four points that no line divides and two hidden units do.

Source: Minsky, Papert: Perceptrons, 1969.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

from experiments.foundation.networks.fit import fit
from experiments.foundation.networks.split import Examples

POINTS = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
LABELS = torch.tensor([0.0, 1.0, 1.0, 0.0])
STEPS = 150
LR = 0.1


def two_relus(x: Tensor) -> Tensor:
    """relu(x1 + x2) - 2 relu(x1 + x2 - 1) - 1/2, positive (n,) exactly for (0, 1) and (1, 0)."""
    total = x.sum(1)
    return total.relu() - 2 * (total - 1).relu() - 0.5


def train_on_all_four(network: nn.Module) -> Tensor:
    """Logits (4,) after training on the four points."""
    optimizer = torch.optim.Adam(network.parameters(), lr=LR, fused=True)
    all_four = torch.arange(4)
    fit(network, Examples(POINTS, LABELS), optimizer, [all_four] * STEPS, loss=_cross_entropy)
    with torch.no_grad():
        return network(POINTS)[:, 0]


def _cross_entropy(logits: Tensor, labels: Tensor) -> Tensor:
    return binary_cross_entropy_with_logits(logits[:, 0], labels)


def right(logits: Tensor) -> int:
    """How many of the four logits (4,) have the sign of their label.

    >>> right(two_relus(POINTS))
    4
    """
    return int(((logits > 0) == (LABELS > 0)).sum())
