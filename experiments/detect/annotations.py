"""COCO's and VOC's files as the arrays of the evaluation, and COCO's twelve numbers of two files.

VOC's results lie in one file per class, comp4_det_test_<class>.txt, with lines "image score xmin ymin xmax ymax"; an
image is called like its xml file.
Source: https://cocodataset.org/#format-results; development kit of PASCAL VOC 2012.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np

from experiments.detect.core.ground_truth import Detections, Floats, GroundTruth
from experiments.foundation.datasets.coco import load_detections, load_instances
from experiments.foundation.datasets.fields import decimal, shown
from experiments.foundation.datasets.files import read_text
from experiments.foundation.datasets.voc import load_voc
from experiments.lab.errors import InputError

RESULT_COLUMNS = 6
RESULT_FILE = re.compile(r"(.*?_)?det_[^_]+_(?P<name>.+)\.txt")
"""<competition>_det_<image set>_<class>.txt; a class may have underscores in its name."""


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
    numbers, files = {image.name: number for number, image in enumerate(images)}, _result_files(detections, names)
    rows = [
        (image, label, score, box)
        for label, name in enumerate(names)
        if name in files
        for image, score, box in _result_lines(files[name], numbers)
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


def _result_files(folder: Path, names: Sequence[str]) -> dict[str, Path]:
    """The result file of every class for which there is one; those of other classes are left alone."""
    found: dict[str, Path] = {}
    for path in sorted(folder.glob("*.txt")) if folder.is_dir() else []:
        named = RESULT_FILE.fullmatch(path.name)
        if named and named["name"] in names:
            before = found.setdefault(named["name"], path)
            if before != path:
                raise InputError(f"{path}: a second result file of class {named['name']}, after {before.name}.")
    if not found and names:
        raise InputError(f"{folder}: expected a folder with files *_det_*_<class>.txt, of classes such as {names[0]}.")
    return found


def _result_lines(path: Path, numbers: Mapping[str, int]) -> list[tuple[int, float, list[float]]]:
    """(image, score, box) of every line; ``numbers`` are those of the images by name."""
    found = []
    for number, line in enumerate(read_text(path).splitlines(), 1):
        image, *words = line.rsplit(maxsplit=RESULT_COLUMNS - 1)  # an image may have spaces in its name
        score, *box = map(decimal, words or [""])
        if len(words) != RESULT_COLUMNS - 1 or not np.isfinite([score, *box]).all():
            raise InputError(f"{path}: line {number} is {shown(line)}, expected image score xmin ymin xmax ymax.")
        if image not in numbers:
            raise InputError(f"{path}: line {number}: image {shown(image)} has no annotation.")
        if box[2] < box[0] or box[3] < box[1]:
            raise InputError(f"{path}: line {number}: box {box} ends before it begins.")
        found.append((numbers[image], score, box))
    return found
