"""Objects and detections on one image, by their boxes."""

from __future__ import annotations

import numpy as np

from experiments.detect.core.evaluation import coco_numbers, evaluate_detections
from experiments.detect.core.ground_truth import Detections, GroundTruth

LEFT, RIGHT, FAR = (0.0, 0.0, 100.0, 100.0), (300.0, 0.0, 100.0, 100.0), (0.0, 300.0, 50.0, 50.0)


def ground_truth_of(*boxes: tuple[float, ...], crowd: bool = False) -> GroundTruth:
    array = np.array(boxes, dtype=np.float64).reshape(-1, 4)
    zeros = np.zeros(len(boxes), np.int64)
    return GroundTruth(
        images=zeros,
        classes=zeros,
        boxes_xywh=array,
        areas=array[:, 2] * array[:, 3],
        crowd=np.full(len(boxes), crowd),
        n_classes=2,
    )


def detections_of(*boxes: tuple[float, ...], classes: list[int] | None = None) -> Detections:
    return Detections(
        images=np.zeros(len(boxes), np.int64),
        classes=np.array(classes or [0] * len(boxes), dtype=np.int64),
        boxes_xywh=np.array(boxes, dtype=np.float64).reshape(-1, 4),
        scores=np.linspace(0.9, 0.1, len(boxes)),
    )


def coco_ap50(ground_truth: GroundTruth, detections: Detections) -> float:
    return coco_numbers(evaluate_detections(ground_truth, detections))["AP50"]
