"""Everything worth showing about one set of detections: numbers, classes, curves, conventions, causes, references.

Composition of this package's functions into flat observations; no mathematics of its own.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from math import isnan, nan
from pathlib import Path
from typing import Any

import numpy as np

from experiments.detect.core import peer
from experiments.detect.core.average_precision import Interpolation, average_precision, precision_recall_curve
from experiments.detect.core.breakdown import error_breakdown
from experiments.detect.core.evaluation import (
    LARGEST_AREA,
    Detected,
    Rules,
    Truth,
    coco_numbers,
    evaluate_boxes,
    mean_over_classes,
)
from experiments.detect.core.matching import RIGHT
from experiments.detect.core.observation import Observation
from experiments.detect.core.scenes import SceneRates

FROZEN = Path(__file__).with_name("frozen_pycocotools.json")
"""Small sets in COCO's formats with the numbers that pycocotools gave, so that the comparison runs without it."""
CURVE_POINTS = 60
INTERPOLATIONS: tuple[Interpolation, ...] = ("coco101", "voc2007", "voc2010", "uninterpolated")


@dataclass(frozen=True, kw_only=True)
class Choice:
    """Which mAP to compute beside COCO's."""

    ious: Sequence[float]
    """Thresholds to average over, and of the curves."""
    interpolation: Interpolation = "coco101"
    most: int = 100
    """Detections per image and class."""
    area: str = "all"


def survey(truth: Truth, detected: Detected, names: Sequence[str], choice: Choice) -> Iterator[Observation]:
    """All of the below about one set; ``names`` of the classes, numbers if empty."""
    yield from numbers(truth, detected)
    yield chosen(truth, detected, choice)
    yield from by_class(truth, detected, names)
    yield from curves(truth, detected, choice.ious)
    yield from conventions(truth, detected)
    yield from causes(truth, detected)
    yield from references(truth, detected)


def numbers(truth: Truth, detected: Detected) -> Iterator[Observation]:
    """COCO's twelve."""
    for name, value in coco_numbers(evaluate_boxes(truth, detected)).items():
        yield Observation(part="COCO", metric=name, value=value)


def chosen(truth: Truth, detected: Detected, choice: Choice) -> Observation:
    """Mean AP over classes and the chosen thresholds, by any convention, area and limit."""
    ranges = {choice.area: Rules().area_ranges[choice.area]}
    rules = Rules(iou_thresholds=tuple(choice.ious), area_ranges=ranges, max_detections=(choice.most,))
    evaluation = evaluate_boxes(truth, detected, rules)
    each = [
        mean_over_classes(class_precisions(detected, outcomes, evaluation.positives[:, 0], choice.interpolation))
        for outcomes in evaluation.outcomes
    ]
    ious = ", ".join(f"{threshold:g}" for threshold in choice.ious)
    words = f"{choice.interpolation}, area {choice.area}, {choice.most} per image, mean over IoU {ious}"
    return Observation(part="chosen", metric="mAP", value=float(np.mean(each)), witness=words)


def class_precisions(
    detected: Detected,
    outcomes: np.ndarray[Any, np.dtype[np.uint8]],
    positives: np.ndarray[Any, np.dtype[np.int64]],
    interpolation: Interpolation,
) -> np.ndarray[Any, np.dtype[np.float64]]:
    """AP (K,) of each class from the outcomes of its detections; NaN without objects. Ties by image."""
    found = np.full(len(positives), np.nan)
    order = np.lexsort((detected.images, detected.classes))
    bounds = np.searchsorted(detected.classes[order], np.arange(len(positives) + 1))
    for k in np.flatnonzero(positives):
        members = order[bounds[k] : bounds[k + 1]]
        members = members[outcomes[members] <= RIGHT]
        found[k] = average_precision(
            detected.scores[members], outcomes[members] == RIGHT, int(positives[k]), interpolation=interpolation
        )
    return found


def by_class(truth: Truth, detected: Detected, names: Sequence[str]) -> Iterator[Observation]:
    """AP, AP50 and AP75 of each class that has objects, and how many."""
    evaluation = evaluate_boxes(truth, detected)
    for metric, iou in (("AP", None), ("AP50", 0.5), ("AP75", 0.75)):
        values = evaluation.average_precision(iou)
        for k in map(int, np.flatnonzero(evaluation.positives[:, 0])):
            yield Observation(
                part="class",
                metric=metric,
                value=float(values[k]),
                category=names[k] if names else f"class {k}",
                count=float(evaluation.positives[k, 0]),
            )


def curves(truth: Truth, detected: Detected, ious: Sequence[float]) -> Iterator[Observation]:
    """Precision over recall of all classes together, at most 60 points per threshold."""
    rules = Rules(iou_thresholds=tuple(ious), area_ranges={"all": (0.0, LARGEST_AREA)}, max_detections=(100,))
    evaluation = evaluate_boxes(truth, detected, rules)
    total = int(evaluation.positives.sum())
    for iou, outcomes in zip(ious, evaluation.outcomes, strict=True):
        judged = outcomes <= RIGHT
        precision, recall = precision_recall_curve(detected.scores[judged], outcomes[judged] == RIGHT, total)
        for i in np.unique(np.linspace(0, len(precision) - 1, CURVE_POINTS).astype(int)) if len(precision) else ():
            p, r = float(precision[i]), float(recall[i])
            yield Observation(part="curve", metric="precision", value=p, iou=iou, recall=r, precision=p)


