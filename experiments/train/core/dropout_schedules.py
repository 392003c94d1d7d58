"""Dropout for a part of training: none, standard, early (until the cutoff) or late (from it on).

Inverted dropout sets a value to 0 with probability p and multiplies the others by 1 / (1 - p), so its mean is kept.
Source: Liu et al., Dropout Reduces Underfitting, ICML 2023; Srivastava et al., Dropout, JMLR 15, 2014.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from experiments.train.core.fitting import fit, mean_loss
from experiments.train.core.perceptron import accuracy, perceptron

Labelled = tuple[Tensor, Tensor]


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


@dataclass(frozen=True, kw_only=True)
class Outcome:
    train_loss: float
    """Mean cross entropy in nats at the end, in eval mode: without dropout."""
    test_accuracy: float
    test_loss: float
    direction_variance: float
    """Of gradients of batches, in the middle of the early phase."""


def direction_variance(network: nn.Module, data: Labelled, batch_size: int, draws: int) -> float:
    """Mean of (1 - cosine) / 2 over pairs of batch gradients at the present weights, dropout as it is.

    0: all batches agree; 1/2: orthogonal. Batches come from torch's global generator.
    """
    rows = []
    for _ in range(draws):
        chosen = torch.randint(len(data[1]), (batch_size,))
        loss = nn.functional.cross_entropy(network(data[0][chosen]), data[1][chosen])
        flat = torch.cat([g.flatten() for g in torch.autograd.grad(loss, list(network.parameters()))])
        rows.append(flat / flat.norm())
    unit = torch.stack(rows)
    cosines = (unit @ unit.T)[~torch.eye(draws, dtype=torch.bool)]
    return float((1 - cosines.mean()) / 2)


def train_scheduled(
    mode: str,
    sizes: tuple[int, ...],
    train: Labelled,
    test: Labelled,
    *,
    p: float,
    cutoff: float,
    lr: float,
    batch_size: int,
    steps: int,
    seed: int,
) -> Outcome:
    """A perceptron trained by Adam; modes share initial weights and batches, which ``seed`` decides."""
    torch.manual_seed(seed)
    network = perceptron(sizes, dropout=0.5)  # the rate is set before every update
    measured: list[float] = []
    probe = max(1, int(cutoff * steps / 2))

    def set_rate(step: int) -> None:
        if step == probe:
            measured.append(direction_variance(network, train, batch_size, draws=20))
        rate = rate_at(mode, step / steps, p, cutoff)
        for module in network.modules():
            if isinstance(module, nn.Dropout):
                module.p = rate

    set_rate(0)
    optimizer = torch.optim.Adam(network.parameters(), lr)
    fit(network, *train, optimizer, batch_size=batch_size, steps=steps, seed=seed, after=set_rate)
    return Outcome(
        train_loss=mean_loss(network, *train),
        test_accuracy=accuracy(network, *test),
        test_loss=mean_loss(network, *test),
        direction_variance=measured[0],
    )
