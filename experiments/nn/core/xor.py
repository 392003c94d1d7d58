"""Exclusive or: four points that no line divides and two hidden units do.

Source: Minsky, Papert: Perceptrons, 1969.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

from experiments.foundation.networks.fit import fit
from experiments.foundation.networks.split import Examples
from experiments.foundation.statements.trial import Trial

POINTS = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
LABELS = torch.tensor([0.0, 1.0, 1.0, 0.0])
HIDDEN = 8
STEPS = 150
LR = 0.1


def two_relus(x: Tensor) -> Tensor:
    """relu(x1 + x2) - 2 relu(x1 + x2 - 1) - 1/2, positive (n,) exactly for (0, 1) and (1, 0)."""
    total = x.sum(1)
    return total.relu() - 2 * (total - 1).relu() - 0.5


def xor_trials(generator: torch.Generator) -> Iterator[Trial]:
    """A random line, trained linear layers and trained ReLU layers, from torch's global random state.

    No linear classifier may have more than three right, which the ReLU networks, the control, must have.
    """
    line = torch.randn(3, generator=generator)
    linear = nn.Sequential(nn.Linear(2, HIDDEN), nn.Linear(HIDDEN, 1))
    bent = nn.Sequential(nn.Linear(2, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, 1))
    right_by_line = _right(POINTS @ line[:2] + line[2])
    right_linear, right_bent = (_right(_trained(network)) for network in (linear, bent))
    right_by_hand = _right(two_relus(POINTS))
    for case, right, control in (
        ("a random line", right_by_line, right_by_hand),
        ("trained linear layers", right_linear, right_bent),
    ):
        yield Trial(part="xor", case=case, error=float(right > 3), control_error=float(control > 3))
    yield Trial(
        part="xor by ReLU", case="two ReLUs", error=float(right_by_hand < 4), control_error=float(right_linear < 4)
    )


def _trained(network: nn.Module) -> Tensor:
    """Logits (4,) after training on the four points."""
    optimizer = torch.optim.Adam(network.parameters(), lr=LR, fused=True)
    all_four = torch.arange(4)
    fit(network, Examples(POINTS, LABELS), optimizer, [all_four] * STEPS, loss=_cross_entropy)
    with torch.no_grad():
        return network(POINTS)[:, 0]


def _cross_entropy(logits: Tensor, labels: Tensor) -> Tensor:
    return binary_cross_entropy_with_logits(logits[:, 0], labels)


def _right(logits: Tensor) -> int:
    return int(((logits > 0) == (LABELS > 0)).sum())
