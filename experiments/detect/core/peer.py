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

from experiments.detect.core.evaluation import Detected, Truth

NAMES = ("AP", "AP50", "AP75", "APs", "APm", "APl", "AR1", "AR10", "AR100", "ARs", "ARm", "ARl")


def pycocotools_version() -> str | None:
    """The version installed, or None."""
    return version("pycocotools") if importlib.util.find_spec("pycocotools") is not None else None


def pycocotools_numbers(truth: Truth, detected: Detected) -> dict[str, float]:
    """COCO's twelve numbers as pycocotools computes them, its -1 as NaN.

    Raises:
        ImportError: pycocotools is not installed.
    """
    evaluator = pycocotools_evaluator(truth, detected)
    with contextlib.redirect_stdout(io.StringIO()):
        evaluator.evaluate()
        evaluator.accumulate()
        evaluator.summarize()
    values = [float(value) for value in evaluator.stats]
    return {name: float("nan") if value == -1 else value for name, value in zip(NAMES, values, strict=True)}


def pycocotools_evaluator(truth: Truth, detected: Detected) -> Any:
    """A COCOeval that holds the data, ready to evaluate. Without any detection it gets one that cannot count."""
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    with contextlib.redirect_stdout(io.StringIO()):
        annotations = COCO()
        annotations.dataset = instances_document(truth, detected)
        annotations.createIndex()
        results = results_document(detected)
        if results:
            return COCOeval(annotations, annotations.loadRes(results), "bbox")
        nothing = COCO()
        nothing.dataset = {**annotations.dataset, "annotations": []}
        nothing.createIndex()
        return COCOeval(annotations, nothing, "bbox")


def instances_document(truth: Truth, detected: Detected) -> dict[str, Any]:
    """COCO's instances json; ids start at 1, since pycocotools takes an object with id 0 for unmatched."""
    images = np.unique(np.concatenate([truth.images, detected.images]))
    columns = zip(truth.images, truth.classes, truth.boxes_xywh, truth.areas, truth.crowd, strict=True)
    return {
        "info": {},
        "images": [{"id": int(image), "width": 640, "height": 480} for image in images],
        "categories": [{"id": k, "name": f"class {k}"} for k in range(truth.n_classes)],
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


def results_document(detected: Detected) -> list[dict[str, Any]]:
    """COCO's results json."""
    columns = zip(detected.images, detected.classes, detected.boxes_xywh, detected.scores, strict=True)
    return [
        {"image_id": int(image), "category_id": int(label), "bbox": box.tolist(), "score": float(score)}
        for image, label, box, score in columns
    ]
