"""Networks of one kind trained side by side, each at its own learning rate, on the same batches in the same order.

The first axis of every parameter counts the networks, called members. All numbers lie in one vector, so an update is a
handful of operations however many layers there are: small networks otherwise spend most of their time between
operations. Weights that are a list of tensors have ``MemberAdam``, whose sums round in another order.

``tuned_networks.Members`` puts any networks side by side, by torch.func's vmap. Some know better how to (``ensemble``,
``transformer``): forward and backward of five pooling networks at batch 64 take 31 ms by vmap and 19 ms as grouped
convolutions, of fifteen perceptrons of width 64 1.12 and 0.87 ms (torch 2.13.0 on a CPU, one thread, medians of 37).
Source of the update: Kingma, Ba: Adam, ICLR 2015, algorithm 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from experiments.foundation.networks.batches import drawn_batches
from experiments.foundation.networks.budget import SEEN, Budget, Fit, fit_of
from experiments.foundation.networks.scores.evaluation import evaluating
from experiments.foundation.networks.split import Examples, Split
from experiments.foundation.networks.timing import reproducible

BETA1, BETA2, EPS = 0.9, 0.999, 1e-8


@dataclass(frozen=True)
class Rate:
    """The learning rate of one member."""

    lr: float
    warmup: int = 0
    """Steps over which it rises linearly from 0."""

    def at(self, step: int) -> float:
        """The learning rate of update ``step``, counted from 0."""
        return self.lr * min(1.0, (step + 1) / (self.warmup + 1))


class FlatAdam:
    """Adam over the parameters (members, ...) of a network, which are moved one after the other into one vector.

    Raises:
        ValueError: parameters of different numbers of members.
    """

    def __init__(self, network: nn.Module) -> None:
        parameters = list(network.parameters())
        members = {len(parameter) for parameter in parameters}
        if len(members) != 1:
            raise ValueError(f"expected parameters with members as their first axis, got first axes of {members}")
        self.weights = torch.cat([parameter.detach().flatten() for parameter in parameters])
        self.gradients = torch.zeros_like(self.weights)
        self._owner = torch.cat(
            [torch.arange(len(parameter)).repeat_interleave(parameter[0].numel()) for parameter in parameters]
        ).to(self.weights.device)
        self._first, self._second = torch.zeros_like(self.weights), torch.zeros_like(self.weights)
        self._updates = 0
        sizes = [parameter.numel() for parameter in parameters]
        parts = zip(parameters, self.weights.split(sizes), self.gradients.split(sizes), strict=True)
        for parameter, weights, gradients in parts:
            parameter.data, parameter.grad = weights.view(parameter.shape), gradients.view(parameter.shape)

    @torch.no_grad()
    def update(self, lr: Tensor) -> None:
        """One step with learning rates (members,) along the gradients, which are then 0."""
        self._updates += 1
        correction1, correction2 = 1 - BETA1**self._updates, 1 - BETA2**self._updates
        self._first.lerp_(self.gradients, 1 - BETA1)
        self._second.mul_(BETA2).addcmul_(self.gradients, self.gradients, value=1 - BETA2)
        scale = (self._second / correction2).sqrt_().add_(EPS)
        rates = (lr / -correction1).to(self.weights.device)
        self.weights.addcdiv_(rates[self._owner].mul_(self._first), scale)
        self.gradients.zero_()


class MemberAdam:
    """Adam for a list of weights (members, ...), each member with its own learning rate; in place."""

    def __init__(
        self, weights: Sequence[Tensor], lrs: Sequence[float], betas: tuple[float, float] = (BETA1, BETA2)
    ) -> None:
        self._weights = tuple(weights)
        self._lrs = torch.tensor(lrs)
        self._betas = betas
        self._moments = [(torch.zeros_like(w), torch.zeros_like(w)) for w in weights]
        self._updates = 0

    @torch.no_grad()
    def step(self, gradients: Sequence[Tensor], share: float = 1.0) -> None:
        """One update by gradients (members, ...) shaped like the weights, at a ``share`` of the learning rates."""
        self._updates += 1
        beta1, beta2 = self._betas
        correction1, correction2 = 1 - beta1**self._updates, 1 - beta2**self._updates
        for weight, gradient, (first, second) in zip(self._weights, gradients, self._moments, strict=True):
            first.lerp_(gradient, 1 - beta1)
            second.mul_(beta2).addcmul_(gradient, gradient, value=1 - beta2)
            lrs = share * self._lrs.reshape(-1, *[1] * (weight.dim() - 1))
            weight -= lrs * (first / correction1) / ((second / correction2).sqrt() + EPS)


def train_side_by_side(
    network: nn.Module, split: Split, budget: Budget, rates: Sequence[Rate], *, seed: int
) -> tuple[Fit, ...]:
    """Train every member of ``network``, images (n, ...) to logits (members, n, classes), by Adam and cross entropy.

    The network is changed in place; ``seed`` decides the batches. A member that diverges goes on without disturbing
    the others and is counted as diverged. ``budget.warmup`` has no effect: rates have their own.

    Raises:
        ValueError: another optimizer is asked for.
    """
    if budget.optimizer != "adam":
        raise ValueError(f"expected the optimizer adam, got {budget.optimizer}; train the networks one by one")
    with reproducible(seed):
        order = torch.Generator().manual_seed(seed)
        adam = FlatAdam(network)
        losses = torch.empty(budget.steps, len(rates))
        batches = drawn_batches(len(split.train), budget.batch_size, budget.steps, order)
        for step, batch in enumerate(batches):
            loss = member_losses(network(split.train.inputs[batch]), split.train.labels[batch])
            losses[step] = loss.detach()
            loss.sum().backward()  # members share no number: each gets its own gradient
            adam.update(budget.share(step) * torch.tensor([rate.at(step) for rate in rates]))
        parts = (split.train.first(SEEN), split.validation, split.test)
        train, validation, test = (member_accuracies(network, part) for part in parts)
    return tuple(
        fit_of(losses[:, i].tolist(), (train[i], validation[i], test[i]), budget, rate.lr, split.classes)
        for i, rate in enumerate(rates)
    )


def member_losses(logits: Tensor, labels: Tensor) -> Tensor:
    """Mean cross entropy (members,) of logits (members, n, classes) for labels (n,)."""
    members = len(logits)
    return cross_entropy(logits.flatten(0, 1), labels.repeat(members), reduction="none").view(members, -1).mean(1)


def member_accuracies(network: nn.Module, examples: Examples, batch_size: int = 250) -> list[float]:
    """Share of ``examples`` that each member classifies right, in evaluation mode; nan without examples."""
    if not len(examples):
        return [float("nan")] * len(next(network.parameters()))
    with evaluating(network):
        found = torch.cat([network(part).argmax(-1) for part in examples.inputs.split(batch_size)], dim=1)
    return (found == examples.labels).double().mean(1).tolist()
