"""Trainings that are compared: one budget, one grid of learning rates, one validation part for all arms.

Diverged runs are counted, not dropped, and the test part is read once, after training. Source: the rules of fair
tuning in Bouthillier et al.: Accounting for Variance in Machine Learning Benchmarks, MLSys 2021.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import nn

from experiments.foundation.networks.batches import drawn_batches
from experiments.foundation.networks.fit import batch_losses, steps
from experiments.foundation.networks.scores.evaluation import network_accuracy
from experiments.foundation.networks.split import Split
from experiments.foundation.networks.timing import reproducible
from experiments.foundation.networks.tuning import Choice, choose

SMOOTHING = 10
"""Batches over which the training loss is averaged."""
SEEN = 1000
"""Training images, the first ones, on which the training accuracy is read."""


@dataclass(frozen=True, kw_only=True)
class Budget:
    """What every arm of a comparison gets alike."""

    steps: int
    batch_size: int
    optimizer: Literal["sgd", "adam"] = "sgd"
    momentum: float = 0.9
    """Of sgd, Polyak's."""
    warmup: int = 0
    """Steps over which the learning rate rises linearly from 0."""
    falls: bool = False
    """Whether the learning rate falls linearly to 0 over all steps, so that the last batches decide less."""
    target_loss: float = 0.0
    """Training loss, averaged over ten batches, whose first step below it is noted."""

    def share(self, step: int) -> float:
        """What is left of the learning rate at update ``step``, counted from 0."""
        return 1 - step / self.steps if self.falls else 1.0


@dataclass(frozen=True, kw_only=True)
class Fit:
    """One finished training."""

    lr: float
    train_loss: float
    """Mean of the last ten batches; nan if it diverged."""
    steps_to_target: int
    """First step with the averaged loss below the target; all steps where that never happened, a lower bound."""
    reached: bool
    diverged: bool
    """Loss not finite, or more than ten times that of the first batch: then all accuracies are those of chance."""
    train_accuracy: float
    validation_accuracy: float
    test_accuracy: float
    losses: tuple[float, ...]


@dataclass(frozen=True, kw_only=True)
class Tuned:
    """The trainings of one arm by one seed over its grid of learning rates, in the order of the grid."""

    fits: tuple[Fit, ...]

    @property
    def best(self) -> Fit:
        """The fit of highest validation accuracy; of equal ones that of the lowest training loss."""
        return self._choice.rows[0]

    @property
    def at_edge(self) -> bool:
        """Whether the best learning rate is the smallest or the largest tried, so that a better one may lie beyond."""
        return self._choice.at_edge

    @property
    def diverged(self) -> int:
        """How many of them diverged."""
        return sum(fit.diverged for fit in self.fits)

    @property
    def _choice(self) -> Choice[Fit]:
        def score(fit: Fit) -> tuple[float, float]:
            return fit.validation_accuracy, -fit.train_loss if math.isfinite(fit.train_loss) else -math.inf

        return choose(self.fits, score=score, arm=lambda _: "", seed=lambda _: 0)[""]


def tune(build: Callable[[], nn.Module], split: Split, budget: Budget, lrs: Sequence[float], *, seed: int) -> Tuned:
    """Train a network from the same initial weights and batches at every learning rate of ``lrs``."""
    return Tuned(fits=tuple(train(build, split, budget, lr, seed=seed) for lr in lrs))


def train(build: Callable[[], nn.Module], split: Split, budget: Budget, lr: float, *, seed: int) -> Fit:
    """Build, train and measure one network by cross entropy on one thread.

    ``seed`` decides its weights, by torch's global generator, and its batches, drawn with replacement.
    """
    with reproducible(seed):
        network = build()
        order = torch.Generator().manual_seed(seed)
        batches = drawn_batches(len(split.train), budget.batch_size, budget.steps, order)
        rises = (min(1.0, (step + 1) / (budget.warmup + 1)) for step in range(budget.steps))
        rates = [lr * rise * budget.share(step) for step, rise in enumerate(rises)]
        losses: list[float] = []
        for _, loss in steps(_optimizer(network, budget, lr), batch_losses(network, split.train, batches), rates=rates):
            losses.append(loss)
            if not _sane(loss, losses[0]):
                break
        parts = (split.train.first(SEEN), split.validation, split.test)
        shown = [network_accuracy(network, part) if len(part) else math.nan for part in parts]
        return fit_of(losses, shown, budget, lr, split.classes)


def fit_of(losses: Sequence[float], accuracies: Sequence[float], budget: Budget, lr: float, classes: int) -> Fit:
    """What a training with these losses came to; ``accuracies`` on training, validation and test data.

    Where it diverged, those of chance stand in their place.
    """
    diverged = len(losses) < budget.steps or any(not _sane(loss, losses[0]) for loss in losses)
    first = next((step + 1 for step, mean in enumerate(smoothed(losses)) if mean < budget.target_loss), None)
    train, validation, test = [1 / classes] * 3 if diverged else accuracies
    last = losses[-SMOOTHING:]
    return Fit(
        lr=lr,
        train_loss=math.nan if diverged else sum(last) / len(last),
        steps_to_target=budget.steps if first is None or diverged else first,
        reached=first is not None and not diverged,
        diverged=diverged,
        train_accuracy=train,
        validation_accuracy=validation,
        test_accuracy=test,
        losses=tuple(losses),
    )


def smoothed(losses: Sequence[float]) -> list[float]:
    """Mean over the last ten values up to each position; nan before the tenth.

    >>> smoothed([1.0] * 9 + [11.0])[-2:]
    [nan, 2.0]
    """
    means = [math.nan] * len(losses)
    for end in range(SMOOTHING, len(losses) + 1):
        means[end - 1] = sum(losses[end - SMOOTHING : end]) / SMOOTHING
    return means


def _optimizer(network: nn.Module, budget: Budget, lr: float) -> torch.optim.Optimizer:
    parameters = [parameter for parameter in network.parameters() if parameter.requires_grad]
    if budget.optimizer == "adam":
        return torch.optim.Adam(parameters, lr=lr, fused=True)
    return torch.optim.SGD(parameters, lr=lr, momentum=budget.momentum, fused=True)


def _sane(loss: float, first: float) -> bool:
    """Finite, and at most ten times the loss of the first batch."""
    return math.isfinite(loss) and loss <= 10 * max(first, 1.0)
