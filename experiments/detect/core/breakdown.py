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
from experiments.detect.core.evaluation import (
    LARGEST_AREA,
    Detected,
    Rules,
    Truth,
    evaluate_boxes,
    mean_over_classes,
)
from experiments.detect.core.matching import RIGHT, WRONG, Codes
from experiments.detect.core.voc_evaluation import by_group

CAUSES = ("duplicate", "confusion", "localization", "background")


def error_causes(
    truth: Truth, detected: Detected, outcomes: Codes, *, iou_threshold: float = 0.5, background: float = 0.1
) -> NDArray[np.int64]:
    """Index into CAUSES (n,) of each wrong detection, -1 of the others.

    Args:
        outcomes: (n,) of the detections at ``iou_threshold``, from an evaluation over all areas.
    """
    causes = np.full(len(detected.scores), -1)
    counts = ~truth.crowd if truth.exempt is None else ~(truth.crowd | truth.exempt)
    boxes, given = corners(truth.boxes_xywh), corners(detected.boxes_xywh)
    wrong = np.flatnonzero(outcomes == WRONG)
    wrong = wrong[np.argsort(detected.images[wrong], kind="stable")]
    objects = np.flatnonzero(counts)
    objects = objects[np.argsort(truth.images[objects], kind="stable")]
    images = truth.images[objects]
    for members in np.split(wrong, np.flatnonzero(np.diff(detected.images[wrong])) + 1):
        if not len(members):
            continue
        image = detected.images[members[0]]
        near = objects[np.searchsorted(images, image) : np.searchsorted(images, image, side="right")]
        same = detected.classes[members][:, None] == truth.classes[near][None]
        overlaps = iou(given[members], boxes[near])
        own = np.max(overlaps, axis=1, where=same, initial=0.0)
        other = np.max(overlaps, axis=1, where=~same, initial=0.0)
        applies = [own >= iou_threshold, other >= iou_threshold, own >= background]
        causes[members] = np.select(applies, [0, 1, 2], default=3)
    return causes


def error_breakdown(truth: Truth, detected: Detected, *, iou_threshold: float = 0.5) -> dict[str, tuple[int, float]]:
    """Cause -> (how many, by how much AP at the threshold rises when exactly these are mended).

    A wrong detection is mended by taking it away; "missed" by adding a perfect detection with the highest score for
    every object not found. Gains do not add up.
    """
    rules = Rules(iou_thresholds=(iou_threshold,), area_ranges={"all": (0.0, LARGEST_AREA)}, max_detections=(100,))
    evaluation = evaluate_boxes(truth, detected, rules)
    outcomes = evaluation.outcomes[0]
    before = mean_over_classes(evaluation.average_precision())
    causes = error_causes(truth, detected, outcomes, iou_threshold=iou_threshold)

    def gain(mended: Detected) -> float:
        return mean_over_classes(evaluate_boxes(truth, mended, rules).average_precision()) - before

    found = {
        cause: (int(np.sum(causes == i)), gain(_selected(detected, causes != i))) for i, cause in enumerate(CAUSES)
    }
    missed = int(evaluation.positives.sum()) - int(np.sum(outcomes == RIGHT))
    return {**found, "missed": (missed, gain(_with_missed(truth, detected, outcomes, iou_threshold)))}


def _selected(detected: Detected, keep: NDArray[np.bool_]) -> Detected:
    return Detected(
        images=detected.images[keep],
        classes=detected.classes[keep],
        boxes_xywh=detected.boxes_xywh[keep],
        scores=detected.scores[keep],
    )


def _with_missed(truth: Truth, detected: Detected, outcomes: Codes, iou_threshold: float) -> Detected:
    """``detected`` and a perfect box for every object that the right detections leave."""
    right = _selected(detected, outcomes == RIGHT)
    counts = ~truth.crowd if truth.exempt is None else ~(truth.crowd | truth.exempt)
    found = np.zeros(len(counts), np.bool_)
    order = np.argsort(-right.scores, kind="stable")
    boxes, given = corners(truth.boxes_xywh), corners(right.boxes_xywh)
    objects = by_group(truth)
    for i in order:
        candidates = objects[int(right.images[i]), int(right.classes[i])]
        near = candidates[counts[candidates] & ~found[candidates]]
        overlaps = iou(given[i : i + 1], boxes[near])[0]
        if len(near) and overlaps.max() >= min(iou_threshold, 1 - 1e-10):
            found[near[overlaps.argmax()]] = True
    rest = counts & ~found
    top = detected.scores.max(initial=0.0) + 1.0
    return replace(
        detected,
        images=np.concatenate([detected.images, truth.images[rest]]),
        classes=np.concatenate([detected.classes, truth.classes[rest]]),
        boxes_xywh=np.concatenate([detected.boxes_xywh, truth.boxes_xywh[rest]]),
        scores=np.concatenate([detected.scores, np.full(int(rest.sum()), top)]),
    )
