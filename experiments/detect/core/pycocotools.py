"""pycocotools on the same numbers, where it is installed. It prints and wants dictionaries; neither leaves this module.

Source: https://github.com/cocodataset/cocoapi (BSD), distribution pycocotools.
"""

from __future__ import annotations

import contextlib
import importlib.util
import io
from importlib.metadata import version
from typing import Any

import numpy as np

from experiments.detect.core.ground_truth import Detections, GroundTruth

NAMES = ("AP", "AP50", "AP75", "APs", "APm", "APl", "AR1", "AR10", "AR100", "ARs", "ARm", "ARl")


def pycocotools_version() -> str | None:
    """The version installed, or None."""
    return version("pycocotools") if importlib.util.find_spec("pycocotools") is not None else None


def pycocotools_numbers(ground_truth: GroundTruth, detections: Detections) -> dict[str, float]:
    """COCO's twelve numbers as pycocotools computes them, its -1 as NaN.

    Raises:
        ImportError: pycocotools is not installed.
    """
    evaluator = pycocotools_evaluator(ground_truth, detections)
    with contextlib.redirect_stdout(io.StringIO()):
        evaluator.evaluate()
        evaluator.accumulate()
        evaluator.summarize()
    values = [float(value) for value in evaluator.stats]
    return {name: float("nan") if value == -1 else value for name, value in zip(NAMES, values, strict=True)}


def pycocotools_evaluator(ground_truth: GroundTruth, detections: Detections) -> Any:
    """A COCOeval that holds the data, ready to evaluate. Without any detection it gets one that cannot count."""
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    with contextlib.redirect_stdout(io.StringIO()):
        annotations = COCO()
        annotations.dataset = instances_document(ground_truth, detections)
        annotations.createIndex()
        results = results_document(detections)
        if results:
            return COCOeval(annotations, annotations.loadRes(results), "bbox")
        nothing = COCO()
        nothing.dataset = {**annotations.dataset, "annotations": []}
        nothing.createIndex()
        return COCOeval(annotations, nothing, "bbox")


def instances_document(ground_truth: GroundTruth, detections: Detections) -> dict[str, Any]:
    """COCO's instances json; ids start at 1, since pycocotools takes an object with id 0 for unmatched."""
    images = np.unique(np.concatenate([ground_truth.images, detections.images]))
    columns = zip(
        ground_truth.images,
        ground_truth.classes,
        ground_truth.boxes_xywh,
        ground_truth.areas,
        ground_truth.crowd,
        strict=True,
    )
    return {
        "info": {},
        "images": [{"id": int(image), "width": 640, "height": 480} for image in images],
        "categories": [{"id": k, "name": f"class {k}"} for k in range(ground_truth.n_classes)],
        "annotations": [
            {
                "id": number,
                "image_id": int(image),
                "category_id": int(label),
                "bbox": box.tolist(),
                "area": float(area),
                "iscrowd": int(crowd),
            }
            for number, (image, label, box, area, crowd) in enumerate(columns, 1)
        ],
    }


def results_document(detections: Detections) -> list[dict[str, Any]]:
    """COCO's results json."""
    columns = zip(detections.images, detections.classes, detections.boxes_xywh, detections.scores, strict=True)
    return [
        {"image_id": int(image), "category_id": int(label), "bbox": box.tolist(), "score": float(score)}
        for image, label, box, score in columns
    ]
