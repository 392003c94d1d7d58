"""Non-maximum suppression: of boxes that overlap too much, keep the one with the best score.

Boxes are corners (x1, y1, x2, y2), continuous. Greedy, by falling score; equal scores in the order given.
Source: Felzenszwalb et al.: Object Detection with Discriminatively Trained Part-Based Models, TPAMI 2010.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from experiments.detect.core.compiled import compiled
from experiments.detect.core.shapes.boxes import checked


def non_maximum_suppression(
    boxes: ArrayLike, scores: ArrayLike, iou_threshold: float, labels: ArrayLike | None = None
) -> NDArray[np.int64]:
    """Indices of the boxes kept, by falling score: each overlaps every better one kept by IoU <= ``iou_threshold``.

    Args:
        boxes: (n, 4).
        scores: (n,), larger is better.
        iou_threshold: in [0, 1].
        labels: (n,) integers; only boxes of equal label suppress each other. All are one class without it.

    Raises:
        ValueError: shapes that do not fit, NaN, or a threshold outside [0, 1].

    >>> non_maximum_suppression([[0, 0, 2, 2], [0, 0, 2, 3], [5, 5, 6, 6]], [0.5, 0.9, 0.1], iou_threshold=0.5)
    array([1, 2])
    """
    found, values = checked(boxes), np.asarray(scores, dtype=np.float64)
    classes = np.zeros(len(found), np.int64) if labels is None else np.asarray(labels, dtype=np.int64)
    if values.shape != (len(found),) or classes.shape != values.shape:
        raise ValueError(f"expected {len(found)} scores and labels, got {values.shape} and {classes.shape}")
    if np.isnan(values).any() or not 0 <= iou_threshold <= 1:
        raise ValueError(f"expected scores without nan and a threshold in [0, 1], got {iou_threshold}")
    order = np.argsort(-values, kind="stable")
    return order[_kept(found[order], classes[order], iou_threshold)]


@compiled
def _kept(boxes: NDArray[np.float64], labels: NDArray[np.int64], threshold: float) -> NDArray[np.bool_]:
    """Greedy pass over boxes in the order of falling score."""
    n = len(boxes)
    kept = np.ones(n, np.bool_)
    areas = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    for i in range(n):
        if not kept[i]:
            continue
        for j in range(i + 1, n):
            if not kept[j] or labels[i] != labels[j]:
                continue
            width = min(boxes[i, 2], boxes[j, 2]) - max(boxes[i, 0], boxes[j, 0])
            height = min(boxes[i, 3], boxes[j, 3]) - max(boxes[i, 1], boxes[j, 1])
            if width <= 0 or height <= 0:
                continue
            shared = width * height
            if shared / (areas[i] + areas[j] - shared) > threshold:
                kept[j] = False
    return kept
