"""Ground truth and detections as arrays: objects and scored boxes, each with its image and class, some with a mask or
keypoints.

Boxes are x, y, width, height in pixels, not rounded, as in COCO's files; converted to corners they would round
differently and equal overlaps could fall on the other side of a threshold.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from experiments.detect.core.shapes.masks import Flags as Flags
from experiments.detect.core.shapes.masks import Floats as Floats
from experiments.detect.core.shapes.masks import Ints as Ints
from experiments.detect.core.shapes.masks import Masks


@dataclass(frozen=True, kw_only=True)
class GroundTruth:
    """The n objects that there are to find."""

    images: Ints
    """(n,) image of each object; any integers."""
    classes: Ints
    """(n,) class in 0 .. n_classes - 1."""
    boxes_xywh: Floats
    """(n, 4)."""
    areas: Floats
    """(n,) areas as annotated, those of the masks in COCO's files."""
    crowd: Flags
    """(n,) regions of many objects: finding them, wholly or in part, is neither right nor wrong."""
    n_classes: int
    exempt: Flags | None = None
    """(n,) single objects that do not count either, such as VOC's difficult ones; none by default."""
    masks: Masks | None = None
    keypoints: Floats | None = None
    """(n, k, 3) x, y and whether the point is labelled, above 0."""

    def __post_init__(self) -> None:
        _check(self, self.n_classes)

    @property
    def uncounted(self) -> Flags:
        """(n,) crowds and exempt objects."""
        return self.crowd if self.exempt is None else self.crowd | self.exempt


@dataclass(frozen=True, kw_only=True)
class Detections:
    """The n boxes that a detector gave."""

    images: Ints
    classes: Ints
    boxes_xywh: Floats
    scores: Floats
    masks: Masks | None = None
    keypoints: Floats | None = None
    """(n, k, 3), of which the third numbers do not count."""
    given_areas: Floats | None = None
    """(n,) by which detections are sorted by size; those of the boxes by default."""

    def __post_init__(self) -> None:
        _check(self, None)
        if self.scores.shape != self.images.shape or np.isnan(self.scores).any():
            raise ValueError(f"expected {len(self.images)} scores without nan, got shape {self.scores.shape}")

    @property
    def areas(self) -> Floats:
        """(n,)"""
        return self.boxes_xywh[:, 2] * self.boxes_xywh[:, 3] if self.given_areas is None else self.given_areas


def by_group(items: GroundTruth | Detections) -> dict[tuple[int, int], Ints]:
    """Indices by (image, class), in the order given."""
    order = np.lexsort((items.classes, items.images))
    images, classes = items.images[order], items.classes[order]
    cuts = np.flatnonzero((np.diff(images) != 0) | (np.diff(classes) != 0)) + 1
    return {
        (int(items.images[part[0]]), int(items.classes[part[0]])): part for part in np.split(order, cuts) if len(part)
    }


def _check(items: GroundTruth | Detections, n_classes: int | None) -> None:
    n, classes, boxes = len(items.images), items.classes, items.boxes_xywh
    if classes.shape != (n,) or boxes.shape != (n, 4):
        raise ValueError(f"expected one class and one box per image entry, got {classes.shape} and {boxes.shape}")
    if not np.isfinite(boxes).all() or (boxes[:, 2:] < 0).any():
        raise ValueError("expected finite boxes (x, y, width, height) with sides of at least 0")
    if n and (classes.min() < 0 or (n_classes is not None and classes.max() >= n_classes)):
        raise ValueError(f"expected classes in 0 .. {n_classes} - 1, got {classes.min()} to {classes.max()}")
    if items.masks is not None and len(items.masks) != n:
        raise ValueError(f"expected {n} masks, got {len(items.masks)}")
    points = items.keypoints
    if points is not None and (points.shape != (n, *points.shape[1:2], 3) or not np.isfinite(points).all()):
        raise ValueError(f"expected finite keypoints of shape ({n}, k, 3), got {points.shape}")
