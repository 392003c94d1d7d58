"""What a detector finds on pictures: answers above a score, with or without suppression, and what they are worth."""

from __future__ import annotations

import numpy as np
import torch

from experiments.detect.core.detectors.heads import GridDetector, SetDetector
from experiments.detect.core.detectors.pictures import Pictures
from experiments.detect.core.detectors.set_matching import to_corners
from experiments.detect.core.evaluation import Evaluation, evaluate_detections
from experiments.detect.core.ground_truth import Detections, by_group
from experiments.detect.core.rules import LARGEST_AREA, Rules
from experiments.detect.core.shapes.boxes import corners
from experiments.detect.core.suppression import non_maximum_suppression
from experiments.foundation.networks.scores.evaluation import evaluating

AT_ONCE = 250
"""Pictures."""
RULES = Rules(area_ranges={"all": (0.0, LARGEST_AREA)}, max_dets=(100,))


def detect(network: GridDetector | SetDetector, pictures: Pictures, *, floor: float) -> Detections:
    """Every answer whose best class has a score of ``floor`` or more, of that class, cut at the picture's border."""
    with evaluating(network):
        parts = [network.answers(images) for images in pictures.images.split(AT_ONCE)]
    scores, boxes = (torch.cat(each) for each in zip(*parts, strict=True))
    best = scores.max(-1)
    images, answers = (best.values >= floor).nonzero(as_tuple=True)
    found = to_corners(boxes[images, answers]).clamp(0, 1).double().numpy() * pictures.images.shape[-1]
    return Detections(
        images=images.numpy(),
        classes=best.indices[images, answers].numpy(),
        boxes_xywh=np.concatenate([found[:, :2], found[:, 2:] - found[:, :2]], axis=1),
        scores=best.values[images, answers].double().numpy(),
    )


def suppress(detections: Detections, iou: float) -> Detections:
    """Those that survive suppression among their picture and class."""
    keep = [
        members[non_maximum_suppression(corners(detections.boxes_xywh[members]), detections.scores[members], iou)]
        for members in by_group(detections).values()
    ]
    chosen = np.sort(np.concatenate([np.empty(0, np.int64), *keep]))
    return Detections(
        images=detections.images[chosen],
        classes=detections.classes[chosen],
        boxes_xywh=detections.boxes_xywh[chosen],
        scores=detections.scores[chosen],
    )


def evaluate(pictures: Pictures, detections: Detections, classes: int) -> Evaluation:
    """By COCO's rules, at most 100 detections per picture and class."""
    return evaluate_detections(pictures.ground_truth(classes), detections, RULES, threads=1)
