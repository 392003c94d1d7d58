"""Do two marked places far apart carry the same symbol? Training and exact testing of networks on this question.

Two positions of an otherwise empty sequence are marked, ``far`` or more apart; each carries one of ``symbols`` symbols,
and the answer is read at the first. Whether they agree is a fair coin, and each symbol is as likely in both cases, so
that neither marker alone tells anything: chance is 1/2, and 1 can be reached. The test holds each sequence twice, with
the far symbol equal and not, so that whoever does not see the far marker answers exactly half of them right.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from experiments.cnn.core.locality_networks import Plan, Reader
from experiments.foundation.networks.fit import steps
from experiments.foundation.networks.metrics import accuracy

SOLVED = 0.95
"""Validation accuracy at which the steps are noted and training stops."""
EVERY = 20
"""Steps between validations."""


@dataclass(frozen=True)
class Task:
    length: int
    """Positions."""
    far: int
    """Smallest distance of the markers; the largest is length - 1."""
    symbols: int = 2

    @property
    def channels(self) -> int:
        """One per symbol, one for each of the two markers."""
        return self.symbols + 2


@dataclass(frozen=True)
class Sequences:
    """n sequences in which the far symbol is equal and, second half, not."""

    inputs: Tensor
    """(2 n, length, channels)"""
    near: Tensor
    """(2 n,) position of the first marker."""
    distant: Tensor
    """(2 n,) position of the second marker."""
    same: Tensor
    """(2 n,) 1 where the symbols agree."""


def draw_pairs(task: Task, n: int, generator: torch.Generator) -> Sequences:
    """``n`` random sequences, each with an equal and with a different symbol at the far marker."""
    places = [(a, b) for a in range(task.length) for b in range(a + task.far, task.length)]
    chosen = torch.tensor(places)[torch.randint(len(places), (n,), generator=generator)]
    near, distant = chosen.unbind(1)
    symbols = torch.randint(task.symbols, (n,), generator=generator)
    shift = torch.randint(1, task.symbols, (n,), generator=generator)
    row = torch.arange(n)
    halves = []
    for difference in (torch.zeros_like(shift), shift):
        inputs = torch.zeros(n, task.length, task.channels)
        inputs[row, near, symbols] = 1
        inputs[row, distant, (symbols + difference) % task.symbols] = 1
        inputs[row, near, task.symbols] = 1
        inputs[row, distant, task.symbols + 1] = 1
        halves.append(inputs)
    same = torch.cat([torch.ones(n, dtype=torch.int64), torch.zeros(n, dtype=torch.int64)])
    return Sequences(torch.cat(halves), near.repeat(2), distant.repeat(2), same)


@dataclass(frozen=True)
class Trained:
    lr: float
    validation_accuracy: float
    test_accuracy: float
    steps_to_solve: int
    """First validation at the accuracy asked for; all steps where there was none, a lower bound."""
    solved: bool
    diverged: bool
    """Loss not finite; accuracies are then those of chance."""
    far_gradient: float
    """Largest gradient of the read logits by the channels of the far marker, after training."""
    near_gradient: float
    """The same by those of the near marker."""


def train(plan: Plan, task: Task, lr: float, seed: int, *, updates: int, batch_size: int = 64) -> Trained:
    """Adam on fresh sequences; weights and sequences follow from ``seed``, the same for every arm and rate."""
    generator = torch.Generator().manual_seed(seed)
    validation, test = draw_pairs(task, 500, generator), draw_pairs(task, 1000, generator)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = Reader(plan, task.channels)
    optimizer = torch.optim.Adam(network.parameters(), lr=lr, fused=True)
    fresh = (draw_pairs(task, batch_size // 2, generator) for _ in range(updates))
    losses = (cross_entropy(network(batch.inputs, batch.near), batch.same) for batch in fresh)
    validated, taken, diverged = 0.5, 0, False
    for taken, loss in steps(optimizer, losses):
        diverged = not math.isfinite(loss)
        if not diverged and (taken % EVERY == 0 or taken == updates):
            validated = measure_accuracy(network, validation)
        if validated >= SOLVED:
            break
    validated = 0.5 if diverged else validated
    near, far = marker_gradients(network, test)
    return Trained(
        lr=lr,
        validation_accuracy=validated,
        test_accuracy=0.5 if diverged else measure_accuracy(network, test),
        steps_to_solve=taken if validated >= SOLVED else updates,
        solved=validated >= SOLVED,
        diverged=diverged,
        far_gradient=far,
        near_gradient=near,
    )


@torch.no_grad()
def measure_accuracy(network: Reader, sequences: Sequences) -> float:
    """Share of right answers; a tie of the logits counts as "different", like every other answer."""
    return accuracy(network(sequences.inputs, sequences.near), sequences.same)


def marker_gradients(network: Reader, sequences: Sequences) -> tuple[float, float]:
    """Largest absolute gradient of the read logits by the near and by the far marker's channels."""
    inputs = sequences.inputs.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(network(inputs, sequences.near)[:, 1].sum(), inputs)
    row = torch.arange(len(inputs))
    near, far = (gradient[row, places].abs().max() for places in (sequences.near, sequences.distant))
    return float(near), float(far)
