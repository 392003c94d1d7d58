"""What one set of detections is worth: COCO's twelve numbers, the mAP as chosen, and every class."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from experiments.detect.annotations import Scene
from experiments.detect.core.average_precision import Interpolation, average_precisions
from experiments.detect.core.rules import AREAS
from experiments.detect.core.shapes.boxes import corners
from experiments.detect.map.setup import Scenes
from experiments.lab.experiment import Drawing, Event, Part, Row, Table, observation

if TYPE_CHECKING:
    from experiments.detect.core.evaluation import Evaluation


@observation
class NumberRow(Row):
    """One of COCO's twelve numbers, under COCO's name."""

    metric: str
    value: float


@observation
class ChosenRow(Row):
    """Mean AP over classes and thresholds, by the convention, area and limit that were asked for."""

    interp: str
    area: str
    max_dets: int
    iou: str
    """Thresholds."""
    mean_average_precision: float


@observation
class ClassRow(Row):
    """One class that has objects."""

    category: str
    objects: int
    ap: float
    """Mean over ten thresholds."""
    ap50: float
    ap75: float
    shown: bool
    """Whether it is among the best or the worst, which the table shows."""


def run(scenes: Scenes) -> Iterator[Event]:
    from experiments.detect.core.evaluation import coco_numbers

    for name, value in coco_numbers(scenes.evaluation).items():
        yield NumberRow(metric=name, value=value)
    yield draw_scene(scenes.scene, scenes.evaluation)


def run_chosen(scenes: Scenes) -> Iterator[ChosenRow]:
    params = scenes.params
    yield ChosenRow(
        interp=params.interp,
        area=params.area,
        max_dets=params.max_dets,
        iou=", ".join(f"{threshold:g}" for threshold in params.iou),
        mean_average_precision=chosen_map(scenes.scene, params.iou, params.interp, params.max_dets, params.area),
    )


def run_classes(scenes: Scenes) -> Iterator[ClassRow]:
    evaluation, names = scenes.evaluation, scenes.scene.names
    ap, ap50, ap75 = (evaluation.average_precision(iou) for iou in (None, 0.5, 0.75))
    ranked = sorted(map(int, np.flatnonzero(evaluation.positives[:, 0])), key=lambda k: -ap[k])
    for rank, k in enumerate(ranked):
        yield ClassRow(
            category=names[k] if names else f"class {k}",
            objects=int(evaluation.positives[k, 0]),
            ap=float(ap[k]),
            ap50=float(ap50[k]),
            ap75=float(ap75[k]),
            shown=min(rank, len(ranked) - 1 - rank) < scenes.params.show,
        )


def chosen_map(
    scene: Scene, iou: tuple[float, ...], interp: Interpolation, max_dets: int = 100, area: str = "all"
) -> float:
    """Mean AP over classes and thresholds, by any convention, area and limit."""
    from experiments.detect.core.evaluation import evaluate_detections, mean_of_known
    from experiments.detect.core.matching import RIGHT

    rules = replace(scene.rules, iou=iou, area_ranges={area: AREAS[area]}, max_dets=(max_dets,))
    found, evaluation = scene.detections, evaluate_detections(scene.ground_truth, scene.detections, rules)
    each = []
    for outcomes in evaluation.outcomes:
        order = np.argsort(found.images, kind="stable")
        judged = order[outcomes[order] <= RIGHT]
        labels, scores, right = found.classes[judged], found.scores[judged], outcomes[judged] == RIGHT
        each.append(mean_of_known(average_precisions(labels, scores, right, evaluation.positives[:, 0], interp)))
    return float(np.mean(each))


def draw_scene(scene: Scene, evaluation: Evaluation) -> Drawing:
    """Objects as areas and detections as outlines, of the image with the most objects; y points up."""
    from experiments.detect.core.matching import RIGHT, WRONG

    truth, detections = scene.ground_truth, scene.detections
    images, counts = np.unique(truth.images, return_counts=True)
    image = images[counts.argmax()] if len(images) else -1
    found = detections.images == image
    objects, boxes = corners(truth.boxes_xywh[truth.images == image]), corners(detections.boxes_xywh[found])
    outcomes = evaluation.outcomes[evaluation.threshold(0.5)][found]
    words = {int(RIGHT): "right at IoU 0.5", int(WRONG): "wrong"}
    return Drawing(
        name="scene",
        title=f"{int((outcomes == RIGHT).sum())} of {len(boxes)} detections are right in image {image}, which has "
        f"{len(objects)} objects",
        points=tuple(point for box in boxes for point in outline(*map(float, box))),
        edges=tuple((4 * i + side, 4 * i + (side + 1) % 4) for i in range(len(boxes)) for side in range(4)),
        cells=tuple(outline(*map(float, box)) for box in objects),
        dots=False,
        marks=tuple(
            (words.get(int(outcome), "does not count"), float(box[0]), -float(box[1]))
            for box, outcome in zip(boxes, outcomes, strict=True)
        ),
    )


def outline(x1: float, y1: float, x2: float, y2: float) -> tuple[tuple[float, float], ...]:
    """The four corners, rows counted downwards."""
    return (x1, -y1), (x2, -y1), (x2, -y2), (x1, -y2)


PART = Part(
    name="numbers",
    row=NumberRow,
    run=run,
    tables=(Table(title="COCO's numbers", by=("metric",), columns=("value",)),),
)

CHOSEN = Part(
    name="chosen",
    row=ChosenRow,
    run=run_chosen,
    tables=(
        Table(title="mAP as chosen", by=("interp", "area", "max_dets", "iou"), columns=("mean_average_precision",)),
    ),
)

CLASSES = Part(
    name="classes",
    row=ClassRow,
    run=run_classes,
    tables=(
        Table(
            title="Best and worst classes",
            by=("category",),
            columns=("objects", "ap", "ap50", "ap75"),
            only={"shown": True},
        ),
    ),
)
