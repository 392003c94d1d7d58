"""Does a network see the same in a moved image? Transformations of images, and scores of what stays.

Images are (n, c, h, w); what comes in from outside is the background, the smallest value of all images, or, for
circular shifts, the other side. Scores grow when better and are 1 for an invariant network.
Sources: Azulay, Weiss, Why Do Deep Convolutional Networks Generalize so Poorly to Small Image Transformations?, JMLR
20, 2019; Zhang, Making Convolutional Networks Shift-Invariant Again, ICML 2019.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import fmean
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional

from experiments.cnn.core.pooling import Border
from experiments.cnn.core.pooling_network import PoolingMembers

Transformation = Literal["shift", "rotate", "scale"]
BATCH = 100
"""Networks times images whose maps are computed at once, so that they stay in the cache."""


@dataclass(frozen=True, kw_only=True)
class Stays:
    """What stays in moved images: means over networks."""

    invariance: float
    """Cosine of centered features before and after: 1 where nothing changed, 0 for another image."""
    feature_cosine: float
    """The same without centering."""
    agreement: float
    """Share of images whose predicted class stays."""
    agreement_when_correct: float
    """Among the images that were classified correctly before; nan if there are none."""


def transform(images: Tensor, by: Transformation, amount: float, border: Border) -> Tensor:
    """``images`` moved right by ``amount`` pixels, turned left by ``amount`` degrees, or scaled by the factor."""
    match by:
        case "shift":
            return shifted(images, round(amount), border)
        case "rotate":
            angle = math.radians(amount)
            cos, sin = math.cos(angle), math.sin(angle)
            return warped(images, ((cos, -sin), (sin, cos)))
        case "scale":
            return warped(images, ((1 / amount, 0.0), (0.0, 1 / amount)))


def shifted(images: Tensor, pixels: int, border: Border) -> Tensor:
    """Every row moved right by ``pixels``, around the edge or out of the image."""
    moved = images.roll(pixels, 3)
    if border == "zero" and pixels > 0:
        moved[..., :pixels] = images.min()
    return moved


def warped(images: Tensor, matrix: tuple[tuple[float, float], tuple[float, float]]) -> Tensor:
    """At (x, y) from the center, x right and y down, the image at ``matrix`` @ (x, y), bilinearly; all square."""
    theta = torch.zeros(1, 2, 3, dtype=images.dtype)
    theta[0, :, :2] = torch.tensor(matrix, dtype=images.dtype)
    background = images.min()
    grid = functional.affine_grid(theta.expand(len(images), 2, 3), list(images.shape), align_corners=False)
    return functional.grid_sample(images - background, grid, align_corners=False) + background


def cosine(features: Tensor, moved: Tensor) -> float:
    """Mean over images of the cosine between features (n, ...) before and after; 0 where one has no length."""
    return float(functional.cosine_similarity(features.flatten(1), moved.flatten(1)).mean())


def invariance(features: Tensor, moved: Tensor) -> float:
    """The cosine of what sets images apart: both features less the mean of ``features`` (n, ...) over the images.

    1: nothing changed; near 0: the moved image is no more like its original than another image is. Without the
    centering every blur would seem invariant, since features after a ReLU are alike for all images.
    """
    center = features.mean(0, keepdim=True)
    return cosine(features - center, moved - center)


def agreement(before: Tensor, after: Tensor, labels: Tensor) -> tuple[float, float]:
    """Share of images whose predicted class (n,) stays: of all, and of those that were classified correctly."""
    same, correct = (before == after).double(), before == labels
    return float(same.mean()), float(same[correct].mean())


def features_of(networks: PoolingMembers, images: Tensor) -> Tensor:
    """Features (members, n, features) in small batches."""
    batch = max(1, BATCH // len(networks.networks))
    return torch.cat([networks.features(part) for part in images.split(batch)], 1)


def what_stays(networks: PoolingMembers, features: Tensor, moved: Tensor, labels: Tensor) -> Stays:
    """Scores of features (members, n, features) before and after."""
    before, after = (networks.classified(part).argmax(2) for part in (features, moved))
    kept = [agreement(*predictions, labels) for predictions in zip(before, after, strict=True)]
    pairs = list(zip(features, moved, strict=True))
    return Stays(
        invariance=fmean(invariance(*pair) for pair in pairs),
        feature_cosine=fmean(cosine(*pair) for pair in pairs),
        agreement=fmean(of_all for of_all, _ in kept),
        agreement_when_correct=fmean(when_correct for _, when_correct in kept),
    )
