"""COCO's and VOC's files as the arrays of the evaluation, and COCO's twelve numbers of two files.

VOC's results lie in one file per class, comp4_det_test_<class>.txt, with lines "image score xmin ymin xmax ymax".
Source: https://cocodataset.org/#format-results; development kit of PASCAL VOC 2012.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np

from experiments.detect.core.ground_truth import Detections, Floats, GroundTruth
from experiments.foundation.datasets.coco import load_detections, load_instances
from experiments.foundation.datasets.files import read_bytes
from experiments.foundation.datasets.voc import VocImage, load_voc
from experiments.lab.errors import InputError

RESULT_COLUMNS = 6


class Scene(NamedTuple):
    """What there is to find and what was found."""

    ground_truth: GroundTruth
    detections: Detections
    names: tuple[str, ...] = ()
    """Of the classes; they go by number where there are none."""


def evaluate_coco(annotations: str | Path, detections: str | Path) -> dict[str, float]:
    """COCO's twelve numbers, by COCO's names, of an instances json and a results json; NaN where undefined.

    Raises:
        InputError: a file that is missing or damaged, with the fault.
    """
    from experiments.detect.core.evaluation import coco_numbers, evaluate_boxes

    scene = coco_scene(Path(annotations), Path(detections))
    return coco_numbers(evaluate_boxes(scene.ground_truth, scene.detections))


def load_scene(annotations: str | None, detections: str | None, layout: Literal["coco", "voc"]) -> Scene | None:
    """The scene of two files; None if neither is named.

    Raises:
        InputError: one file without the other, or one that is missing or damaged, with the fault.
    """
    if annotations is None and detections is None:
        return None
    if annotations is None or detections is None:
        given, missing = ("annotations", "detections") if detections is None else ("detections", "annotations")
        raise InputError(f"{missing}: expected a file, since {given} is given; name both or neither.")
    return (coco_scene if layout == "coco" else voc_scene)(Path(annotations), Path(detections))


def coco_scene(annotations: Path, detections: Path) -> Scene:
    """An instances json and a results json; classes in the order of their category ids."""
    if annotations.is_dir():
        raise InputError(f"{annotations}: a folder, expected COCO's json; for VOC's folder of xml say format=voc.")
    instances = load_instances(annotations)
    results = load_detections(detections, instances)
    ids = np.array(sorted(instances.categories), dtype=np.int64)
    ground_truth = GroundTruth(
        images=instances.image_ids,
        classes=np.searchsorted(ids, instances.category_ids),
        boxes_xywh=instances.boxes_xywh,
        areas=instances.areas,
        crowd=instances.is_crowd,
        n_classes=len(ids),
    )
    found = Detections(
        images=results.image_ids,
        classes=np.searchsorted(ids, results.category_ids),
        boxes_xywh=results.boxes_xywh,
        scores=results.scores,
    )
    return Scene(ground_truth, found, tuple(instances.categories[int(k)] for k in ids))


def voc_scene(annotations: Path, detections: Path) -> Scene:
    """A folder of xml and a folder of result files; objects marked difficult are exempt."""
    images = load_voc(annotations)
    names = tuple(sorted({name for image in images for name in image.names}))
    boxes = _continuous(np.concatenate([image.boxes for image in images]))
    ground_truth = GroundTruth(
        images=np.repeat(np.arange(len(images), dtype=np.int64), [len(image.names) for image in images]),
        classes=np.array([names.index(name) for image in images for name in image.names], dtype=np.int64),
        boxes_xywh=boxes,
        areas=boxes[:, 2] * boxes[:, 3],
        crowd=np.zeros(len(boxes), np.bool_),
        exempt=np.concatenate([image.is_difficult for image in images]),
        n_classes=len(names),
    )
    numbers = {Path(image.file_name).stem: number for number, image in enumerate(images)}
    rows = [
        (numbers[image], label, score, box)
        for label, name in enumerate(names)
        for image, score, box in _result_lines(_result_file(detections, name), images)
    ]
    found = Detections(
        images=np.array([row[0] for row in rows], dtype=np.int64),
        classes=np.array([row[1] for row in rows], dtype=np.int64),
        boxes_xywh=_continuous(np.array([row[3] for row in rows], dtype=np.float64).reshape(-1, 4)),
        scores=np.array([row[2] for row in rows], dtype=np.float64),
    )
    return Scene(ground_truth, found, names)


def _continuous(boxes: Floats) -> Floats:
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
