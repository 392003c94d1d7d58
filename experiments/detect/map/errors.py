"""What is wrong with the detections: precision over recall, and how often each kind of TIDE's errors occurs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from experiments.detect.core.average_precision import precision_recall_curve
from experiments.detect.core.rules import AREAS
from experiments.detect.map.setup import Scenes
from experiments.lab.answers import listing, mean, number
from experiments.lab.experiment import Curve, Part, Row, Table, observation

CURVE_POINTS = 60


@observation
class CurveRow(Row):
    """A point of the curve of all classes together."""

    iou: float
    """At which a detection counts as a match."""
    recall: float
    precision: float


@observation
class CauseRow(Row):
    """One kind of error at IoU 0.5."""

    cause: str
    count: int
    ap50_gain: float
    """By how much AP50 would rise without it."""


def run(scenes: Scenes) -> Iterator[CauseRow]:
    from experiments.detect.core.breakdown import error_breakdown

    found = error_breakdown(scenes.scene.ground_truth, scenes.scene.detections, scenes.evaluation)
    for cause, (count, gain) in found.items():
        yield CauseRow(cause=cause, count=count, ap50_gain=gain)


def run_curves(scenes: Scenes) -> Iterator[CurveRow]:
    """At most 60 points per threshold."""
    from experiments.detect.core.evaluation import evaluate_detections
    from experiments.detect.core.matching import RIGHT

    scene, thresholds = scenes.scene, scenes.params.iou
    rules = replace(scene.rules, iou=thresholds, area_ranges={"all": AREAS["all"]})
    evaluation = evaluate_detections(scene.ground_truth, scene.detections, rules)
    objects = int(evaluation.positives.sum())
    for iou, outcomes in zip(thresholds, evaluation.outcomes, strict=True):
        judged = outcomes <= RIGHT
        scores, right = scene.detections.scores[judged], outcomes[judged] == RIGHT
        precision, recall = precision_recall_curve(scores, right, objects)
        for i in np.unique(np.linspace(0, len(precision) - 1, CURVE_POINTS).astype(int)) if len(precision) else ():
            yield CurveRow(iou=iou, recall=float(recall[i]), precision=float(precision[i]))


def where_recall_ends(rows: Sequence[CurveRow]) -> str:
    last = list({(row.iou, row.seed): row for row in sorted(rows, key=lambda row: row.recall)}.values())
    ends = {iou: mean(last, "recall", iou=iou) for iou in dict.fromkeys(row.iou for row in rows)}
    return f"Recall ends at {listing(f'{number(end, 2)} (IoU {iou:g})' for iou, end in ends.items())}"


PART = Part(
    name="errors",
    row=CauseRow,
    run=run,
    tables=(
        Table(
            title="Errors at IoU 0.5: how many, and what AP50 gains without them",
            by=("cause",),
            columns=("count", "ap50_gain"),
        ),
    ),
)

CURVES = Part(
    name="curves",
    row=CurveRow,
    run=run_curves,
    curves=(Curve("precision_recall", "recall", "precision", "iou", title=where_recall_ends),),
)
