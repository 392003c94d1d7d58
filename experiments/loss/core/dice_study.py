"""Segmentation losses trained alike and read at two thresholds: one half, and the one chosen on validation images.

Masks are compared per image by Dice, the F1 score of their pixels. Losses are batch means of per-image losses.
Source: Milletari et al.: V-Net, 3DV 2016; Jadon: A survey of loss functions for semantic segmentation, CIBCB 2020.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from experiments.foundation.networks.batches import drawn_batches
from experiments.foundation.networks.ensemble import Member
from experiments.loss.core.classification import binary_cross_entropy
from experiments.loss.core.overlap import dice_score, soft_dice, soft_iou
from experiments.loss.core.segments import boundary_iou, pictures
from experiments.loss.core.unets import UNets

BATCH = 8
THRESHOLDS = torch.linspace(-4, 2, 25)
"""Logits tried as thresholds on validation images."""
SNR_READINGS, SNR_APART = 4, 3
"""How often the steadiness of gradients is read at the end of training, and how many steps lie between."""
ImageLoss = Callable[[Tensor, Tensor], Tensor]
"""Logits and masks (n, 1, h, w) -> losses (n,)."""


@dataclass(frozen=True, kw_only=True)
class Reading:
    """One network at one step, on test images."""

    step: int
    validation_dice: float
    """At the threshold chosen there."""
    dice_at_half: float
    dice_at_validated: float
    threshold: float
    """Probability chosen on validation images."""
    boundary_iou: float
    """At the validated threshold."""
    nll: float
    """Cross-entropy per pixel."""
    gradient_snr: float
    """|mean gradient|^2 / total variance over batches of training images: the geometric mean over four steps at the
    end, because it moves much from step to step; NaN at earlier readings."""


@dataclass(frozen=True, kw_only=True)
class Pictures:
    """Images and masks for training, validation and test."""

    train: tuple[Tensor, Tensor]
    validation: tuple[Tensor, Tensor]
    test: tuple[Tensor, Tensor]

    @classmethod
    def draw(cls, n: int, size: int, foreground: float, rng: torch.Generator) -> Pictures:
        """n pictures for training, n for validation, twice as many for test."""
        train, validation, test = (pictures(count, size, foreground, rng) for count in (n, n, 2 * n))
        return cls(train=train, validation=validation, test=test)


def image_losses(smooth: float, foreground: float) -> dict[str, ImageLoss]:
    """The losses by name; "wce" weighs the foreground by the number of background pixels per pixel of it."""

    def cross_entropy(logits: Tensor, masks: Tensor, weight: float = 1.0) -> Tensor:
        return binary_cross_entropy(logits, masks, positive_weight=weight).flatten(1).mean(1)

    def dice(logits: Tensor, masks: Tensor) -> Tensor:
        return soft_dice(logits.sigmoid(), masks, smooth=smooth)

    return {
        "ce": cross_entropy,
        "wce": lambda logits, masks: cross_entropy(logits, masks, (1 - foreground) / foreground),
        "dice": dice,
        "iou": lambda logits, masks: soft_iou(logits.sigmoid(), masks, smooth=smooth),
        "ce_dice": lambda logits, masks: cross_entropy(logits, masks) + dice(logits, masks),
    }


@dataclass(frozen=True)
class Arm:
    """One network: its loss by name, its learning rate and whether it has skip connections."""

    loss: str
    lr: float
    skips: bool = True


def train(
    data: Pictures,
    arms: Sequence[Arm],
    losses: Mapping[str, ImageLoss],
    *,
    read_at: Sequence[int],
    width: int,
    rng: torch.Generator,
) -> Iterator[tuple[Arm, Reading]]:
    """Train a U-Net per arm with Adam up to the last step of ``read_at`` and read all of them at each; they share the
    first weights and the order of the images, so that arms are paired."""
    members = [Member(losses[arm.loss], arm.lr) for arm in arms]
    networks = UNets(members, [arm.skips for arm in arms], width, rng)
    images, masks = data.train
    last = max(read_at)
    steady: list[Tensor] = []
    for step, chosen in enumerate(drawn_batches(len(images), BATCH, last, rng), start=1):
        networks.update(images[chosen], masks[chosen])
        if step in range(last, 0, -SNR_APART)[:SNR_READINGS]:
            steady.append(gradient_snr(networks, data.train).log())
        if step in read_at:
            ratios = torch.stack(steady).mean(0).exp() if step == last else torch.full((len(arms),), torch.nan)
            yield from zip(arms, read(networks, data, step, ratios), strict=True)


def read(networks: UNets, data: Pictures, step: int, ratios: Tensor) -> Iterator[Reading]:
    """All measures, network by network; ``ratios`` (members,) are those of ``gradient_snr``."""
    with torch.no_grad():
        validation, test = networks.logits(data.validation[0]), networks.logits(data.test[0])
    truth, validation_truth = data.test[1][:, 0] > 0.5, data.validation[1][:, 0] > 0.5
    for held_out, logits, snr in zip(validation, test, ratios.tolist(), strict=True):
        scores = torch.stack([dice_score(held_out > t, validation_truth).mean() for t in THRESHOLDS])
        threshold = THRESHOLDS[scores.argmax()]
        predicted = logits > threshold
        yield Reading(
            step=step,
            validation_dice=scores.max().item(),
            dice_at_half=dice_score(logits > 0, truth).mean().item(),
            dice_at_validated=dice_score(predicted, truth).mean().item(),
            threshold=threshold.sigmoid().item(),
            boundary_iou=boundary_iou(predicted[:, None], truth[:, None]),
            nll=functional.binary_cross_entropy_with_logits(logits, data.test[1][:, 0]).item(),
            gradient_snr=snr,
        )


def gradient_snr(networks: UNets, data: tuple[Tensor, Tensor]) -> Tensor:
    """|mean|^2 / trace of the covariance of n batch gradients, by network (members,); the mean's own noise adds 1 / n
    to its expectation."""
    images, masks = (side[: len(side) // BATCH * BATCH].split(BATCH) for side in data)
    gradients = torch.stack(
        [torch.cat([g.flatten(1) for g in networks.gradients(x, t)], 1) for x, t in zip(images, masks, strict=True)]
    )
    mean, variance = gradients.mean(0), gradients.var(0).sum(1)
    return mean.square().sum(1) / variance.clamp_min(1e-30)
