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

from experiments.foundation.datasets.formats.coco import Instances
from experiments.foundation.datasets.formats.fields import brief, decimal, shown
from experiments.foundation.datasets.formats.files import read_bytes
from experiments.lab.errors import InputError

CORNERS = ("xmin", "ymin", "xmax", "ymax")


@dataclass(frozen=True, kw_only=True)
class VocImage:
    """The n objects annotated on one image."""

    name: str
    """That of its xml file: what <filename> says is often out of date, and the development kit does not read it."""
    size: tuple[int, int] | None
    """Width and height in pixels, where the file has them."""
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
    ``difficult`` has no counterpart in COCO and is not carried over. Raises InputError for an image without size.
    """
    names = sorted({name for image in images for name in image.names})
    corners = np.concatenate([np.empty((0, 4)), *(image.boxes for image in images)])
    boxes = np.concatenate([corners[:, :2] - 1, corners[:, 2:] - corners[:, :2] + 1], axis=1)
    counts = [len(image.names) for image in images]
    return Instances(
        image_sizes={number: _size(image) for number, image in enumerate(images, 1)},
        categories=dict(enumerate(names, 1)),
        ids=np.arange(1, len(boxes) + 1, dtype=np.int64),
        image_ids=np.repeat(np.arange(1, len(images) + 1, dtype=np.int64), counts),
        category_ids=np.array([names.index(name) + 1 for image in images for name in image.names], dtype=np.int64),
        boxes_xywh=boxes,
        areas=boxes[:, 2] * boxes[:, 3],
        is_crowd=np.zeros(len(boxes), dtype=np.bool_),
        segmentations=(None,) * len(boxes),
    )


def _size(image: VocImage) -> tuple[int, int]:
    if image.size is None:
        raise InputError(f"{image.name}.xml: no <size>.")
    return image.size


class _WithoutEntities(ElementTree.TreeBuilder):
    """Refuses a document type, whatever the encoding: entities are declared there, and can unfold to gigabytes."""

    def doctype(self, name: str, pubid: str | None, system: str | None) -> None:
        raise InputError("declares a document type, which an annotation has no use for; refused.")


def _load(path: Path) -> VocImage:
    root = _parsed(path)
    objects = root.findall("object")
    boxes = [[_number(path, item, f"bndbox/{corner}") for corner in CORNERS] for item in objects]
    for box in boxes:
        if box[2] < box[0] or box[3] < box[1]:
            raise InputError(f"{path}: box {box} ends before it begins; expected xmin, ymin, xmax, ymax.")
    return VocImage(
        name=path.stem,
        size=None if root.find("size") is None else _sides(path, root),
        names=tuple(_text(path, item, "name") for item in objects),
        boxes=np.array(boxes, dtype=np.float64).reshape(-1, 4),
        is_difficult=np.array([_flag(path, item, "difficult") for item in objects], dtype=np.bool_),
    )


def _parsed(path: Path) -> ElementTree.Element:
    try:
        parser = ElementTree.XMLParser(target=_WithoutEntities())
        parser.feed(read_bytes(path))
        root: ElementTree.Element = parser.close()
    except InputError as error:
        raise InputError(*(line if str(path) in line else f"{path}: {line}" for line in error.problems)) from None
    except (ElementTree.ParseError, ValueError, LookupError) as error:  # the last two for encodings
        raise InputError(f"{path}: not XML ({brief(error)}).") from error
    return root


def _sides(path: Path, root: ElementTree.Element) -> tuple[int, int]:
    return int(_number(path, root, "size/width")), int(_number(path, root, "size/height"))


def _text(path: Path, element: ElementTree.Element, field: str) -> str:
    found = element.findall(field)
    if len(found) != 1:
        raise InputError(f"{path}: {len(found) or 'no'} <{field}> in <{brief(element.tag)}>, expected one.")
    return (found[0].text or "").strip()


def _number(path: Path, element: ElementTree.Element, field: str) -> float:
    value = decimal(text := _text(path, element, field))
    if np.isnan(value):
        raise InputError(f"{path}: <{field}> is {shown(text)}, expected a number.")
    return value


def _flag(path: Path, element: ElementTree.Element, field: str) -> bool:
    """0 or 1; 0 where there is none."""
    text = "0" if element.find(field) is None else _text(path, element, field)
    if text not in ("0", "1"):
        raise InputError(f"{path}: <{field}> is {shown(text)}, expected 0 or 1.")
    return text == "1"
