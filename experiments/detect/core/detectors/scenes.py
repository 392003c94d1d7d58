"""Random ground truth and detections with errors of known rates, to measure metrics with.

Images are 640 x 480. An object's detection is its box with corners moved by normal noise, in shares of its sides;
further detections repeat one (duplicates) or lie anywhere (false positives). Scores fall with the noise, are rounded
so that many are equal, and false positives score lower on average.
Source: the kinds of errors are those of Bolya et al.: TIDE, ECCV 2020.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from experiments.detect.core.ground_truth import Detections, GroundTruth

WIDTH, HEIGHT = 640.0, 480.0


@dataclass(frozen=True, kw_only=True)
class SceneRates:
    """What a random set looks like."""

    images: int = 50
    classes: int = 6
    """One further class has no objects and one no detections."""
    objects: float = 6.0
    """Mean number of objects per image; some images have none."""
    jitter: float = 0.1
    """Standard deviation of a detection's corners, in sides of its object."""
    miss_rate: float = 0.1
    dup_rate: float = 0.1
    fp_rate: float = 0.2
    """False positives per object."""
    confusion_rate: float = 0.05
    """Share of detections with another class."""
    crowd_rate: float = 0.05
    score_digits: int = 2
    """Decimals of a score; fewer make more ties."""


def random_scene(rng: np.random.Generator, rates: SceneRates) -> tuple[GroundTruth, Detections]:
    """A random set; classes + 2 classes, of which the last but one has no objects and the last no detections."""
    counts = rng.poisson(rates.objects, rates.images)
    images = np.repeat(np.arange(rates.images, dtype=np.int64), counts)
    n = len(images)
    boxes = _random_boxes(rng, n)
    classes = rng.integers(rates.classes + 1, size=n)
    classes[classes == rates.classes] += 1
    ground_truth = GroundTruth(
        images=images,
        classes=classes,
        boxes_xywh=boxes,
        areas=boxes[:, 2] * boxes[:, 3] * rng.uniform(0.4, 1.0, n),
        crowd=rng.random(n) < rates.crowd_rate,
        n_classes=rates.classes + 2,
    )
    return ground_truth, random_detections(rng, ground_truth, rates)


def random_detections(rng: np.random.Generator, ground_truth: GroundTruth, rates: SceneRates) -> Detections:
    """What a detector with these errors finds of a random set."""
    n = len(ground_truth.images)
    seen = np.flatnonzero((rng.random(n) >= rates.miss_rate) & (ground_truth.classes <= rates.classes))
    sources = np.concatenate([seen, seen[rng.random(len(seen)) < rates.dup_rate]])
    noise = rng.normal(0.0, rates.jitter, (len(sources), 4))
    found = _moved(ground_truth.boxes_xywh[sources], noise)
    classes = ground_truth.classes[sources]
    confused = rng.random(len(sources)) < rates.confusion_rate
    classes = np.where(confused, rng.integers(rates.classes + 1, size=len(sources)), classes)
    wrong = rng.poisson(rates.fp_rate * n)
    scores = np.concatenate(
        [1 / (1 + 3 * np.abs(noise).sum(1)) * rng.uniform(0.6, 1, len(sources)), rng.beta(2, 4, wrong)]
    )
    return Detections(
        images=np.concatenate([ground_truth.images[sources], rng.integers(rates.images, size=wrong)]),
        classes=np.concatenate([classes, rng.integers(rates.classes + 1, size=wrong)]),
        boxes_xywh=np.concatenate([found, _random_boxes(rng, wrong)]),
        scores=np.round(scores, rates.score_digits),
    )


def _random_boxes(rng: np.random.Generator, n: int) -> NDArray[np.float64]:
    """(n, 4) x, y, width, height: log-uniform sides from 8 to 300 pixels, so that all of COCO's sizes occur."""
    sides = np.minimum(np.exp(rng.uniform(np.log(8), np.log(300), (n, 2))), (WIDTH, HEIGHT))
    return np.concatenate([rng.uniform(0, 1, (n, 2)) * ((WIDTH, HEIGHT) - sides), sides], axis=1)


def _moved(boxes: NDArray[np.float64], noise: NDArray[np.float64]) -> NDArray[np.float64]:
    """Boxes whose two corners moved by ``noise`` sides; a side never shrinks below a pixel."""
    sides = np.tile(boxes[:, 2:], 2)
    shift = noise * sides
    size = np.maximum(boxes[:, 2:] + shift[:, 2:] - shift[:, :2], 1.0)
    return np.concatenate([boxes[:, :2] + shift[:, :2], size], axis=1)
