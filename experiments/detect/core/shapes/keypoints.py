"""Similarity of keypoints, COCO's OKS, to the last bit of pycocotools.

Source: Ronchi, Perona: Benchmarking and Error Diagnosis in Multi-Instance Pose Estimation, ICCV 2017;
https://cocodataset.org/#keypoints-eval.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_FACE, _PAIRS = (0.26, 0.25, 0.25, 0.35, 0.35), (0.79, 0.72, 0.62, 1.07, 0.87, 0.89)
SIGMAS = tuple(tenths / 10 for tenths in (*_FACE, *np.repeat(_PAIRS, 2).tolist()))
"""Of COCO's 17 points of a person, in shares of the root of its area."""


def object_keypoint_similarity(
    found: Floats, objects: Floats, boxes_xywh: Floats, areas: Floats, sigmas: tuple[float, ...]
) -> Floats:
    """OKS (n, m) in [0, 1]: mean over the labelled points of exp(-distance^2 / (8 area sigma^2)).

    Args:
        found: (n, k, 3) x, y and anything.
        objects: (m, k, 3) x, y and whether it is labelled, above 0.
        boxes_xywh, areas: (m, 4) and (m,) of the objects. Of an object without labels only the distance to its box of
            twice the size counts.
        sigmas: (k,) of the points.

    >>> one = np.array([[[0.0, 0.0, 2.0]]])
    >>> object_keypoint_similarity(one + [4.0, 0.0, 0.0], one, np.ones((1, 4)), np.array([100.0]), (0.2,)).round(4)
    array([[0.6065]])
    """
    variances = (np.array(sigmas) * 2) ** 2
    x, y = np.ascontiguousarray(found[:, :, 0]), np.ascontiguousarray(found[:, :, 1])
    similarity = np.empty((len(found), len(objects)))
    for j, (points, box, area) in enumerate(zip(objects, boxes_xywh, areas, strict=True)):
        labelled = points[:, 2] > 0
        if labelled.any():
            dx, dy = x - points[:, 0], y - points[:, 1]
        else:
            dx, dy = (_outside(at, box[i] - box[i + 2], box[i] + box[i + 2] * 2) for i, at in enumerate((x, y)))
        error = (dx**2 + dy**2) / variances / (area + np.spacing(1)) / 2
        if labelled.any():
            error = np.compress(labelled, error, axis=1)
        similarity[:, j] = np.sum(np.exp(-error), axis=1) / error.shape[1]
    return similarity


def extents(keypoints: Floats) -> Floats:
    """(m, 4) boxes x, y, width, height around keypoints (m, n, 3), whatever their visibility."""
    low, high = keypoints[:, :, :2].min(axis=1), keypoints[:, :, :2].max(axis=1)
    return np.concatenate([low, high - low], axis=1)


def _outside(at: Floats, low: float, high: float) -> Floats:
    return np.maximum(0, low - at) + np.maximum(0, at - high)
