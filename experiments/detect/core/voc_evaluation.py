"""Average precision as PASCAL VOC defines it: one threshold, one best object per detection, difficult ones skipped.

Unlike COCO, a detection is compared only with the object it overlaps most, even if that one is taken. Overlap is at
least the threshold, as in the development kit. For inclusive pixel boxes xmin .. xmax give (xmin - 1, ymin - 1,
xmax - xmin + 1, ymax - ymin + 1): their continuous IoU is VOC's.
Source: Everingham et al.: The PASCAL Visual Object Classes Challenge, IJCV 2010, and its development kits.
"""

from __future__ import annotations

import numpy as np

from experiments.detect.core.average_precision import Interpolation, average_precision
from experiments.detect.core.ground_truth import Detections, Floats, GroundTruth, by_group
from experiments.detect.core.matching import IGNORED, RIGHT, WRONG, Codes
from experiments.detect.core.shapes.boxes import corners, iou


def voc_average_precisions(
    ground_truth: GroundTruth, detections: Detections, *, iou_threshold: float = 0.5, interp: Interpolation = "voc2010"
) -> Floats:
    """AP (n_classes,) of each class; NaN for a class without objects. Crowds and exempt objects are the difficult
    ones."""
    outcomes = voc_outcomes(ground_truth, detections, iou_threshold)
    found = np.full(ground_truth.n_classes, np.nan)
    for k in range(ground_truth.n_classes):
        of_class = (detections.classes == k) & (outcomes != IGNORED)
        positives = int(np.sum((ground_truth.classes == k) & ~ground_truth.uncounted))
        found[k] = average_precision(detections.scores[of_class], outcomes[of_class] == RIGHT, positives, interp=interp)
    return found


def voc_outcomes(ground_truth: GroundTruth, detections: Detections, iou_threshold: float = 0.5) -> Codes:
    """Outcome (n,) of each detection in the order given: wrong 0, right 1, ignored 2 (on a difficult object)."""
    difficult = ground_truth.uncounted
    outcomes = np.full(len(detections.scores), WRONG, np.uint8)
    objects, groups = by_group(ground_truth), by_group(detections)
    boxes, given = corners(ground_truth.boxes_xywh), corners(detections.boxes_xywh)
    taken = np.zeros(len(difficult), np.bool_)
    for key, members in groups.items():
        candidates = objects.get(key)
        if candidates is None:
            continue
        ordered = members[np.argsort(-detections.scores[members], kind="stable")]
        overlaps = iou(given[ordered], boxes[candidates])
        best = overlaps.argmax(axis=1)
        for member, overlap, chosen in zip(ordered, overlaps.max(axis=1), candidates[best], strict=True):
            if overlap < iou_threshold:
                continue
            if difficult[chosen]:
                outcomes[member] = IGNORED
            elif not taken[chosen]:
                taken[chosen], outcomes[member] = True, RIGHT
    return outcomes
