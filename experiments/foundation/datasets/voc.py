"""Annotations of PASCAL VOC: one XML file per image.

Convention: xmin, ymin, xmax, ymax are pixel indexes counted from 1 and the last one belongs to the box, so a box is
xmax - xmin + 1 pixels wide; they are kept so. Source: Everingham et al.: The PASCAL Visual Object Classes Challenge,
IJCV 2010.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
from numpy.typing import NDArray

from experiments.foundation.datasets.coco import Instances
from experiments.foundation.datasets.files import read_bytes
from experiments.lab.errors import InputError

CORNERS = ("xmin", "ymin", "xmax", "ymax")


@dataclass(frozen=True, kw_only=True)
class VocImage:
    """The n objects annotated on one image."""

    file_name: str
    width: int
    height: int
    names: tuple[str, ...]
    boxes: NDArray[np.float64]
    """(n, 4): xmin, ymin, xmax, ymax, 1-based and inclusive."""
    is_difficult: NDArray[np.bool_]


def load_voc(path: Path) -> tuple[VocImage, ...]:
    """All annotations in a folder, by name, or the one in a file. Raises InputError, naming the file and the field."""
    files = sorted(path.glob("*.xml")) if path.is_dir() else [path]
    if not files:
        raise InputError(f"{path}: no .xml file in this folder.")
    return tuple(_load(file) for file in files)


def as_instances(images: Sequence[VocImage]) -> Instances:
    """The objects in COCO's terms: ids count from 1, categories by name, boxes as x, y, width, height.

    The box of the pixels xmin to xmax, both counted from 1 and included, covers x = xmin - 1 to xmax. VOC's
    ``difficult`` has no counterpart in COCO and is not carried over.
    """
    names = sorted({name for image in images for name in image.names})
    corners = np.concatenate([np.empty((0, 4)), *(image.boxes for image in images)])
    boxes = np.concatenate([corners[:, :2] - 1, corners[:, 2:] - corners[:, :2] + 1], axis=1)
    counts = [len(image.names) for image in images]
    return Instances(
        image_sizes={number: (image.width, image.height) for number, image in enumerate(images, 1)},
        categories=dict(enumerate(names, 1)),
        ids=np.arange(1, len(boxes) + 1, dtype=np.int64),
        image_ids=np.repeat(np.arange(1, len(images) + 1, dtype=np.int64), counts),
        category_ids=np.array([names.index(name) + 1 for image in images for name in image.names], dtype=np.int64),
        boxes_xywh=boxes,
        areas=boxes[:, 2] * boxes[:, 3],
        is_crowd=np.zeros(len(boxes), dtype=np.bool_),
        segmentations=(None,) * len(boxes),
    )


def _load(path: Path) -> VocImage:
    content = read_bytes(path)
    if b"<!DOCTYPE" in content or b"<!ENTITY" in content:
        raise InputError(f"{path}: declares entities, which an annotation has no use for; refused.")
    try:
        root = ElementTree.fromstring(content)
    except ElementTree.ParseError as error:
        raise InputError(f"{path}: not XML ({error}).") from error
    objects = root.findall("object")
    boxes = [[_number(path, item, f"bndbox/{corner}") for corner in CORNERS] for item in objects]
    for box in boxes:
        if box[2] < box[0] or box[3] < box[1]:
            raise InputError(f"{path}: box {box} ends before it begins; expected xmin, ymin, xmax, ymax.")
    return VocImage(
        file_name=_text(path, root, "filename"),
        width=int(_number(path, root, "size/width")),
        height=int(_number(path, root, "size/height")),
        names=tuple(_text(path, item, "name") for item in objects),
        boxes=np.array(boxes, dtype=np.float64).reshape(-1, 4),
        is_difficult=np.array([item.findtext("difficult", "0").strip() == "1" for item in objects], dtype=np.bool_),
    )


def _text(path: Path, element: ElementTree.Element, field: str) -> str:
    text = element.findtext(field)
    if text is None:
        raise InputError(f"{path}: no <{field}> in <{element.tag}>.")
    return text.strip()


def _number(path: Path, element: ElementTree.Element, field: str) -> float:
    text = _text(path, element, field)
    try:
        value = float(text)
    except ValueError:
        value = np.nan
    if not np.isfinite(value):
        raise InputError(f"{path}: <{field}> is {text!r}, expected a number.")
    return value
