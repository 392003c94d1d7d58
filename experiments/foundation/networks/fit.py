"""The short training loop of small studies, and its tuning: one learning-rate grid, one validation split for all arms.

It counts diverged runs instead of dropping them and reads the test part once, after training. It knows nothing of data
sets, precision or checkpoints. Source: the rules of fair tuning in Bouthillier et al.: Accounting for Variance in
Machine Learning Benchmarks, MLSys 2021.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from experiments.foundation.networks.splits import Split

OptimizerName = Literal["sgd", "adam"]
SMOOTHING = 10
"""Batches over which the training loss is averaged."""


@dataclass(frozen=True, kw_only=True)
class Budget:
    """What every arm of a comparison gets alike."""

    steps: int
    batch_size: int
    optimizer: OptimizerName = "sgd"
    momentum: float = 0.9
    """Of sgd."""
    warmup: int = 0
    """Steps over which the learning rate rises linearly from 0."""
    target_loss: float = 0.0
    """Training loss, averaged over ten batches, whose first step below it is noted."""


@dataclass(frozen=True, kw_only=True)
class Fit:
    """One finished training."""

    lr: float
    train_loss: float
    """Mean of the last ten batches; nan if it diverged at once."""
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
    """The trainings of one arm over its grid of learning rates, in the order of the grid."""

    fits: tuple[Fit, ...]

    @property
    def best(self) -> Fit:
        """The fit of highest validation accuracy; of equal ones that of the lowest training loss."""
        return max(self.fits, key=lambda fit: (fit.validation_accuracy, -_comparable(fit.train_loss)))

    @property
    def at_edge(self) -> bool:
        """Whether the best learning rate is the smallest or the largest tried, so that a better one may lie beyond."""
        rates = [fit.lr for fit in self.fits]
        return len(rates) > 1 and self.best.lr in (min(rates), max(rates))

    @property
    def diverged(self) -> int:
        return sum(fit.diverged for fit in self.fits)


@contextmanager
def reproducible(seed: int, threads: int = 1) -> Iterator[None]:
    """torch seeded and on ``threads`` threads inside, as it was before outside. Small tensors want one thread."""
    before = torch.get_num_threads()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        torch.set_num_threads(threads)
        try:
            yield
        finally:
            torch.set_num_threads(before)


def tune(build: Callable[[], nn.Module], split: Split, budget: Budget, lrs: Sequence[float], *, seed: int) -> Tuned:
    """Train a network from the same initial weights and batches at every learning rate of ``lrs``."""
    return Tuned(fits=tuple(train(build, split, budget, lr, seed=seed) for lr in lrs))


def train(build: Callable[[], nn.Module], split: Split, budget: Budget, lr: float, *, seed: int) -> Fit:
    """Build, train and measure one network by cross entropy; ``seed`` decides its weights and its batches."""
    with reproducible(seed):
        network = build()
        order = torch.Generator().manual_seed(seed)
        optimizer = _optimizer(network, budget, lr)
        losses: list[float] = []
        for step in range(budget.steps):
            for group in optimizer.param_groups:
                group["lr"] = lr * min(1.0, (step + 1) / (budget.warmup + 1))
            batch = torch.randint(len(split.train_y), (budget.batch_size,), generator=order)
            loss = cross_entropy(network(split.train_x[batch]), split.train_y[batch])
            losses.append(float(loss.detach()))
            if not _sane(losses[-1], losses[0]):
                break
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        seen = split.train_x[:1000], split.train_y[:1000]
        parts = (seen, (split.validation_x, split.validation_y), (split.test_x, split.test_y))
        shown = [accuracy(network, *part) if len(part[1]) else math.nan for part in parts]
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


def accuracy(network: nn.Module, inputs: Tensor, labels: Tensor, batch_size: int = 1000) -> float:
    """Share of ``inputs`` (n, ...) whose largest logit is that of the label, in evaluation mode."""
    return float((predictions(network, inputs, batch_size) == labels).double().mean())


@torch.no_grad()
def predictions(network: nn.Module, inputs: Tensor, batch_size: int = 1000) -> Tensor:
    """Class (n,) of the largest logit for each of ``inputs`` (n, ...), in evaluation mode."""
    training = network.training
    network.eval()
    found = torch.cat([network(part).argmax(1) for part in inputs.split(batch_size)])
    network.train(training)
    return found


def smoothed(losses: Sequence[float]) -> list[float]:
    """Mean over the last ten values up to each position; nan before the tenth."""
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


def _comparable(loss: float) -> float:
    return loss if math.isfinite(loss) else math.inf
