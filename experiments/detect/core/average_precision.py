"""Precision, recall and the area under their curve, by each of the four conventions in use.

Knows nothing of boxes: a detection is a score and whether it is right. Detections are taken by falling score, equal
scores in the order given (one point of the curve each, as COCO and VOC do; scikit-learn merges equal scores).

Conventions, with p(r) the precision at recall r and p^(r) = max over r' >= r of p(r'):
    coco101         mean of p^ at recall 0, .01, ..., 1
    voc2007         mean of p^ at recall 0, .1, ..., 1
    voc2010         area under p^
    uninterpolated  sum of p at each new true positive, times the rise of recall
Sources: Lin et al.: Microsoft COCO, ECCV 2014, and its cocoeval; Everingham et al.: PASCAL VOC, IJCV 2010, and the
development kits of 2007 and 2010; Manning et al.: Introduction to Information Retrieval, 2008, section 8.4.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

Vector = NDArray[np.float64]
Interpolation = Literal["coco101", "voc2007", "voc2010", "uninterpolated"]
RECALL_POINTS = np.linspace(0.0, 1.0, 101)
"""COCO's: made by linspace, since their last bits decide where recall equals a point."""


def precision_score(true_positives: ArrayLike, false_positives: ArrayLike, *, empty: float = np.nan) -> Vector:
    """TP / (TP + FP) in [0, 1], elementwise over counts (...); ``empty`` where nothing was detected."""
    return _share(true_positives, false_positives, empty)


def recall_score(true_positives: ArrayLike, false_negatives: ArrayLike, *, empty: float = np.nan) -> Vector:
    """TP / (TP + FN) in [0, 1], elementwise over counts (...); ``empty`` where there was nothing to find."""
    return _share(true_positives, false_negatives, empty)


def f1_score(
    true_positives: ArrayLike, false_positives: ArrayLike, false_negatives: ArrayLike, *, empty: float = np.nan
) -> Vector:
    """2 TP / (2 TP + FP + FN), elementwise; ``empty`` where all three are 0."""
    wrong = np.add(false_positives, false_negatives, dtype=np.float64)
    return _share(np.multiply(true_positives, 2.0), wrong, empty)


def precision_recall_curve(scores: ArrayLike, correct: ArrayLike, n_positives: int) -> tuple[Vector, Vector]:
    """Precision and recall (n,) after each detection, by falling score.

    Args:
        scores: (n,) larger is surer.
        correct: (n,) whether the detection is a true positive.
        n_positives: objects that there are to find; recall is NaN if it is 0.

    Raises:
        ValueError: shapes that differ, NaN scores, or more true positives than objects.
    """
    values, hits = np.asarray(scores, dtype=np.float64), np.asarray(correct, dtype=bool)
    if values.ndim != 1 or values.shape != hits.shape:
        raise ValueError(f"expected scores and correct of one shape (n,), got {values.shape} and {hits.shape}")
    if np.isnan(values).any():
        raise ValueError("expected scores without nan")
    if hits.sum() > n_positives:
        raise ValueError(f"expected at most {n_positives} true positives, got {hits.sum()}")
    found = np.cumsum(hits[np.argsort(-values, kind="stable")])
    recall = found / n_positives if n_positives else np.full(len(found), np.nan)
    return found / np.arange(1, len(found) + 1), recall


def precision_envelope(precision: ArrayLike) -> Vector:
    """max over later entries (n,): the precision that any recall at least as large reaches.

    >>> precision_envelope([1.0, 0.5, 0.6])
    array([1. , 0.6, 0.6])
    """
    return np.maximum.accumulate(np.asarray(precision, dtype=np.float64)[::-1])[::-1]


def interpolated_precision(precision: ArrayLike, recall: ArrayLike, recall_points: ArrayLike) -> Vector:
    """p^ (m,) at each of the recall points (m,), from a curve (n,), (n,); 0 beyond the largest recall reached."""
    envelope = np.append(precision_envelope(precision), 0.0)
    return envelope[np.searchsorted(np.asarray(recall, dtype=np.float64), recall_points, side="left")]


def average_precision(
    scores: ArrayLike, correct: ArrayLike, n_positives: int, *, interp: Interpolation = "coco101"
) -> float:
    """Area under the precision-recall curve in [0, 1]; NaN without any positive.

    Args:
        scores: (n,) larger is surer.
        correct: (n,) whether the detection is a true positive.
        n_positives: objects that there are to find.
        interp: COCO's 101 points, VOC's 11 points of 2007 or all points of 2010, or the plain sum.

    Raises:
        ValueError: as precision_recall_curve, or another rule.

    >>> average_precision([3, 2, 1], [True, False, True], 2, interp="voc2010")
    0.8333333333333333
    """
    precision, recall = precision_recall_curve(scores, correct, n_positives)
    if n_positives == 0:
        return float("nan")
    if interp in ("coco101", "voc2007"):
        points = RECALL_POINTS if interp == "coco101" else np.linspace(0.0, 1.0, 11)
        return float(interpolated_precision(precision, recall, points).mean())
    if interp not in ("voc2010", "uninterpolated"):
        raise ValueError(f"expected coco101, voc2007, voc2010 or uninterpolated, got {interp}")
    heights = precision_envelope(precision) if interp == "voc2010" else precision
    return float(np.sum(np.diff(recall, prepend=0.0) * heights))


def average_precisions(
    classes: NDArray[np.int64],
    scores: Vector,
    correct: NDArray[np.bool_],
    positives: NDArray[np.int64],
    interp: Interpolation = "coco101",
) -> Vector:
    """AP (k,) of each class from the detections (n,) of all; NaN without any of its ``positives`` (k,)."""
    order = np.argsort(classes, kind="stable")
    bounds = np.searchsorted(classes[order], np.arange(len(positives) + 1))
    members = [order[first:end] for first, end in pairwise(bounds)]
    return np.array(
        [
            average_precision(scores[of_class], correct[of_class], int(n), interp=interp)
            for of_class, n in zip(members, positives, strict=True)
        ]
    )


def _share(part: ArrayLike, rest: ArrayLike, empty: float) -> Vector:
    numerator, whole = np.asarray(part, dtype=np.float64), np.add(part, rest, dtype=np.float64)
    return np.divide(numerator, whole, out=np.full(whole.shape, empty), where=whole > 0)
