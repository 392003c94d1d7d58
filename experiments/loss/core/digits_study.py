"""Losses and metrics of one data set side by side: along a training, and at the end of tuned ones.

Inputs lie in [0, 1]. Corruption is applied to test images only. Knows nothing of where the images come from.
Source: Guo et al.: On Calibration of Modern Neural Networks, ICML 2017.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from experiments.foundation.networks.ensemble import Ensemble, Member
from experiments.foundation.networks.metrics import correct, expected_calibration_error
from experiments.foundation.networks.split import Split
from experiments.loss.core import classification

LOSSES = {
    "ce": classification.cross_entropy,
    "mse_logits": classification.squared_logits,
    "mse_softmax": classification.squared_softmax,
    "mse_sigmoid": classification.squared_sigmoid,
    "hinge": classification.hinge,
}
Corruption = Literal["gauss", "salt", "shift"]


@dataclass(frozen=True, kw_only=True)
class Corrupted:
    """A split of flat images, and its test inputs (n, features) corrupted."""

    split: Split
    corrupted: Tensor


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What one member shows at one step."""

    member: int
    step: int
    train_loss: float
    validation_accuracy: float
    validation_nll: float
    test_accuracy: float
    corrupted_accuracy: float
    test_nll: float
    test_brier: float
    test_ece: float


def corrupt(images: Tensor, corruption: Corruption, severity: float, rng: torch.Generator) -> Tensor:
    """Images (n, h, w) in [0, 1] with normal noise of deviation ``severity``, that share of pixels at 0 or 1, or
    shifted by round(4 * severity) pixels to the right."""
    if corruption == "gauss":
        return (images + severity * torch.randn(images.shape, generator=rng)).clamp(0, 1)
    if corruption == "salt":
        hit = torch.rand(images.shape, generator=rng) < severity
        return torch.where(hit, (torch.rand(images.shape, generator=rng) < 0.5).float(), images)
    shift = round(4 * severity)
    moved = torch.zeros_like(images)
    moved[:, :, shift:] = images[:, :, : images.shape[2] - shift]
    return moved


def noisy_labels(targets: Tensor, share: float, classes: int, rng: torch.Generator) -> Tensor:
    """``targets`` (n,) with that share replaced by another class, drawn evenly."""
    other = (targets + torch.randint(1, classes, targets.shape, generator=rng)) % classes
    return torch.where(torch.rand(targets.shape, generator=rng) < share, other, targets)


def trajectories(
    data: Corrupted,
    *,
    label_noise: Sequence[float],
    widths: Sequence[int],
    lr: float,
    steps: int,
    every: int,
    rng: torch.Generator,
) -> Iterator[Measured]:
    """Cross-entropy trained with one member per entry of ``label_noise``; noise also in the validation labels."""
    split = data.split
    members = [Member(classification.cross_entropy, lr, start) for start in range(len(label_noise))]
    train, validation = (
        torch.stack([noisy_labels(labels, share, split.classes, rng) for share in label_noise])
        for labels in (split.train.labels, split.validation.labels)
    )
    ensemble = Ensemble(members, (split.features, *widths, split.classes), rng)
    for step, _ in ensemble.train(split.train.inputs, train, steps=steps, batch=64, rng=rng):
        if step % every == 0:
            yield from measure(ensemble, data, train, validation, step)


def tuned(
    data: Corrupted,
    *,
    losses: Sequence[str],
    lrs: Sequence[float],
    widths: Sequence[int],
    steps: int,
    rng: torch.Generator,
) -> Iterator[tuple[str, float, Measured]]:
    """(loss, learning rate, what it shows at the end), every loss on the same grid, from the same start."""
    split = data.split
    settings = [(loss, lr) for loss in losses for lr in lrs]
    members = [Member(LOSSES[loss], lr) for loss, lr in settings]
    ensemble = Ensemble(members, (split.features, *widths, split.classes), rng)
    train, validation = (labels.expand(len(members), -1) for labels in (split.train.labels, split.validation.labels))
    for _ in ensemble.train(split.train.inputs, train, steps=steps, batch=64, rng=rng):
        pass
    for found in measure(ensemble, data, train, validation, steps):
        yield (*settings[found.member], found)


@torch.no_grad()
def measure(ensemble: Ensemble, data: Corrupted, train: Tensor, validation: Tensor, step: int) -> Iterator[Measured]:
    """One observation per member; ``train`` and ``validation`` are the labels of each (members, n)."""
    split = data.split
    losses = ensemble.losses(split.train.inputs, train)
    logits = {
        "validation": ensemble.logits(split.validation.inputs),
        "test": ensemble.logits(split.test.inputs),
        "corrupted": ensemble.logits(data.corrupted),
    }
    truth = split.test.labels
    for member in range(len(ensemble.members)):
        test, held_out = logits["test"][member], logits["validation"][member]
        yield Measured(
            member=member,
            step=step,
            train_loss=losses[member].item(),
            validation_accuracy=accuracy(held_out, validation[member]),
            validation_nll=classification.cross_entropy(held_out, validation[member]).mean().item(),
            test_accuracy=accuracy(test, truth),
            corrupted_accuracy=accuracy(logits["corrupted"][member], truth),
            test_nll=classification.cross_entropy(test, truth).mean().item(),
            test_brier=classification.squared_softmax(test, truth).mean().item(),
            test_ece=expected_calibration_error(test.softmax(1), truth),
        )


def accuracy(logits: Tensor, targets: Tensor) -> float:
    """Share of largest scores that are right, of logits (n, classes) and targets (n,); NaN scores count as wrong."""
    right = correct(logits, targets) & torch.isfinite(logits).all(1)
    return right.double().mean().item()
