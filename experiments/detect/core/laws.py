"""Laws of overlap and average precision, each tried on random instances beside something that must break it.

Knows nothing of experiments; every function returns observations. Sources: as in ``boxes`` and ``average_precision``.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from experiments.detect.core.average_precision import average_precision, precision_score, recall_score
from experiments.detect.core.boxes import iou
from experiments.detect.core.evaluation import (
    Detected,
    Evaluation,
    Truth,
    coco_numbers,
    evaluate_boxes,
    mean_over_classes,
)
from experiments.detect.core.observation import Observation


def mean_over_known_classes(evaluation: Evaluation) -> Observation:
    """AP is the mean over the classes with objects. Control: a class without any counts as 0."""
    per_class = evaluation.average_precision()
    total = coco_numbers(evaluation)["AP"]
    known = per_class[evaluation.positives[:, 0] > 0]
    expected = sum(map(float, known)) / len(known) if len(known) else float("nan")
    as_zero = float(np.nan_to_num(per_class).mean())
    return Observation(
        part="classes without objects",
        metric="AP",
        value=total,
        error=abs(total - expected),
        control_error=abs(total - as_zero),
        witness=f"{len(per_class) - len(known)} of {len(per_class)} classes have no object",
    )


def mean_over_thresholds(evaluation: Evaluation) -> Observation:
    """AP is the mean of ten APs and at most AP50. Control: the mean without the first threshold."""
    numbers = coco_numbers(evaluation)
    each = [mean_over_classes(evaluation.average_precision(t)) for t in evaluation.rules.iou_thresholds]
    mean = sum(each) / len(each)
    return Observation(
        part="mean over thresholds",
        metric="AP",
        value=numbers["AP"],
        error=max(abs(numbers["AP"] - mean), numbers["AP"] - numbers["AP50"]),
        control_error=abs(numbers["AP"] - sum(each[1:]) / len(each[1:])),
        witness=f"AP {numbers['AP']:.4f}, mean of ten {mean:.4f}, AP50 {numbers['AP50']:.4f}",
    )


def sklearn_scores(rng: np.random.Generator, n: int) -> list[Observation]:
    """Precision and recall equal scikit-learn's, also where they are 0 / 0. Control: false positives and negatives
    exchanged."""
    from sklearn.metrics import precision_score as sk_precision
    from sklearn.metrics import recall_score as sk_recall

    found = []
    for rate in (0.0, 0.3, 0.7):
        truth, said = rng.random(n) < rng.choice([0.0, 0.5]), rng.random(n) < rate
        tp, fp, fn = int((truth & said).sum()), int((~truth & said).sum()), int((truth & ~said).sum())
        errors, swapped = [], []
        for empty in (0.0, 1.0):
            expected = (
                sk_precision(truth, said, zero_division=empty),
                sk_recall(truth, said, zero_division=empty),
            )
            ours = float(precision_score(tp, fp, empty=empty)), float(recall_score(tp, fn, empty=empty))
            errors += [abs(a - b) for a, b in zip(ours, expected, strict=True)]
            exchanged = float(precision_score(tp, fn, empty=empty)), float(recall_score(tp, fp, empty=empty))
            swapped += [abs(a - b) for a, b in zip(exchanged, expected, strict=True)]
        witness = f"TP {tp}, FP {fp}, FN {fn}"
        found.append(
            Observation(
                part="precision and recall",
                metric="precision",
                value=float(precision_score(tp, fp)),
                error=max(errors),
                control_error=max(swapped),
                witness=witness,
            )
        )
    return found


def score_transform(rng: np.random.Generator, n: int) -> Observation:
    """AP keeps its value under a strictly rising map of the scores. Control: a map that is not monotone."""
    scores, correct = rng.random(n), rng.random(n) < 0.4
    positives = int(correct.sum()) + n // 10
    rising: Callable[[np.ndarray], np.ndarray] = lambda s: np.exp(3 * s) - 7  # noqa: E731
    before = average_precision(scores, correct, positives)
    after = average_precision(rising(scores), correct, positives)
    folded = average_precision((scores - 0.5) ** 2, correct, positives)
    return Observation(
        part="score transforms",
        metric="AP",
        value=before,
        error=abs(after - before),
        control_error=abs(folded - before),
        witness=f"{n} detections: AP {before:.6f}, of exp(3 s) - 7 {after:.6f}",
    )


def overlap_laws(rng: np.random.Generator, n: int) -> Observation:
    """IoU is symmetric, in [0, 1], 1 with itself, 0 if disjoint and free of the unit. Control: inclusive pixels, whose
    overlap changes with the unit."""
    low = rng.uniform(0, 50, (2, n, 2))
    first, second = np.concatenate([low, low + rng.uniform(1, 50, (2, n, 2))], axis=2)
    found, scale = iou(first, second), float(rng.uniform(0.01, 100))
    apart = iou(first, second + 200.0)
    errors = (
        np.abs(found - iou(second, first).T).max(),
        max(0.0, -found.min(), found.max() - 1),
        np.abs(np.diagonal(iou(first, first)) - 1).max(),
        np.abs(iou(scale * first, scale * second) - found).max(),
        apart.max(),
    )
    pixels = [iou(factor * first, factor * second, inclusive=True) for factor in (1.0, scale)]
    return Observation(
        part="overlap",
        metric="IoU",
        value=float(found.mean()),
        error=float(max(errors)),
        control_error=float(np.abs(pixels[0] - pixels[1]).max()),
        witness=f"{n} x {n} boxes, unit changed by {scale:.3g}",
    )


def matching_by_hand() -> dict[str, float]:
    """AP50 of three sets that a person can check: an overlap of exactly one half, all found once, one found twice."""
    left, right = (0.0, 0.0, 100.0, 100.0), (300.0, 0.0, 100.0, 100.0)
    half = (0.0, 0.0, 100.0, 50.0)
    sets = {
        "IoU exactly 0.5": ((left,), (half,)),
        "each found once": ((left, right), (left, right)),
        "first found twice": ((left, right), (left, left, right)),
    }
    numbers = {}
    for name, (objects, found) in sets.items():
        truth = Truth(
            images=np.zeros(len(objects), np.int64),
            classes=np.zeros(len(objects), np.int64),
            boxes_xywh=np.array(objects),
            areas=np.prod(np.array(objects)[:, 2:], axis=1),
            crowd=np.zeros(len(objects), np.bool_),
            n_classes=1,
        )
        detected = Detected(
            images=np.zeros(len(found), np.int64),
            classes=np.zeros(len(found), np.int64),
            boxes_xywh=np.array(found),
            scores=np.linspace(0.9, 0.5, len(found)),
        )
        numbers[name] = coco_numbers(evaluate_boxes(truth, detected))["AP50"]
    return numbers
