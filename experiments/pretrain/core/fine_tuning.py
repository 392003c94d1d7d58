"""Training on few labels, all weights or a probe on frozen features, by one protocol for every arm."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from typing import TypedDict

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from experiments.foundation.networks.batches import full_batches
from experiments.foundation.networks.fit import Fitted, fit
from experiments.foundation.networks.optimizers import build_optimizer
from experiments.foundation.networks.schedules import lr_factor
from experiments.foundation.networks.scores.evaluation import network_accuracy
from experiments.foundation.networks.split import Examples

BATCH_SIZE, WEIGHT_DECAY = 64, 0.01
STRENGTHS = (0.01, 0.1, 1.0, 10.0, 100.0)
"""Inverse strengths of a probe's penalty."""


def first_of_each_class(examples: Examples, count: int) -> Examples:
    """The first ``count`` examples of every class, or all where there are fewer.

    >>> first_of_each_class(Examples(torch.arange(5), torch.tensor([1, 0, 1, 1, 0])), 2).inputs
    tensor([1, 4, 0, 2])
    """
    classes = examples.labels.unique()
    chosen = torch.cat([(examples.labels == label).nonzero()[:count, 0] for label in classes])
    return Examples(examples.inputs[chosen], examples.labels[chosen])


def of_classes(examples: Examples, classes: range) -> Examples:
    """The examples of these classes.

    >>> of_classes(Examples(torch.arange(4), torch.tensor([0, 5, 9, 4])), range(5, 10)).inputs
    tensor([1, 2])
    """
    kept = (examples.labels >= classes.start) & (examples.labels < classes.stop)
    return Examples(examples.inputs[kept], examples.labels[kept])


def on_device(examples: Examples, device: torch.device) -> Examples:
    """The same examples in the memory of ``device``."""
    return Examples(examples.inputs.to(device), examples.labels.to(device))


def linear_rates(lr: float, steps: int) -> list[float]:
    """Learning rates (steps,) that fall linearly to zero.

    >>> linear_rates(1.0, 4)
    [1.0, 0.75, 0.5, 0.25]
    """
    return [lr * lr_factor("linear", step / steps) for step in range(steps)]


def fine_tune(
    network: nn.Module,
    examples: Examples,
    *,
    lr: float,
    steps: int,
    seed: int,
    change: Callable[[Tensor], Tensor] | None = None,
    after: Callable[[int], object] | None = None,
) -> Fitted:
    """AdamW on all weights at a rate that falls linearly to zero; ``change`` and ``after`` are those of ``fit``."""
    batches = full_batches(len(examples), BATCH_SIZE, steps, torch.Generator().manual_seed(seed))
    optimizer = build_optimizer("adamw", network.parameters(), lr=lr, weight_decay=WEIGHT_DECAY)
    rates = linear_rates(lr, steps)
    return fit(network, examples, optimizer, batches, change=change, rates=rates, clip=1.0, after=after)


class Outcome(TypedDict):
    """What a fine-tuned network came to; columns of rows under the same names."""

    train_loss: float
    validation_accuracy: float
    test_accuracy: float
    test_images: int


def outcome(network: nn.Module, fitted: Fitted, validation: Examples, test: Examples) -> Outcome:
    """The loss is the mean of the last ten batches; accuracies are means in float32, which every device has."""
    return Outcome(
        train_loss=statistics.fmean(fitted.losses[-10:]),
        validation_accuracy=network_accuracy(network, validation, dtype=torch.float32),
        test_accuracy=network_accuracy(network, test, dtype=torch.float32),
        test_images=len(test),
    )


def probe_accuracy(train: Examples, validation: Examples, test: Examples) -> float:
    """Test accuracy of a logistic regression on features (n, d), its penalty chosen on ``validation``."""
    from sklearn.linear_model import LogisticRegression

    mean, deviation = train.inputs.mean(0), train.inputs.std(0) + 1e-6

    def scaled(features: Tensor) -> NDArray[np.float32]:
        return ((features - mean) / deviation).numpy()

    probes = [LogisticRegression(C=c, max_iter=1000).fit(scaled(train.inputs), train.labels) for c in STRENGTHS]
    best = max(probes, key=lambda probe: probe.score(scaled(validation.inputs), validation.labels))
    return float(best.score(scaled(test.inputs), test.labels))
