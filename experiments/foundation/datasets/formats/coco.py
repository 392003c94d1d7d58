"""Instances and results of COCO as plain arrays. Masks (polygons or run lengths) and keypoints are kept as given.

Conventions: a box is [x, y, width, height] in pixels, from the upper left corner, not rounded; ``iscrowd`` marks a
region of many objects. Source: Lin et al.: Microsoft COCO: Common Objects in Context, ECCV 2014;
https://cocodataset.org/#format-data.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from experiments.foundation.datasets.formats.fields import (
    FLAG,
    INTEGER,
    NUMBER,
    TEXT,
    Entries,
    Kind,
    is_number,
    read_json,
    refuse,
)
from experiments.lab.errors import InputError


def _is_box(value: Any) -> bool:
    return type(value) is list and len(value) == 4 and all(map(is_number, value)) and min(value[2:]) >= 0


BOX = Kind("[x, y, width, height] in finite numbers, no side negative (not [x1, y1, x2, y2])", _is_box)
AREA = Kind("a finite number of at least 0", lambda value: is_number(value) and value >= 0)


@dataclass(frozen=True, kw_only=True)
class Instances:
    """Ground truth: n annotated objects on images of known size."""

    image_sizes: dict[int, tuple[int, int]]
    """Image id -> (width, height) in pixels."""
    categories: dict[int, str]
    """Category id -> name, in the order of the file."""
    ids: NDArray[np.int64]
    image_ids: NDArray[np.int64]
    category_ids: NDArray[np.int64]
    boxes_xywh: NDArray[np.float64]
    """(n, 4)."""
    areas: NDArray[np.float64]
    """Area of the mask in square pixels; of the box where the file has none."""
    is_crowd: NDArray[np.bool_]
    segmentations: tuple[Any, ...]
    """Polygons, run lengths or None, as given."""
    keypoints: tuple[Any, ...] = ()
    """x, y and visibility of every point in one list, or None, as given."""
    keypoint_counts: tuple[Any, ...] = ()
    """Labelled points, or None."""


@dataclass(frozen=True, kw_only=True)
class Detections:
    """Results: n scored boxes, masks or keypoints."""

    image_ids: NDArray[np.int64]
    category_ids: NDArray[np.int64]
    boxes_xywh: NDArray[np.float64] | None
    """(n, 4); None where the first result has none."""
    scores: NDArray[np.float64]
    segmentations: tuple[Any, ...]
    keypoints: tuple[Any, ...]


def load_instances(path: Path) -> Instances:
    """Read and check an instances file.

    Raises InputError with one line per fault: fields that are missing or of another kind, ids twice, unknown images or
    categories, boxes with a negative side.
    """
    document = read_json(path)
    if not isinstance(document, dict) or not {"images", "annotations", "categories"} <= document.keys():
        raise InputError(f"{path}: expected an object with 'images', 'annotations' and 'categories'.")
    images, categories, annotations = (
        Entries.of(path, name, document[name]) for name in ("images", "categories", "annotations")
    )
    image_ids, category_ids, ids = images.ids(), categories.ids(), annotations.ids()
    widths, heights = images.column("width", INTEGER), images.column("height", INTEGER)
    names = categories.column("name", TEXT)
    image_of = annotations.references("image_id", image_ids, "images")
    category_of = annotations.references("category_id", category_ids, "categories")
    boxes = annotations.column("bbox", BOX)
    areas = annotations.column(
        "area", AREA, default=math.nan
    )  # NaN stands for a missing one: no file can hold this object
    crowd = annotations.column("iscrowd", FLAG, default=0)
    labelled = annotations.column("num_keypoints", INTEGER, default=None)
    refuse(path, images.faults, categories.faults, annotations.faults)
    sides, given = _boxes(boxes), np.array(areas, dtype=np.float64)
    return Instances(
        image_sizes=dict(zip(image_ids, zip(widths, heights, strict=True), strict=True)),
        categories=dict(zip(category_ids, names, strict=True)),
        ids=np.array(ids, dtype=np.int64),
        image_ids=np.array(image_of, dtype=np.int64),
        category_ids=np.array(category_of, dtype=np.int64),
        boxes_xywh=sides,
        areas=np.where(np.isnan(given), sides[:, 2] * sides[:, 3], given),
        is_crowd=np.array(crowd, dtype=np.bool_),
        segmentations=_as_given(annotations, "segmentation"),
        keypoints=_as_given(annotations, "keypoints"),
        keypoint_counts=tuple(labelled),
    )


def load_detections(path: Path, instances: Instances, *, boxes: bool = True) -> Detections:
    """Read and check a results file (a list) against the ground truth that it answers.

    Without ``boxes`` results need none; as in pycocotools all have one if the first has. Raises InputError with one
    line per fault, as ``load_instances`` does.
    """
    results = Entries.of(path, "results", read_json(path))
    image_of = results.references("image_id", tuple(instances.image_sizes), "images")
    category_of = results.references("category_id", tuple(instances.categories), "categories")
    given = boxes or (len(results) > 0 and results.entries[0].get("bbox") not in (None, []))
    sides, scores = results.column("bbox", BOX) if given else None, results.column("score", NUMBER)
    refuse(path, results.faults)
    return Detections(
        image_ids=np.array(image_of, dtype=np.int64),
        category_ids=np.array(category_of, dtype=np.int64),
        boxes_xywh=None if sides is None else _boxes(sides),
        scores=np.array(scores, dtype=np.float64),
        segmentations=_as_given(results, "segmentation"),
        keypoints=_as_given(results, "keypoints"),
    )


def _as_given(entries: Entries, key: str) -> tuple[Any, ...]:
    return tuple(entry.get(key) for entry in entries.entries)


def _boxes(boxes: list[Any]) -> NDArray[np.float64]:
    return np.array(boxes, dtype=np.float64).reshape(-1, 4)
