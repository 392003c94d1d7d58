"""An image drawn twice counts like two images, and the same detector against itself differs by nothing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from experiments.detect.core.bootstrap import resampled_precisions
from experiments.detect.core.detectors.scenes import SceneRates, random_scene
from experiments.detect.core.evaluation import evaluate_detections
from experiments.detect.core.ground_truth import Detections, GroundTruth

IMAGES = np.arange(12)


class Drawn:
    """Stands in for a generator: draws that are known."""

    def __init__(self, draws: np.ndarray[tuple[int, int], np.dtype[np.int64]]) -> None:
        self.draws = draws

    def multinomial(self, n: int, shares: object, size: int) -> np.ndarray[tuple[int, int], np.dtype[np.int64]]:
        return self.draws


def copied(items: GroundTruth | Detections, draw: np.ndarray[tuple[int], np.dtype[np.int64]]) -> dict[str, object]:
    """The columns with every image as often as it was drawn, each copy an image of its own."""
    index = np.concatenate([np.flatnonzero(items.images == image) for image in np.repeat(IMAGES, draw)])
    numbers = np.repeat(np.arange(draw.sum()), [np.sum(items.images == image) for image in np.repeat(IMAGES, draw)])
    names = (
        ("classes", "boxes_xywh", "areas", "crowd")
        if isinstance(items, GroundTruth)
        else ("classes", "boxes_xywh", "scores")
    )
    return {name: getattr(items, name)[index] for name in names} | {"images": numbers}


def test_a_draw_is_evaluated_as_if_its_images_were_copied() -> None:
    rng = np.random.default_rng(0)
    truth, found = random_scene(rng, SceneRates(images=12, crowd_rate=0.2, score_digits=9))
    draws = rng.multinomial(12, np.full(12, 1 / 12), size=5)
    evaluation = evaluate_detections(truth, found)
    (drawn,) = resampled_precisions(truth, [evaluation], IMAGES, 5, Drawn(draws))  # type: ignore[arg-type]
    for draw, precisions in zip(draws, drawn, strict=True):
        whole = evaluate_detections(replace(truth, **copied(truth, draw)), replace(found, **copied(found, draw)))  # type: ignore[arg-type]
        expected = [whole.mean_precision(iou) for iou in whole.rules.iou]
        np.testing.assert_allclose(precisions, expected, rtol=1e-13)


def test_two_detectors_have_the_same_draws() -> None:
    truth, found = random_scene(np.random.default_rng(1), SceneRates(images=12))
    both = [evaluate_detections(truth, found)] * 2
    first, second = resampled_precisions(truth, both, IMAGES, 20, np.random.default_rng(0))
    assert (first == second).all()
    assert first[:, 0].std() > 0.01
