"""A stream of images gives what all at once give, bit for bit, in whatever batches and order they come."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from experiments.detect.core.detectors.scenes import SceneRates, random_scene
from experiments.detect.core.evaluation import coco_numbers, evaluate_detections
from experiments.detect.core.ground_truth import Detections, GroundTruth
from experiments.detect.core.streaming import CocoEvaluator


def entries_of(items: GroundTruth | Detections, image: int) -> dict[str, Any]:
    on = items.images == image
    entry: dict[str, Any] = {"boxes": items.boxes_xywh[on], "labels": items.classes[on], "image_id": image}
    if isinstance(items, Detections):
        return entry | {"scores": items.scores[on]}
    return entry | {"iscrowd": items.crowd[on], "area": items.areas[on]}


@pytest.mark.parametrize("size", [1, 7, 40])
def test_batches_in_any_order_give_the_numbers_of_all_images(size: int) -> None:
    rng = np.random.default_rng(size)
    truth, found = random_scene(rng, SceneRates(images=40, crowd_rate=0.2, score_digits=1))
    evaluator, order = CocoEvaluator(box_format="xywh"), rng.permutation(40)
    for first in range(0, 40, size):
        batch = order[first : first + size]
        evaluator.update([entries_of(found, image) for image in batch], [entries_of(truth, image) for image in batch])
    assert evaluator.result() == coco_numbers(evaluate_detections(truth, found))


def test_corners_and_tensors_of_a_training_loop_are_taken() -> None:
    evaluator = CocoEvaluator()
    boxes = torch.tensor([[10.0, 10, 50, 50], [60, 60, 90, 90]], requires_grad=True)
    target = {"boxes": boxes.detach(), "labels": torch.tensor([1, 300])}
    found = {"boxes": boxes, "labels": torch.tensor([1, 300]), "scores": torch.tensor([0.9, 0.8])}
    empty = {"boxes": torch.zeros(0, 4), "labels": torch.zeros(0, dtype=torch.int64), "scores": torch.zeros(0)}
    evaluator.update([found, empty], [target, empty])
    assert evaluator.result()["AP"] == pytest.approx(1, abs=1e-12)
    evaluator.update([empty], [target])
    assert evaluator.result()["AR100"] == 0.5


def test_masks_overlap_by_their_pixels() -> None:
    mask = np.zeros((1, 20, 30), bool)
    mask[0, 5:15, 5:15] = True
    half = mask & (np.arange(30) < 10)  # five of ten columns: IoU 0.5
    evaluator = CocoEvaluator("segm")
    evaluator.update([{"masks": half, "labels": [0], "scores": [0.5]}], [{"masks": mask, "labels": [0]}])
    numbers = evaluator.result()
    assert (numbers["AP50"], numbers["AP75"]) == pytest.approx((1, 0), abs=1e-12)
    with pytest.raises(ValueError, match="of booleans"):
        evaluator.update([{"masks": half * 0.5, "labels": [0], "scores": [0.5]}], [{"masks": mask, "labels": [0]}])


def test_an_image_twice_and_sides_of_two_lengths_are_refused() -> None:
    evaluator, target = CocoEvaluator(), {"boxes": [[0.0, 0, 1, 1]], "labels": [0], "image_id": 3}
    with pytest.raises(ValueError, match="one prediction per target, got 2 and 1"):
        evaluator.update([target, target], [target])
    found = target | {"scores": [0.5]}
    evaluator.update([found], [target])
    with pytest.raises(ValueError, match="every image once"):
        evaluator.update([found], [target])


def test_images_without_anything_are_numbers_that_are_not_known() -> None:
    evaluator, empty = CocoEvaluator(), {"boxes": np.zeros((0, 4)), "labels": [], "scores": []}
    assert np.isnan([*evaluator.result().values()]).all()
    evaluator.update([empty], [empty])
    assert np.isnan([*evaluator.result().values()]).all()
