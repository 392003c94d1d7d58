"""Masks without a network: Otsu's threshold of gray values, and a linear classifier of patches."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from experiments.arch.unet.networks import pixel_dice
from experiments.arch.unet.setup import Scenes
from experiments.lab.experiment import Part, Row, Table, observation
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measures import paired
from experiments.lab.judge.rules import Effect

if TYPE_CHECKING:
    from torch import Tensor

    from experiments.arch.unet.setup import Pictures

OTSU, LINEAR = "Otsu's threshold", "linear, 5 x 5 patches"
PATCH = 5
FITTED_PIXELS = 20_000
"""Patches to which the linear classifier is fitted at most; it has 26 numbers."""


@observation
class SimpleRow(Row):
    """One method on the test scenes of one contrast."""

    dataset: str
    method: str
    contrast: str
    dice: float
    """Of all test pixels together."""
    boundary_iou: float


def run(scenes: Scenes) -> Iterator[SimpleRow]:
    import torch

    from experiments.arch.core.otsu import otsu_mask
    from experiments.foundation.networks.scores.mask_scores import boundary_iou

    threshold, weights = linear_classifier(scenes.data.train, scenes.data.validation, scenes.seed)
    for contrast, (images, masks) in scenes.data.tests.items():
        otsu = torch.stack([torch.from_numpy(otsu_mask(image.numpy())) for image in images])
        for method, predicted in ((OTSU, otsu), (LINEAR, linear_scores(images, weights) > threshold)):
            yield SimpleRow(
                dataset=scenes.source,
                method=method,
                contrast=contrast,
                dice=pixel_dice(predicted, masks),
                boundary_iou=boundary_iou(predicted, masks),
            )


def linear_classifier(train: Pictures, validation: Pictures, seed: int) -> tuple[Tensor, Tensor]:
    """Threshold of the scores, by validation, and weights (26,) of a logistic regression, which has one optimum."""
    import torch
    from sklearn.linear_model import LogisticRegression

    from experiments.foundation.networks.scores.mask_scores import best_threshold

    columns, labels = patches(train[0]).flatten(0, 1), train[1].flatten()
    chosen = torch.randperm(len(labels), generator=torch.Generator().manual_seed(seed))[:FITTED_PIXELS]
    fitted = LogisticRegression(max_iter=1000).fit(columns[chosen].numpy(), labels[chosen].numpy())
    weights = torch.tensor([*fitted.coef_[0], *fitted.intercept_], dtype=torch.float32)
    threshold, _ = best_threshold(linear_scores(validation[0], weights).reshape(1, -1), validation[1].reshape(1, -1))
    return threshold, weights


def linear_scores(images: Tensor, weights: Tensor) -> Tensor:
    """Logits of images (n, 1, h, w), in their shape."""
    return (patches(images) @ weights[:-1] + weights[-1]).reshape(images.shape)


def patches(images: Tensor) -> Tensor:
    """The 5 x 5 patch around every pixel of images (n, 1, h, w), (n, h w, 25); zeros beyond the border."""
    from torch.nn.functional import unfold

    return unfold(images, PATCH, padding=PATCH // 2).transpose(1, 2)


PART = Part(
    name="simple",
    row=SimpleRow,
    run=run,
    claims=(
        Claim(
            "a_linear_classifier_is_below_otsu",
            statement="A linear classifier of 5 x 5 patches, trained, is below Otsu's threshold by 0.1 of Dice.",
            rule=Effect("Dice, Otsu - linear classifier of patches", delta=0.1),
            measure=paired("dice", method=(OTSU, LINEAR)),
            topic="Segmentation without a network",
            predicted="holds",
            source="ink is lighter here and darker there: no weighted sum of gray values is high for both",
        ),
    ),
    tables=(Table("Without a network", by=("method", "contrast"), columns=("dice", "boundary_iou")),),
)
