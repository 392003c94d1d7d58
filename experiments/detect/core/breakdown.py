"""Why detections are wrong and objects missed, by the definitions of TIDE, and what AP each kind costs.

With t the threshold of a match (0.5) and b that of the background (0.1), a wrong detection is of the first kind that
applies; "other" means another class:
    localization    its largest overlap with an object of its class lies between b and t
    classification  it overlaps an object of another class by at least t
    duplicate       it overlaps an object of its class by at least t, which a better detection has found
    background      it overlaps nothing by more than b
    both            none of these: an object of another class, between b and t
``missed`` are the objects that no detection found and no mended one would: a localization or classification error is
mended by making it right, the best-scored one of each object, the others by taking them away.
Source: Bolya et al.: TIDE: A General Toolbox for Identifying Object Detection Errors, ECCV 2020. Detections on crowds
are no errors here, as in COCO's AP; the package tidecv counts them.
"""

from __future__ import annotations

import numpy as np

from experiments.detect.core.average_precision import average_precisions
from experiments.detect.core.compiled import compiled
from experiments.detect.core.evaluation import Evaluation, mean_of_known
from experiments.detect.core.ground_truth import Detections, Flags, Floats, GroundTruth, Ints
from experiments.detect.core.matching import RIGHT, WRONG, Codes
from experiments.detect.core.overlaps import Groups, overlaps_of
from experiments.detect.core.sorting import dense_ids, order_by_key, order_by_key_and_score

KINDS = ("classification", "localization", "both", "duplicate", "background")
NONE = -1


def error_breakdown(
    ground_truth: GroundTruth,
    detections: Detections,
    evaluation: Evaluation,
    *,
    iou: float = 0.5,
    background: float = 0.1,
) -> dict[str, tuple[int, float]]:
    """Kind -> (how many, by how much the AP at ``iou`` rises where exactly these are mended). Gains do not add up.

    Args:
        evaluation: of the same objects and detections, ``iou`` among its thresholds.
    """
    images, object_images, n = dense_ids(detections.images, ground_truth.images)
    members, starts, _ = order_by_key_and_score(images, detections.scores, n, np.arange(len(images)))
    objects, object_starts = order_by_key(object_images, n, np.flatnonzero(~ground_truth.uncounted))
    groups = Groups(members, starts, objects, object_starts)
    overlaps = overlaps_of(ground_truth, detections, groups, evaluation.rules.iou_type, evaluation.rules.sigmas)
    outcomes = evaluation.outcomes[evaluation.threshold(iou)]
    classes, limits = (detections.classes, ground_truth.classes), (iou, background)
    where = members, starts, objects, object_starts
    kinds, mended, missed = _kinds(overlaps, *where, *classes, outcomes, *limits)
    positives = np.bincount(ground_truth.classes[objects], minlength=ground_truth.n_classes)
    order = np.argsort(images, kind="stable")

    def ap(kind: int = NONE, fewer: Ints | int = 0) -> float:
        changed = kinds[order] == kind if kind != NONE else np.zeros(len(order), np.bool_)
        right = (outcomes[order] == RIGHT) | (changed & (mended[order] != NONE))
        kept = right | ((outcomes[order] == WRONG) & ~changed)
        labels = np.where(changed, mended[order], detections.classes[order])[kept]
        found = average_precisions(labels, detections.scores[order][kept], right[kept], positives - fewer)
        gone = np.isnan(found) & (positives > 0) & (np.bincount(labels, minlength=len(positives)) > 0)
        return mean_of_known(np.where(gone, 0.0, found))  # a class without a miss left and with false alarms

    before = ap()
    found = {name: (int((kinds == k).sum()), max(ap(k) - before, 0.0)) for k, name in enumerate(KINDS)}
    fewer = np.bincount(ground_truth.classes[missed], minlength=len(positives))
    return {**found, "missed": (int(missed.sum()), max(ap(fewer=fewer) - before, 0.0))}


@compiled
def _kinds(
    overlaps: Floats,
    members: Ints,
    starts: Ints,
    objects: Ints,
    object_starts: Ints,
    classes: Ints,
    object_classes: Ints,
    outcomes: Codes,
    threshold: float,
    background: float,
) -> tuple[Ints, Ints, Flags]:
    """Index into KINDS (n,) of each wrong detection, the class that mending makes right (n,), objects missed (m,).

    Groups are images, detections by falling score.
    """
    kinds, mended = np.full(len(classes), NONE), np.full(len(classes), NONE)
    found, missed = np.zeros(len(object_classes), np.bool_), np.zeros(len(object_classes), np.bool_)
    missed[objects] = True
    at = 0
    for group in range(len(starts) - 1):
        near = objects[object_starts[group] : object_starts[group + 1]]
        on_image = members[starts[group] : starts[group + 1]]
        of_group = overlaps[at : at + len(on_image) * len(near)].reshape(len(on_image), len(near))
        at += of_group.size
        for row, i in enumerate(on_image):
            best, chosen = threshold, NONE
            for column, j in enumerate(near if outcomes[i] == RIGHT else near[:0]):
                if object_classes[j] == classes[i] and not found[j] and of_group[row, column] >= best:
                    best, chosen = of_group[row, column], j
            if chosen != NONE:
                found[chosen], missed[chosen] = True, False
        for row, i in enumerate(on_image):
            if outcomes[i] == WRONG:
                kinds[i], target = _kind(of_group[row], near, classes[i], object_classes, found, threshold, background)
                if target != NONE and not found[target] and missed[target]:
                    mended[i], missed[target] = object_classes[target], False
    return kinds, mended, missed


@compiled
def _kind(
    overlaps: Floats, near: Ints, label: int, classes: Ints, found: Flags, threshold: float, background: float
) -> tuple[int, int]:
    """The kind of a wrong detection, and the object that it means where that can be mended."""
    own = other = duplicate = 0.0
    own_object = other_object = NONE
    for column, j in enumerate(near):
        overlap = overlaps[column]
        if classes[j] == label and overlap > own:
            own, own_object = overlap, j
        if classes[j] != label and overlap > other:
            other, other_object = overlap, j
        if classes[j] == label and found[j]:
            duplicate = max(duplicate, overlap)
    if background <= own <= threshold:
        return 1, own_object
    if other >= threshold:
        return 0, other_object
    if duplicate >= threshold:
        return 3, NONE
    return (4, NONE) if max(own, other) <= background else (2, NONE)
