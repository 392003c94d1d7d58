"""Perceptrons trained side by side, each with its own loss, learning rate, start and labels.

All members see the same inputs in the same order, so that arms are paired; their weights lie in one tensor per layer
(member, in, out), because small products cost little more together than alone. Adam, without decay.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor

from experiments.foundation.networks.batches import full_batches
from experiments.foundation.networks.side_by_side import MemberAdam

MemberLoss = Callable[[Tensor, Tensor], Tensor]
"""Logits (b, ...) and targets (b, ...) -> losses (b,)."""


@dataclass(frozen=True)
class Member:
    """One network of the ensemble."""

    loss: MemberLoss
    lr: float
    start: int = 0
    """Members with the same start have the same first weights."""


def own_losses(members: Sequence[Member], logits: Tensor, targets: Tensor) -> Tensor:
    """Mean loss (members,) of each member by its own function, for logits (members, n, ...) and targets (members, n,
    ...)."""
    parts: list[Tensor] = []
    first = 0
    for last in range(1, len(members) + 1):
        # neighbors with the same loss are computed at once
        if last == len(members) or members[last].loss is not members[first].loss:
            flat = members[first].loss(logits[first:last].flatten(0, 1), targets[first:last].flatten(0, 1))
            parts.append(flat.reshape(last - first, -1).mean(1))
            first = last
    return torch.cat(parts)


class Ensemble:
    """Perceptrons with ReLU; ``members`` share the layout ``sizes`` = (inputs, hidden ..., outputs)."""

    def __init__(
        self,
        members: Sequence[Member],
        sizes: Sequence[int],
        rng: torch.Generator,
        biases: Sequence[float] | None = None,
    ) -> None:
        self.members = tuple(members)
        starts = max(member.start for member in members) + 1
        which = torch.tensor([member.start for member in members])
        self.weights: list[Tensor] = []
        for fan_in, fan_out in pairwise(sizes):
            drawn = torch.randn(starts, fan_in, fan_out, generator=rng) * (2 / fan_in) ** 0.5  # He
            self.weights += [drawn[which].requires_grad_(), torch.zeros(len(which), 1, fan_out).requires_grad_()]
        if biases is not None:
            self.weights[-1].data += torch.tensor(biases).reshape(-1, 1, 1)
        self._optimizer = MemberAdam(self.weights, [member.lr for member in members])

    def logits(self, inputs: Tensor) -> Tensor:
        """(members, n, outputs) for inputs (n, d)."""
        hidden = inputs.expand(len(self.members), *inputs.shape)
        for layer in range(0, len(self.weights), 2):
            hidden = torch.baddbmm(self.weights[layer + 1], hidden, self.weights[layer])
            hidden = hidden.relu() if layer + 2 < len(self.weights) else hidden
        return hidden

    def losses(self, inputs: Tensor, targets: Tensor) -> Tensor:
        """Mean loss (members,) for inputs (n, d) and targets (members, n)."""
        return own_losses(self.members, self.logits(inputs), targets)

    def update(self, inputs: Tensor, targets: Tensor, share: float = 1.0) -> Tensor:
        """One step of Adam for every member, at a ``share`` of its rate; returns the losses (members,) before it."""
        losses = self.losses(inputs, targets)
        # members share no weight: each gets the gradient of its own loss
        self._optimizer.step(torch.autograd.grad(losses.sum(), self.weights), share)
        return losses.detach()

    def train(
        self, inputs: Tensor, targets: Tensor, *, steps: int, batch: int, rng: torch.Generator, falls: bool = False
    ) -> Iterator[tuple[int, Tensor]]:
        """``steps`` updates on full batches of shuffled passes; yields (updates done, losses (members,)) after each.

        Where it ``falls``, the learning rate does so linearly to 0.
        """
        for done, chosen in enumerate(full_batches(len(inputs), batch, steps, rng)):
            share = 1 - done / steps if falls else 1.0
            yield done + 1, self.update(inputs[chosen], targets[:, chosen], share)
