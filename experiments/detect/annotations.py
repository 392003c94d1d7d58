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

from experiments.detect.core.ground_truth import Detections, Floats, GroundTruth, Ints
from experiments.detect.core.rules import IouType, Rules
from experiments.detect.core.shapes.keypoints import SIGMAS, extents
from experiments.detect.shapes import keypoints_of, masks_of
from experiments.foundation.datasets.formats.coco import Instances, load_detections, load_instances
from experiments.foundation.datasets.formats.fields import decimal, shown
from experiments.foundation.datasets.formats.files import read_bytes, read_text
from experiments.foundation.datasets.formats.voc import load_voc
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
    rules: Rules = Rules()
    """COCO's for what overlaps."""
    images: Ints = np.zeros(0, np.int64)
    """(n,) all images of the user's files, those without objects and detections among them."""


def evaluate_coco(
    annotations: str | Path, detections: str | Path, iou_type: IouType = "bbox", *, sigmas: tuple[float, ...] = SIGMAS
) -> dict[str, float]:
    """COCO's numbers, by COCO's names, of an instances json and a results json; NaN where undefined.

    Args:
        annotations: what there is to find.
        detections: what was found.
        iou_type: what overlaps: boxes (bbox, twelve numbers), masks (segm, twelve) or keypoints (ten).
        sigmas: of the keypoints; by default of COCO's 17 points of a person.

    Raises:
        InputError: a file that is missing or damaged, with the fault.
    """
    from experiments.detect.core.evaluation import coco_numbers, evaluate_detections

    scene = coco_scene(Path(annotations), Path(detections), Rules.of(iou_type, sigmas))
    return coco_numbers(evaluate_detections(scene.ground_truth, scene.detections, scene.rules))


def load_scene(
    annotations: str | None, detections: str | None, layout: Literal["coco", "voc"], iou_type: IouType = "bbox"
) -> Scene | None:
    """The scene of two files; None if neither is named.

    Raises:
        InputError: one file without the other, or one that is missing or damaged, with the fault.
    """
    if annotations is None and detections is None:
        return None
    if annotations is None or detections is None:
        given, missing = ("annotations", "detections") if detections is None else ("detections", "annotations")
        raise InputError(f"{missing}: expected a file, since {given} is given; name both or neither.")
    if layout == "coco":
        return coco_scene(Path(annotations), Path(detections), Rules.of(iou_type))
    if iou_type != "bbox":
        raise InputError(f"iou_type={iou_type}: VOC's files have boxes alone, expected iou_type=bbox.")
    return voc_scene(Path(annotations), Path(detections))


def coco_scene(annotations: Path, detections: Path, rules: Rules | None = None) -> Scene:
    """An instances json and a results json; classes in the order of their category ids."""
    if annotations.is_dir():
        raise InputError(f"{annotations}: a folder, expected COCO's json; for VOC's folder of xml say format=voc.")
    rules, instances = rules or Rules(), load_instances(annotations)
    ids = np.array(sorted(instances.categories), dtype=np.int64)
    masks = keypoints = exempt = None
    if rules.iou_type == "segm":
        sizes = [instances.image_sizes[image] for image in instances.image_ids.tolist()]
        masks = masks_of(annotations, "annotations", instances.segmentations, sizes)
    if rules.iou_type == "keypoints":
        keypoints = keypoints_of(annotations, "annotations", instances.keypoints, len(rules.sigmas))
        labelled = (keypoints[:, :, 2] > 0).sum(axis=1).tolist()
        counts = [
            own if count is None else count for own, count in zip(labelled, instances.keypoint_counts, strict=True)
        ]
        exempt = np.array([count == 0 for count in counts], dtype=np.bool_)
    ground_truth = GroundTruth(
        images=instances.image_ids,
        classes=np.searchsorted(ids, instances.category_ids),
        boxes_xywh=instances.boxes_xywh,
        areas=instances.areas,
        crowd=instances.is_crowd,
        n_classes=len(ids),
        exempt=exempt,
        masks=masks,
        keypoints=keypoints,
    )
    found = coco_detections(detections, instances, rules)
    names = tuple(instances.categories[int(k)] for k in ids)
    return Scene(ground_truth, found, names, rules, np.array(sorted(instances.image_sizes), dtype=np.int64))


def coco_detections(path: Path, instances: Instances, rules: Rules) -> Detections:
    """A results json; sizes are by the boxes where there are any, as in pycocotools, else by masks or keypoints."""
    plain = plain_detections(path, instances) if rules.iou_type == "bbox" else None
    if plain is not None:
        return plain
    results = load_detections(path, instances, boxes=rules.iou_type == "bbox")
    masks = keypoints = areas = None
    boxes = results.boxes_xywh
    if rules.iou_type == "segm":
        sizes = [instances.image_sizes[image] for image in results.image_ids.tolist()]
        masks = masks_of(path, "results", results.segmentations, sizes)
        boxes, areas = (masks.boxes_xywh, masks.areas) if boxes is None else (boxes, None)
    if rules.iou_type == "keypoints":
        keypoints = keypoints_of(path, "results", results.keypoints, len(rules.sigmas))
        boxes = extents(keypoints) if boxes is None else boxes
    return Detections(
        images=results.image_ids,
        classes=np.searchsorted(np.sort(list(instances.categories)), results.category_ids),
        boxes_xywh=np.zeros((0, 4)) if boxes is None else boxes,
        scores=results.scores,
        masks=masks,
        keypoints=keypoints,
        given_areas=areas,
    )


def plain_detections(path: Path, instances: Instances) -> Detections | None:
    """A results json of boxes, read in one pass; None where anything is other than it should be or merely unusual."""
    from experiments.detect.core.results_scanner import scan_results

    columns = scan_results(read_bytes(path))
    if columns is None:
        return None
    images, categories = np.ascontiguousarray(columns[:, :2].T.astype(np.int64))
    boxes, scores = columns[:, 2:6].copy(), columns[:, 6].copy()
    ids = np.sort(list(instances.categories))
    known = np.isin(images, list(instances.image_sizes)).all() and np.isin(categories, ids).all()
    if not known or not np.isfinite(columns).all() or (boxes[:, 2:] < 0).any():
        return None
    return Detections(images=images, classes=np.searchsorted(ids, categories), boxes_xywh=boxes, scores=scores)


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
    return Scene(ground_truth, found, names, images=np.arange(len(images), dtype=np.int64))


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
