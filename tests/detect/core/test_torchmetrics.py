"""COCO's numbers against torchmetrics' MeanAveragePrecision, and AP of one class against its binary one."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

import numpy as np
import pytest
import torch

from experiments.detect.core.average_precision import average_precision
from experiments.detect.core.detectors.scenes import SceneRates, random_scene
from experiments.detect.core.evaluation import coco_numbers, evaluate_detections
from experiments.detect.core.ground_truth import Detections, GroundTruth

classification = pytest.importorskip(
    "torchmetrics.functional.classification", reason="torchmetrics is not installed (extra: test)"
)
NAMES = {
    "AP": "map",
    "AP50": "map_50",
    "AP75": "map_75",
    "APs": "map_small",
    "APm": "map_medium",
    "APl": "map_large",
    "AR1": "mar_1",
    "AR10": "mar_10",
    "AR100": "mar_100",
    "ARs": "mar_small",
    "ARm": "mar_medium",
    "ARl": "mar_large",
}
Side = TypeVar("Side", GroundTruth, Detections)


def in_eighths(side: Side) -> Side:
    """Boxes that corners and sides represent exactly: torchmetrics converts one into the other."""
    return replace(side, boxes_xywh=np.round(8 * side.boxes_xywh) / 8)


def by_image(side: GroundTruth | Detections, images: int, **columns: np.ndarray) -> list[dict[str, torch.Tensor]]:
    columns |= {"boxes": side.boxes_xywh, "labels": side.classes}
    return [
        {name: torch.from_numpy(column[side.images == i]) for name, column in columns.items()} for i in range(images)
    ]


@pytest.mark.parametrize("seed", range(4))
def test_twelve_numbers_are_torchmetrics(seed: int) -> None:
    pytest.importorskip("torchvision", reason="torchmetrics' MeanAveragePrecision needs torchvision")
    pytest.importorskip("pycocotools", reason="pycocotools is not installed (extra: test)")
    from torchmetrics.detection.mean_ap import MeanAveragePrecision

    rates = SceneRates(images=12, score_digits=2)
    ground_truth, detections = map(in_eighths, random_scene(np.random.default_rng(seed), rates))
    # its own thresholds are rounded to float32, which moves points where recall equals one
    iou_thresholds, recall_points = np.linspace(0.5, 0.95, 10).tolist(), np.linspace(0, 1, 101).tolist()
    metric = MeanAveragePrecision("xywh", iou_thresholds=iou_thresholds, rec_thresholds=recall_points)
    found = by_image(detections, rates.images, scores=detections.scores)
    metric.update(
        found,
        by_image(ground_truth, rates.images, area=ground_truth.areas, iscrowd=ground_truth.crowd.astype(np.int64)),
    )
    expected = metric.compute()
    ours = coco_numbers(evaluate_detections(ground_truth, detections))
    for name, theirs in NAMES.items():
        value = float(expected[theirs])
        assert ours[name] == pytest.approx(np.nan if value == -1 else value, abs=1e-6, nan_ok=True), name


def test_uninterpolated_ap_is_torchmetrics_where_every_object_is_found() -> None:
    rng = np.random.default_rng(0)
    correct, scores = rng.random(80) < 0.4, rng.random(80)
    expected = classification.binary_average_precision(torch.from_numpy(scores), torch.from_numpy(correct).int())
    ours = average_precision(scores, correct, int(correct.sum()), interp="uninterpolated")
    assert ours == pytest.approx(float(expected), abs=1e-6)
