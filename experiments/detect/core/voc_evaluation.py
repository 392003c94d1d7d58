"""Average precision as PASCAL VOC defines it: one threshold, one best object per detection, difficult ones skipped.

Unlike COCO, a detection is compared only with the object it overlaps most, even if that one is taken. Overlap is at
least the threshold, as in the development kit. For inclusive pixel boxes xmin .. xmax give (xmin - 1, ymin - 1,
xmax - xmin + 1, ymax - ymin + 1): their continuous IoU is VOC's.
Source: Everingham et al.: The PASCAL Visual Object Classes Challenge, IJCV 2010, and its development kits.
"""

from __future__ import annotations

import numpy as np

from experiments.detect.core.average_precision import Interpolation, average_precision
from experiments.detect.core.boxes import corners, iou
from experiments.detect.core.evaluation import Detected, Truth
from experiments.detect.core.matching import IGNORED, RIGHT, WRONG, Codes, Floats


def voc_average_precisions(
    truth: Truth, detected: Detected, *, iou_threshold: float = 0.5, interpolation: Interpolation = "voc2010"
) -> Floats:
    """AP (n_classes,) of each class; NaN for a class without objects. Crowds and exempt objects are the difficult
    ones."""
    difficult = truth.crowd if truth.exempt is None else truth.crowd | truth.exempt
    outcomes = voc_outcomes(truth, detected, iou_threshold)
    found = np.full(truth.n_classes, np.nan)
    for k in range(truth.n_classes):
        of_class = (detected.classes == k) & (outcomes != IGNORED)
        positives = int(np.sum((truth.classes == k) & ~difficult))
        found[k] = average_precision(
            detected.scores[of_class], outcomes[of_class] == RIGHT, positives, interpolation=interpolation
        )
    return found


def voc_outcomes(truth: Truth, detected: Detected, iou_threshold: float = 0.5) -> Codes:
    """Outcome (n,) of each detection in the order given: wrong 0, right 1, ignored 2 (on a difficult object)."""
    difficult = truth.crowd if truth.exempt is None else truth.crowd | truth.exempt
    outcomes = np.full(len(detected.scores), WRONG, np.uint8)
    objects, groups = by_group(truth), by_group(detected)
    boxes, given = corners(truth.boxes_xywh), corners(detected.boxes_xywh)
    taken = np.zeros(len(difficult), np.bool_)
    for key, members in groups.items():
        candidates = objects.get(key)
        if candidates is None:
            continue
        ordered = members[np.argsort(-detected.scores[members], kind="stable")]
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


def by_group(items: Truth | Detected) -> dict[tuple[int, int], np.ndarray[tuple[int], np.dtype[np.int64]]]:
    """Indices by (image, class), in the order given."""
    order = np.lexsort((items.classes, items.images))
    images, classes = items.images[order], items.classes[order]
    cuts = np.flatnonzero((np.diff(images) != 0) | (np.diff(classes) != 0)) + 1
    return {
        (int(items.images[part[0]]), int(items.classes[part[0]])): part for part in np.split(order, cuts) if len(part)
    }