def conventions(truth: Truth, detected: Detected) -> Iterator[Observation]:
    """mAP at IoU 0.5 of the same outcomes by all four conventions."""
    for interpolation in INTERPOLATIONS:
        found = chosen(truth, detected, Choice(ious=(0.5,), interpolation=interpolation))
        yield replace(found, part="convention", metric=interpolation, iou=0.5)


def causes(truth: Truth, detected: Detected) -> Iterator[Observation]:
    """How often each kind of error occurs at IoU 0.5, and what AP50 would gain without it."""
    for cause, (count, gain) in error_breakdown(truth, detected).items():
        yield Observation(part="errors", metric=cause, value=gain, iou=0.5, count=float(count))


def small_rates(trial: int) -> SceneRates:
    """Small sets that differ in what is delicate: ties, crowds, empty images, few objects."""
    return SceneRates(
        images=(12, 4, 25)[trial % 3],
        classes=(3, 1, 5)[trial % 3],
        objects=(4.0, 6.0, 1.5)[trial % 3],
        jitter=(0.05, 0.1, 0.2)[trial % 3],
        crowd_rate=(0.3, 0.1, 0.2)[trial % 3],
        score_digits=(1, 2, 1)[trial % 3],
    )


def reference(truth: Truth, detected: Detected) -> Observation:
    """Largest difference to pycocotools over the twelve numbers; the control takes crowds for single objects."""
    theirs = peer.pycocotools_numbers(truth, detected)
    return compare(truth, detected, theirs, f"pycocotools {peer.pycocotools_version()}")


def references(truth: Truth, detected: Detected) -> Iterator[Observation]:
    """``reference`` where pycocotools is installed and counts the same objects, else nothing."""
    if peer.pycocotools_version() is not None and truth.exempt is None:
        yield reference(truth, detected)


def frozen_references() -> Iterator[Observation]:
    """The same against frozen numbers of pycocotools."""
    document = frozen()
    for name, case in document["sets"].items():
        truth, detected = arrays(case["instances"], case["results"])
        theirs = {key: nan if value is None else value for key, value in case["numbers"].items()}
        yield compare(truth, detected, theirs, f"frozen pycocotools {document['versions']['pycocotools']}, {name}")


def compare(truth: Truth, detected: Detected, theirs: Mapping[str, float], source: str) -> Observation:
    """How far COCO's twelve numbers are from ``theirs``; the control takes crowds for single objects."""
    ours = coco_numbers(evaluate_boxes(truth, detected))
    single = replace(truth, crowd=np.zeros_like(truth.crowd))
    return Observation(
        part="pycocotools",
        metric="AP",
        value=ours["AP"],
        error=largest_difference(ours, theirs),
        control_error=largest_difference(coco_numbers(evaluate_boxes(single, detected)), theirs),
        witness=source,
    )


def largest_difference(ours: Mapping[str, float], theirs: Mapping[str, float]) -> float:
    """Largest absolute difference by name; infinite where only one side is NaN."""
    found = 0.0
    for name, value in theirs.items():
        if isnan(value) != isnan(ours[name]):
            return float("inf")
        found = max(found, 0.0 if isnan(value) else abs(value - ours[name]))
    return found


def reference_sentence() -> str:
    """Against what the twelve numbers are compared."""
    installed = peer.pycocotools_version()
    frozen_version = frozen()["versions"]["pycocotools"]
    if installed is None:
        return f"pycocotools is not installed: compared with numbers frozen from {frozen_version} only."
    return f"Compared with pycocotools {installed} on these sets, and with numbers frozen from {frozen_version}."


@cache
def frozen() -> Any:
    """The document of frozen sets, numbers and versions."""
    return json.loads(FROZEN.read_text(encoding="utf-8"))


def arrays(instances: Mapping[str, Any], results: Sequence[Mapping[str, Any]]) -> tuple[Truth, Detected]:
    """COCO's documents, with categories 0 .. K - 1, as arrays."""
    objects = instances["annotations"]
    truth = Truth(
        images=np.array([o["image_id"] for o in objects], dtype=np.int64),
        classes=np.array([o["category_id"] for o in objects], dtype=np.int64),
        boxes_xywh=np.array([o["bbox"] for o in objects], dtype=np.float64).reshape(-1, 4),
        areas=np.array([o["area"] for o in objects], dtype=np.float64),
        crowd=np.array([bool(o["iscrowd"]) for o in objects], dtype=np.bool_),
        n_classes=len(instances["categories"]),
    )
    detected = Detected(
        images=np.array([r["image_id"] for r in results], dtype=np.int64),
        classes=np.array([r["category_id"] for r in results], dtype=np.int64),
        boxes_xywh=np.array([r["bbox"] for r in results], dtype=np.float64).reshape(-1, 4),
        scores=np.array([r["score"] for r in results], dtype=np.float64),
    )
    return truth, detected
