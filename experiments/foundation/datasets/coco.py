"""Instances and results of COCO as plain arrays. Masks (polygons or run lengths) are kept as given, not decoded.

Conventions: a box is [x, y, width, height] in pixels, from the upper left corner, not rounded; ``iscrowd`` marks a
region of many objects. Source: Lin et al.: Microsoft COCO: Common Objects in Context, ECCV 2014;
https://cocodataset.org/#format-data.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from experiments.foundation.datasets.files import read_bytes
from experiments.lab.errors import InputError

MOST_PROBLEMS = 5
"""As many faults of one file are told; the rest are counted."""


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


@dataclass(frozen=True, kw_only=True)
class Detections:
    """Results: n scored boxes."""

    image_ids: NDArray[np.int64]
    category_ids: NDArray[np.int64]
    boxes_xywh: NDArray[np.float64]
    scores: NDArray[np.float64]
    segmentations: tuple[Any, ...]


def load_instances(path: Path) -> Instances:
    """Read and check an instances file.

    Raises InputError with one line per fault: missing keys, ids twice, unknown images or categories, boxes that are
    not four finite numbers or have a negative side.
    """
    document = _json(path)
    if not isinstance(document, dict) or not {"images", "annotations", "categories"} <= document.keys():
        raise InputError(f"{path}: expected an object with 'images', 'annotations' and 'categories'.")
    images = _entries(path, document["images"], "images", ("id", "width", "height"))
    categories = _entries(path, document["categories"], "categories", ("id", "name"))
    annotations = _entries(path, document["annotations"], "annotations", ("id", "image_id", "category_id", "bbox"))
    faults = [*_twice(images, "images"), *_twice(categories, "categories"), *_twice(annotations, "annotations")]
    known_images, known_categories = {entry["id"] for entry in images}, {entry["id"] for entry in categories}
    for index, entry in enumerate(annotations):
        faults.extend(_box_faults(f"annotations[{index}]", entry, known_images, known_categories))
    _raise(path, faults)
    boxes = _boxes(annotations)
    return Instances(
        image_sizes={entry["id"]: (entry["width"], entry["height"]) for entry in images},
        categories={entry["id"]: entry["name"] for entry in categories},
        ids=_column(annotations, "id"),
        image_ids=_column(annotations, "image_id"),
        category_ids=_column(annotations, "category_id"),
        boxes_xywh=boxes,
        areas=np.array([e.get("area", b[2] * b[3]) for e, b in zip(annotations, boxes, strict=True)], dtype=np.float64),
        is_crowd=np.array([bool(entry.get("iscrowd", 0)) for entry in annotations], dtype=np.bool_),
        segmentations=tuple(entry.get("segmentation") for entry in annotations),
    )


def load_detections(path: Path, instances: Instances) -> Detections:
    """Read and check a results file (a list) against the ground truth that it answers.

    Raises InputError with one line per fault: missing keys, unknown images or categories, boxes as in
    ``load_instances``, scores that are no finite numbers.
    """
    entries = _entries(path, _json(path), "results", ("image_id", "category_id", "bbox", "score"))
    faults: list[str] = []
    for index, entry in enumerate(entries):
        faults.extend(_box_faults(f"results[{index}]", entry, instances.image_sizes, instances.categories))
        if not _is_finite(entry["score"]):
            faults.append(f"results[{index}]: score is {entry['score']!r}, expected a finite number.")
    _raise(path, faults)
    return Detections(
        image_ids=_column(entries, "image_id"),
        category_ids=_column(entries, "category_id"),
        boxes_xywh=_boxes(entries),
        scores=np.array([entry["score"] for entry in entries], dtype=np.float64),
        segmentations=tuple(entry.get("segmentation") for entry in entries),
    )


def _json(path: Path) -> Any:
    try:
        return json.loads(read_bytes(path))
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: not JSON ({error}).") from error


def _entries(path: Path, value: Any, name: str, keys: tuple[str, ...]) -> list[dict[str, Any]]:
    if not isinstance(value, list):
        raise InputError(f"{path}: expected {name} to be a list, found {type(value).__name__}.")
    faults: list[str] = []
    for index, entry in enumerate(value):
        missing = [key for key in keys if not isinstance(entry, dict) or key not in entry]
        wrong = [key for key in keys if key not in missing and _integer_key(key) and type(entry[key]) is not int]
        faults.extend(f"{name}[{index}]: no {key!r}." for key in missing)
        faults.extend(f"{name}[{index}]: {key} is {entry[key]!r}, expected an integer." for key in wrong)
    _raise(path, faults)
    return value


def _integer_key(key: str) -> bool:
    return key in {"id", "image_id", "category_id", "width", "height"}


def _twice(entries: list[dict[str, Any]], name: str) -> list[str]:
    ids, counts = np.unique(_column(entries, "id"), return_counts=True)
    return [
        f"{name}: id {value} is given {count} times." for value, count in zip(ids, counts, strict=True) if count > 1
    ]


def _box_faults(
    where: str, entry: Mapping[str, Any], images: Iterable[int], categories: Iterable[int]
) -> Iterable[str]:
    box = entry["bbox"]
    if not isinstance(box, list) or len(box) != 4 or not all(_is_finite(side) for side in box):
        yield f"{where}: bbox is {box!r}, expected four finite numbers [x, y, width, height]."
    elif min(box[2:]) < 0:
        yield f"{where}: bbox {box!r} has a negative width or height. Is it [x1, y1, x2, y2]?"
    if entry["image_id"] not in images:
        yield f"{where}: image_id {entry['image_id']} is not among the images."
    if entry["category_id"] not in categories:
        yield f"{where}: category_id {entry['category_id']} is not among the categories."


def _is_finite(value: Any) -> bool:
    return type(value) in {int, float} and bool(np.isfinite(float(value)))


def _column(entries: list[dict[str, Any]], key: str) -> NDArray[np.int64]:
    return np.array([entry[key] for entry in entries], dtype=np.int64)


def _boxes(entries: list[dict[str, Any]]) -> NDArray[np.float64]:
    return np.array([entry["bbox"] for entry in entries], dtype=np.float64).reshape(-1, 4)


def _raise(path: Path, faults: list[str]) -> None:
    if faults:
        rest = len(faults) - MOST_PROBLEMS
        more = [f"{path}: and {rest} more."] if rest > 0 else []
        raise InputError(*(f"{path}: {fault}" for fault in faults[:MOST_PROBLEMS]), *more)
