"""COCO's numbers of a stream of images, such as the validation batches of a training loop, as of all images at once.

Images are matched when they come; of a detection about 45 bytes stay, 85 where it overlaps an object, and no box, mask
or picture. The numbers are those of all images in one file, to the last bit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Literal

import numpy as np
from numpy.typing import DTypeLike, NDArray

from experiments.detect.core.evaluation import coco_numbers, evaluate_matches
from experiments.detect.core.ground_truth import Detections, Floats, GroundTruth, Ints
from experiments.detect.core.matches import Matches, Sets
from experiments.detect.core.rules import IouType, Rules
from experiments.detect.core.shapes.keypoints import SIGMAS, extents
from experiments.detect.core.shapes.masks import Masks
from experiments.detect.core.shapes.runs import runs_of_bitmap
from experiments.foundation.cores import usable_cores

OfImage = Mapping[str, Any]
"""Name -> array or tensor, in torchvision's and torchmetrics' names."""


class CocoEvaluator:
    """Takes images batch by batch and gives COCO's numbers at any time.

    >>> evaluator = CocoEvaluator()
    >>> found = {"boxes": [[10.0, 10, 50, 50]], "scores": [0.9], "labels": [1]}
    >>> evaluator.update([found], [{"boxes": [[10.0, 10, 50, 54]], "labels": [1]}])
    >>> round(evaluator.result()["AP"], 3)
    0.9
    """

    def __init__(
        self,
        iou_type: IouType = "bbox",
        *,
        box_format: Literal["xyxy", "xywh"] = "xyxy",
        sigmas: tuple[float, ...] = SIGMAS,
    ) -> None:
        """
        Args:
            iou_type: what overlaps: boxes (bbox), masks (segm) or keypoints.
            box_format: corners x1, y1, x2, y2 as in torchvision, or COCO's x, y, width, height.
            sigmas: of the keypoints; by default of COCO's 17 points of a person.
        """
        self.rules = Rules.of(iou_type, sigmas)
        self.box_format = box_format
        self._matches: dict[int, list[Matches]] = {}
        self._images: set[int] = set()

    def update(self, predictions: Sequence[OfImage], targets: Sequence[OfImage]) -> None:
        """Take a batch, one entry per image on both sides.

        Args:
            predictions: ``labels`` (n,), ``scores`` (n,) and, by ``iou_type``, ``boxes`` (n, 4), ``masks`` (n, h, w) of
                booleans or ``keypoints`` (n, k, 3).
            targets: the same without scores, for keypoints with ``boxes`` too; ``iscrowd`` (m,) and ``area`` (m,) where
                there are any, else no crowds and the area of the mask or box; ``image_id``, by which images of equal
                scores are ordered, else they count from 0.

        Raises:
            ValueError: a shape that does not fit, or an image that was there before.
        """
        if len(predictions) != len(targets):
            raise ValueError(f"expected one prediction per target, got {len(predictions)} and {len(targets)}")
        ids = [int(_array(target.get("image_id", n))) for n, target in enumerate(targets, start=len(self._images))]
        if len({*ids} | self._images) < len(ids) + len(self._images):
            raise ValueError("expected every image once, got an image_id that was there before")
        labels = np.unique(_stacked([*predictions, *targets], "labels", dtype=np.int64))
        sets = Sets.of(self._ground_truth(targets, ids, labels), self._detections(predictions, ids, labels), self.rules)
        for k, label in enumerate(labels.tolist()):
            self._matches.setdefault(label, []).append(sets.match(k).within(max(self.rules.max_dets)))
        self._images.update(ids)

    def result(self) -> dict[str, float]:
        """COCO's numbers of all images so far, by COCO's names; NaN where undefined."""
        matches = [Matches.joined(self._matches[label]) for label in sorted(self._matches)]
        with ThreadPoolExecutor(usable_cores()) as pool:
            return coco_numbers(evaluate_matches(matches, self.rules, pool))

    def _ground_truth(self, targets: Sequence[OfImage], ids: Sequence[int], labels: Ints) -> GroundTruth:
        images, classes = _images_and_classes(targets, ids, labels)
        points, masks, crowd = self._points(targets), self._masks(targets), np.zeros(len(images), np.bool_)
        boxes = self._boxes(targets) if masks is None else masks.boxes_xywh
        areas = boxes[:, 2] * boxes[:, 3] if masks is None else masks.areas
        return GroundTruth(
            images=images,
            classes=classes,
            boxes_xywh=boxes,
            areas=_stacked(targets, "area") if any("area" in target for target in targets) else areas,
            crowd=_stacked(targets, "iscrowd") > 0 if any("iscrowd" in target for target in targets) else crowd,
            n_classes=len(labels),
            exempt=None if points is None else points[:, :, 2].max(axis=1, initial=0.0) <= 0,
            masks=masks,
            keypoints=points,
        )

    def _detections(self, predictions: Sequence[OfImage], ids: Sequence[int], labels: Ints) -> Detections:
        images, classes = _images_and_classes(predictions, ids, labels)
        points, masks = self._points(predictions), self._masks(predictions)
        around = masks.boxes_xywh if masks is not None else None if points is None else extents(points)
        return Detections(
            images=images,
            classes=classes,
            boxes_xywh=self._boxes(predictions) if around is None else around,
            scores=_stacked(predictions, "scores"),
            masks=masks,
            keypoints=points,
            given_areas=None if masks is None else masks.areas,
        )

    def _boxes(self, entries: Sequence[OfImage]) -> Floats:
        boxes = _stacked(entries, "boxes", 4)
        return (
            boxes if self.box_format == "xywh" else np.concatenate([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]], axis=1)
        )

    def _points(self, entries: Sequence[OfImage]) -> Floats | None:
        return _stacked(entries, "keypoints", len(self.rules.sigmas), 3) if self.rules.iou_type == "keypoints" else None

    def _masks(self, entries: Sequence[OfImage]) -> Masks | None:
        if self.rules.iou_type != "segm":
            return None
        bitmaps = [mask for entry in entries for mask in _array(entry["masks"])]
        if any(mask.dtype != np.bool_ or mask.ndim != 2 for mask in bitmaps):
            raise ValueError("expected masks (n, h, w) of booleans: put a threshold to probabilities first")
        return Masks.of([runs_of_bitmap(mask) for mask in bitmaps], [len(mask) for mask in bitmaps])


def _images_and_classes(entries: Sequence[OfImage], ids: Sequence[int], labels: Ints) -> tuple[Ints, Ints]:
    counts = [_array(entry["labels"]).size for entry in entries]
    classes = np.searchsorted(labels, _stacked(entries, "labels", dtype=np.int64))
    return np.repeat(np.array(ids, dtype=np.int64), counts), classes


def _stacked(entries: Sequence[OfImage], name: str, *sides: int, dtype: DTypeLike = np.float64) -> NDArray[Any]:
    """The field ``name`` of all images, one after the other, (n, *sides)."""
    parts = [_array(entry[name]).astype(dtype).reshape(-1, *sides) for entry in entries]
    return np.concatenate([np.zeros((0, *sides), dtype), *parts])


def _array(values: Any) -> NDArray[Any]:
    """An array of an array, a list or a tensor on any device."""
    return np.asarray(values.detach().cpu() if hasattr(values, "detach") else values)
