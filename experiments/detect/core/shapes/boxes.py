"""Boxes and how much they overlap: intersection over union and its relatives.

A box is (x1, y1, x2, y2), two opposite corners with x1 <= x2 and y1 <= y2, in any unit of length. Its sides are
x2 - x1 and y2 - y1 (continuous, as COCO has it) or, with ``inclusive=True``, one more: VOC's corners are pixel
indexes and the last pixel belongs to the box.

Sources: Everingham et al.: The PASCAL Visual Object Classes Challenge, IJCV 2010 (overlap of inclusive pixels);
Rezatofighi et al.: Generalized Intersection over Union, CVPR 2019; Zheng et al.: Distance-IoU Loss, AAAI 2020
(distance and complete IoU).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Boxes = NDArray[np.float64]
"""(n, 4) corners x1, y1, x2, y2."""
Matrix = NDArray[np.float64]


def corners(boxes_xywh: ArrayLike) -> Boxes:
    """(n, 4) corners of boxes given as (x, y, width, height).

    >>> corners([[1, 2, 3, 4]])
    array([[1., 2., 4., 6.]])
    """
    xywh = np.asarray(boxes_xywh, dtype=np.float64).reshape(-1, 4)
    return np.concatenate([xywh[:, :2], xywh[:, :2] + xywh[:, 2:]], axis=1)


def checked(boxes: ArrayLike) -> Boxes:
    """``boxes`` as (n, 4) float64.

    Raises:
        ValueError: another shape, a number that is not finite, or a box that ends before it begins.
    """
    array = np.asarray(boxes, dtype=np.float64)
    array = array.reshape(0, 4) if array.size == 0 else array
    if array.ndim != 2 or array.shape[1] != 4:
        raise ValueError(f"expected boxes of shape (n, 4), got {array.shape}")
    if not np.isfinite(array).all():
        raise ValueError("expected finite corners, got nan or infinity")
    if (array[:, 2:] < array[:, :2]).any():
        raise ValueError("expected x1 <= x2 and y1 <= y2; convert (x, y, width, height) with corners() first")
    return array


def area(boxes: ArrayLike, *, inclusive: bool = False) -> NDArray[np.float64]:
    """Areas (n,) of boxes (n, 4)."""
    found = checked(boxes)
    return np.prod(found[:, 2:] - found[:, :2] + inclusive, axis=1)


def intersection(boxes: ArrayLike, others: ArrayLike, *, inclusive: bool = False) -> Matrix:
    """Areas (n, m) of what boxes (n, 4) and others (m, 4) have in common; 0 where they are disjoint."""
    first, second = checked(boxes)[:, None], checked(others)[None]
    low, high = np.maximum(first[..., :2], second[..., :2]), np.minimum(first[..., 2:], second[..., 2:])
    return np.prod(np.maximum(high - low + inclusive, 0.0), axis=2)


def iou(boxes: ArrayLike, others: ArrayLike, *, inclusive: bool = False) -> Matrix:
    """Intersection over union (n, m) in [0, 1]; two boxes without area have 0.

    Without ``inclusive`` it does not depend on the unit of length.

    >>> iou([[0, 0, 2, 2]], [[0, 0, 2, 1], [5, 5, 6, 6]])
    array([[0.5, 0. ]])
    """
    shared = intersection(boxes, others, inclusive=inclusive)
    union = area(boxes, inclusive=inclusive)[:, None] + area(others, inclusive=inclusive)[None] - shared
    return _quotient(shared, union)


def covered(boxes: ArrayLike, others: ArrayLike) -> Matrix:
    """Share (n, m) in [0, 1] of each of ``boxes`` that lies in each of ``others``: COCO's overlap with a crowd."""
    return _quotient(intersection(boxes, others), np.broadcast_to(area(boxes)[:, None], (len(checked(boxes)), 1)))


def generalized_iou(boxes: ArrayLike, others: ArrayLike) -> Matrix:
    """GIoU = IoU - |C minus union| / |C| (n, m) in [-1, 1], C the smallest box around both."""
    shared = intersection(boxes, others)
    union = area(boxes)[:, None] + area(others)[None] - shared
    around = np.prod(_hull_sides(boxes, others), axis=2)
    return _quotient(shared, union) - _quotient(around - union, around)


def distance_iou(boxes: ArrayLike, others: ArrayLike) -> Matrix:
    """DIoU = IoU - d^2 / c^2 (n, m) in [-1, 1]: d between the centers, c the diagonal of the box around both."""
    return iou(boxes, others) - _center_distance(boxes, others)


def complete_iou(boxes: ArrayLike, others: ArrayLike) -> Matrix:
    """CIoU = DIoU - alpha v (n, m) in [-1.5, 1], alpha = v / (1 - IoU + v).

    v = 4 / pi^2 (difference of atan(width / height))^2 lies in [0, 1].
    """
    overlap = iou(boxes, others)
    first, second = (_angle(checked(side)) for side in (boxes, others))
    v = 4 / np.pi**2 * (first[:, None] - second[None]) ** 2
    return overlap - _center_distance(boxes, others) - _quotient(v * v, 1 - overlap + v)


def _angle(boxes: Boxes) -> NDArray[np.float64]:
    """atan(width / height), pi / 2 for a flat box."""
    return np.arctan2(boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1])


def _hull_sides(boxes: ArrayLike, others: ArrayLike) -> NDArray[np.float64]:
    first, second = checked(boxes)[:, None], checked(others)[None]
    return np.maximum(first[..., 2:], second[..., 2:]) - np.minimum(first[..., :2], second[..., :2])


def _center_distance(boxes: ArrayLike, others: ArrayLike) -> Matrix:
    first, second = checked(boxes)[:, None], checked(others)[None]
    apart = (first[..., :2] + first[..., 2:] - second[..., :2] - second[..., 2:]) / 2
    return _quotient(np.sum(apart**2, axis=2), np.sum(_hull_sides(boxes, others) ** 2, axis=2))


def _quotient(numerator: Matrix, denominator: Matrix) -> Matrix:
    """numerator / denominator, 0 where the denominator is 0."""
    wide = np.broadcast_to(denominator, numerator.shape)
    return np.divide(numerator, wide, out=np.zeros_like(numerator), where=wide > 0)
