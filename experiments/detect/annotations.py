"""A user's own files as the arrays of the evaluation: COCO's json, or VOC's xml with its comp4 text files.

VOC's results lie in one file per class, comp4_det_test_<class>.txt, with lines "image score xmin ymin xmax ymax".
Source: https://cocodataset.org/#format-results; development kit of PASCAL VOC 2012.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from experiments.foundation.datasets.coco import load_detections, load_instances
from experiments.foundation.datasets.files import read_bytes
from experiments.foundation.datasets.voc import VocImage, load_voc
from experiments.lab.errors import InputError

if TYPE_CHECKING:
    from experiments.detect.core.evaluation import Detected, Truth

RESULT_COLUMNS = 6


def load_files(
    annotations: str | None, detections: str | None, layout: Literal["coco", "voc"]
) -> tuple[Truth, Detected, tuple[str, ...]] | None:
    """Objects, detections and the names of the classes; None if neither file is named.

    Raises:
        InputError: one file without the other, or one that is missing or damaged, with the fault.
    """
    if annotations is None and detections is None:
        return None
    if annotations is None or detections is None:
        given, missing = ("annotations", "detections") if detections is None else ("detections", "annotations")
        raise InputError(f"{missing}: expected a file, since {given} is given; name both or neither.")
    return (_load_coco if layout == "coco" else _load_voc)(Path(annotations), Path(detections))


def _load_coco(annotations: Path, detections: Path) -> tuple[Truth, Detected, tuple[str, ...]]:
    from experiments.detect.core.evaluation import Detected, Truth

    if annotations.is_dir():
        raise InputError(f"{annotations}: a folder, expected COCO's json; for VOC's folder of xml say format=voc.")
    instances = load_instances(annotations)
    results = load_detections(detections, instances)
    ids = np.array(sorted(instances.categories), dtype=np.int64)
    truth = Truth(
        images=instances.image_ids,
        classes=np.searchsorted(ids, instances.category_ids),
        boxes_xywh=instances.boxes_xywh,
        areas=instances.areas,
        crowd=instances.is_crowd,
        n_classes=len(ids),
    )
    detected = Detected(
        images=results.image_ids,
        classes=np.searchsorted(ids, results.category_ids),
        boxes_xywh=results.boxes_xywh,
        scores=results.scores,
    )
    return truth, detected, tuple(instances.categories[int(k)] for k in ids)


def _load_voc(annotations: Path, detections: Path) -> tuple[Truth, Detected, tuple[str, ...]]:
    from experiments.detect.core.evaluation import Detected, Truth

    images = load_voc(annotations)
    names = tuple(sorted({name for image in images for name in image.names}))
    numbers = {Path(image.file_name).stem: number for number, image in enumerate(images)}
    counts = [len(image.names) for image in images]
    boxes = _continuous(np.concatenate([image.boxes for image in images]))
    difficult = np.concatenate([image.is_difficult for image in images])
    truth = Truth(
        images=np.repeat(np.arange(len(images), dtype=np.int64), counts),
        classes=np.array([names.index(name) for image in images for name in image.names], dtype=np.int64),
        boxes_xywh=boxes,
        areas=boxes[:, 2] * boxes[:, 3],
        crowd=np.zeros(len(boxes), np.bool_),
        exempt=difficult,
        n_classes=len(names),
    )
    rows = [
        (numbers[image], label, score, box)
        for label, name in enumerate(names)
        for image, score, box in _result_lines(_result_file(detections, name), images)
    ]
    detected = Detected(
        images=np.array([row[0] for row in rows], dtype=np.int64),
        classes=np.array([row[1] for row in rows], dtype=np.int64),
        boxes_xywh=_continuous(np.array([row[3] for row in rows], dtype=np.float64).reshape(-1, 4)),
        scores=np.array([row[2] for row in rows], dtype=np.float64),
    )
    return truth, detected, names


def _continuous(
    boxes: np.ndarray[tuple[int, ...], np.dtype[np.float64]],
) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """x, y, width, height whose IoU is that of the inclusive pixel boxes."""
    return np.concatenate([boxes[:, :2] - 1, boxes[:, 2:] - boxes[:, :2] + 1], axis=1)


def _result_file(folder: Path, name: str) -> Path | None:
    """The result file of a class; None if its detector gave none."""
    if not folder.is_dir():
        raise InputError(f"{folder}: expected a folder with files *_det_*_<class>.txt.")
    found = sorted(folder.glob(f"*_{name}.txt"))
    if len(found) > 1:
        raise InputError(
            f"{folder}: expected one result file of class {name}, found {', '.join(f.name for f in found)}."
        )
    return found[0] if found else None


def _result_lines(path: Path | None, images: Sequence[VocImage]) -> list[tuple[str, float, list[float]]]:
    known = {Path(image.file_name).stem for image in images}
    lines = [] if path is None else read_bytes(path).decode("utf-8", errors="replace").splitlines()
    found = []
    for number, line in enumerate(lines, 1):
        words = line.split()
        try:
            score, *box = map(float, words[1:])
        except ValueError:
            score, box = float("nan"), []
        if len(words) != RESULT_COLUMNS or not np.isfinite([score, *box]).all():
            raise InputError(f"{path}: line {number} is {line!r}, expected image score xmin ymin xmax ymax.")
        if words[0] not in known:
            raise InputError(f"{path}: line {number}: image {words[0]} has no annotation.")
        if box[2] < box[0] or box[3] < box[1]:
            raise InputError(f"{path}: line {number}: box {box} ends before it begins.")
        found.append((words[0], score, box))
    return found
