"""Segmentation losses trained alike and read at two thresholds: one half, and the one chosen on validation images.

Masks are compared per image by Dice, the F1 score of their pixels. Losses are batch means of per-image losses.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from experiments.loss.core.classification import binary_cross_entropy
from experiments.loss.core.overlap import dice_score, soft_dice, soft_iou
from experiments.loss.core.segments import UNet, boundary_iou, pictures

BATCH = 8
THRESHOLDS = torch.linspace(-4, 2, 25)
"""Logits tried as thresholds on validation images."""
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
    """|mean gradient|^2 / total variance over batches of training images."""


@dataclass(frozen=True, kw_only=True)
class Pictures:
    """Images and masks for training, validation and test."""

    train: tuple[Tensor, Tensor]
    validation: tuple[Tensor, Tensor]
    test: tuple[Tensor, Tensor]

    @classmethod
    def draw(cls, n: int, size: int, foreground: float, rng: torch.Generator) -> Pictures:
        """n pictures for training, half as many for validation, n for test."""
        train, validation, test = (pictures(count, size, foreground, rng) for count in (n, max(n // 2, 2), n))
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


def train(
    data: Pictures, loss: ImageLoss, *, lr: float, read_at: Sequence[int], skips: bool, width: int, seed: int
) -> Iterator[Reading]:
    """Train a U-Net with Adam up to the last step of ``read_at`` and read it at each; ``seed`` sets the first weights
    and the order of the images, so that arms are paired."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = UNet(width, skips=skips)
    rng = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.Adam(network.parameters(), lr=lr)
    images, masks = data.train
    for step in range(1, max(read_at) + 1):
        chosen = torch.randint(len(images), (BATCH,), generator=rng)
        optimizer.zero_grad()
        loss(network(images[chosen]), masks[chosen]).mean().backward()
        optimizer.step()
        if step in read_at:
            yield read(network, data, loss, step)


def read(network: UNet, data: Pictures, loss: ImageLoss, step: int) -> Reading:
    """All measures of a network."""
    with torch.no_grad():
        held_out, logits = network(data.validation[0]), network(data.test[0])
    truth, validation_truth = data.test[1] > 0.5, data.validation[1] > 0.5
    scores = torch.stack([dice_score(held_out > t, validation_truth).mean() for t in THRESHOLDS])
    threshold = THRESHOLDS[scores.argmax()]
    predicted = logits > threshold
    return Reading(
        step=step,
        validation_dice=scores.max().item(),
        dice_at_half=dice_score(logits > 0, truth).mean().item(),
        dice_at_validated=dice_score(predicted, truth).mean().item(),
        threshold=threshold.sigmoid().item(),
        boundary_iou=boundary_iou(predicted, truth),
        nll=functional.binary_cross_entropy_with_logits(logits, data.test[1]).item(),
        gradient_snr=gradient_snr(network, data.train, loss),
    )


def gradient_snr(network: UNet, data: tuple[Tensor, Tensor], loss: ImageLoss) -> float:
    """|mean|^2 / trace of the covariance of n batch gradients; the mean's own noise adds 1 / n to its expectation."""
    images, masks = (side[: len(side) // BATCH * BATCH].split(BATCH) for side in data)
    weights = list(network.parameters())
    gradients = torch.stack(
        [
            torch.cat([g.flatten() for g in torch.autograd.grad(loss(network(x), t).mean(), weights)])
            for x, t in zip(images, masks, strict=True)
        ]
    )
    mean, variance = gradients.mean(0), gradients.var(0).sum()
    return (mean.square().sum() / variance.clamp_min(1e-30)).item()
