"""Why detections are wrong: duplicates, confused classes, bad localization, background, and what was missed.

Each wrong detection has one cause, the first that applies:
    duplicate     overlaps an object of its class by at least the threshold, which a better detection has found
    confusion     overlaps an object of another class by at least the threshold
    localization  overlaps an object of its class by at least ``background`` but less than the threshold
    background    none of these
``missed`` counts the objects that no detection found.
Sources: Hoiem et al.: Diagnosing Error in Object Detectors, ECCV 2012; Bolya et al.: TIDE, ECCV 2020 (whose order of
causes and combined cause differ).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from experiments.detect.core.boxes import corners, iou
from experiments.detect.core.evaluation import LARGEST_AREA, Rules, evaluate_boxes, mean_of_known
from experiments.detect.core.ground_truth import Detections, GroundTruth, by_group
from experiments.detect.core.matching import RIGHT, WRONG, Codes

CAUSES = ("duplicate", "confusion", "localization", "background")


def error_causes(
    ground_truth: GroundTruth,
    detections: Detections,
    outcomes: Codes,
    *,
    iou_threshold: float = 0.5,
    background: float = 0.1,
) -> NDArray[np.int64]:
    """Index into CAUSES (n,) of each wrong detection, -1 of the others.

    Args:
        outcomes: (n,) of the detections at ``iou_threshold``, from an evaluation over all areas.
    """
    causes = np.full(len(detections.scores), -1)
    counts = ~ground_truth.uncounted
    boxes, given = corners(ground_truth.boxes_xywh), corners(detections.boxes_xywh)
    wrong = np.flatnonzero(outcomes == WRONG)
    wrong = wrong[np.argsort(detections.images[wrong], kind="stable")]
    objects = np.flatnonzero(counts)
    objects = objects[np.argsort(ground_truth.images[objects], kind="stable")]
    images = ground_truth.images[objects]
    for members in np.split(wrong, np.flatnonzero(np.diff(detections.images[wrong])) + 1):
        if not len(members):
            continue
        image = detections.images[members[0]]
        near = objects[np.searchsorted(images, image) : np.searchsorted(images, image, side="right")]
        same = detections.classes[members][:, None] == ground_truth.classes[near][None]
        overlaps = iou(given[members], boxes[near])
        own = np.max(overlaps, axis=1, where=same, initial=0.0)
        other = np.max(overlaps, axis=1, where=~same, initial=0.0)
        applies = [own >= iou_threshold, other >= iou_threshold, own >= background]
        causes[members] = np.select(applies, [0, 1, 2], default=3)
    return causes


def error_breakdown(
    ground_truth: GroundTruth, detections: Detections, *, iou_threshold: float = 0.5
) -> dict[str, tuple[int, float]]:
    """Cause -> (how many, by how much AP at the threshold rises when exactly these are mended).

    A wrong detection is mended by taking it away; "missed" by adding a perfect detection with the highest score for
    every object not found. Gains do not add up.
    """
    rules = Rules(iou=(iou_threshold,), area_ranges={"all": (0.0, LARGEST_AREA)}, max_dets=(100,))
    evaluation = evaluate_boxes(ground_truth, detections, rules)
    outcomes = evaluation.outcomes[0]
    before = mean_of_known(evaluation.average_precision())
    causes = error_causes(ground_truth, detections, outcomes, iou_threshold=iou_threshold)

    def gain(mended: Detections) -> float:
        return mean_of_known(evaluate_boxes(ground_truth, mended, rules).average_precision()) - before

    found = {cause: (int(np.sum(causes == i)), gain(detections.where(causes != i))) for i, cause in enumerate(CAUSES)}
    missed = int(evaluation.positives.sum()) - int(np.sum(outcomes == RIGHT))
    return {**found, "missed": (missed, gain(_with_missed(ground_truth, detections, outcomes, iou_threshold)))}


def _with_missed(
    ground_truth: GroundTruth, detections: Detections, outcomes: Codes, iou_threshold: float
) -> Detections:
    """``detections`` and a perfect box for every object that the right detections leave."""
    right = detections.where(outcomes == RIGHT)
    counts = ~ground_truth.uncounted
    found = np.zeros(len(counts), np.bool_)
    order = np.argsort(-right.scores, kind="stable")
    boxes, given = corners(ground_truth.boxes_xywh), corners(right.boxes_xywh)
    objects = by_group(ground_truth)
    for i in order:
        candidates = objects[int(right.images[i]), int(right.classes[i])]
        near = candidates[counts[candidates] & ~found[candidates]]
        overlaps = iou(given[i : i + 1], boxes[near])[0]
        if len(near) and overlaps.max() >= min(iou_threshold, 1 - 1e-10):
            found[near[overlaps.argmax()]] = True
    rest = counts & ~found
    top = detections.scores.max(initial=0.0) + 1.0
    return replace(
        detections,
        images=np.concatenate([detections.images, ground_truth.images[rest]]),
        classes=np.concatenate([detections.classes, ground_truth.classes[rest]]),
        boxes_xywh=np.concatenate([detections.boxes_xywh, ground_truth.boxes_xywh[rest]]),
        scores=np.concatenate([detections.scores, np.full(int(rest.sum()), top)]),
    )
