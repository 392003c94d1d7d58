"""What decides about average precision: how precision is interpolated, and what counts as a match."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import get_args

import numpy as np

from experiments.detect.core.average_precision import Interpolation
from experiments.detect.core.ground_truth import Detections, GroundTruth
from experiments.detect.map.numbers import chosen_map
from experiments.detect.map.setup import Scenes
from experiments.lab.experiment import Part, Row, Table, observation
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Observed, Pairs
from experiments.lab.judge.measures import by_seed
from experiments.lab.judge.rules import Each, Equivalence, Fact, Under

Box = tuple[float, float, float, float]
"""x, y, width, height."""
LEFT, RIGHT, HALF = (0.0, 0.0, 100.0, 100.0), (300.0, 0.0, 100.0, 100.0), (0.0, 0.0, 100.0, 50.0)
BY_HAND: dict[str, tuple[tuple[Box, ...], tuple[Box, ...]]] = {
    "IoU exactly 0.5": ((LEFT,), (HALF,)),
    "each found once": ((LEFT, RIGHT), (LEFT, RIGHT)),
    "first found twice": ((LEFT, RIGHT), (LEFT, LEFT, RIGHT)),
}
"""Objects and detections, best first, that a person can check."""


@observation
class ConventionRow(Row):
    """mAP at IoU 0.5 of one set by one convention."""

    interp: str
    map50: float


@observation
class MatchRow(Row):
    """One set that a person can check."""

    example: str
    ap50: float


def run(scenes: Scenes) -> Iterator[ConventionRow]:
    for interp in get_args(Interpolation):
        yield ConventionRow(interp=interp, map50=chosen_map(scenes.scene, (0.5,), interp))


def run_matches(scenes: Scenes) -> Iterator[MatchRow]:
    for name, (objects, found) in BY_HAND.items():
        yield MatchRow(example=name, ap50=ap50_by_hand(objects, found))


def ap50_by_hand(objects: Sequence[Box], found: Sequence[Box]) -> float:
    """AP at IoU 0.5 of detections with falling scores, on one image and of one class."""
    from experiments.detect.core.evaluation import coco_numbers, evaluate_detections

    ground_truth = GroundTruth(
        images=np.zeros(len(objects), np.int64),
        classes=np.zeros(len(objects), np.int64),
        boxes_xywh=np.array(objects),
        areas=np.prod(np.array(objects)[:, 2:], axis=1),
        crowd=np.zeros(len(objects), np.bool_),
        n_classes=1,
    )
    detections = Detections(
        images=np.zeros(len(found), np.int64),
        classes=np.zeros(len(found), np.int64),
        boxes_xywh=np.array(found),
        scores=np.linspace(0.9, 0.5, len(found)),
    )
    return coco_numbers(evaluate_detections(ground_truth, detections))["AP50"]


def against_voc2010(rows: Sequence[ConventionRow]) -> Mapping[str, Pairs]:
    """mAP by each convention, and by VOC 2010's area under the curve."""
    area = by_seed(rows, "map50", interp="voc2010")
    others = ("coco101", "voc2007", "uninterpolated")
    return {f"{interp} for voc2010": Pairs(by_seed(rows, "map50", interp=interp), area) for interp in others}


def matches(rows: Sequence[MatchRow]) -> Mapping[str, Observed]:
    found = {row.example: Observed(round(row.ap50, 6)) for row in rows}
    return {
        "overlap equal to the threshold": found["IoU exactly 0.5"],
        "object found before": found["first found twice"],
    }


PART = Part(
    name="conventions",
    row=ConventionRow,
    run=run,
    claims=(
        Claim(
            "conventions_agree",
            statement="How precision is interpolated does not matter: mAP agrees within half a point.",
            rule=Each(Equivalence("mAP at IoU 0.5, and the one by VOC 2010's area", margin=0.005), per="convention"),
            measure=against_voc2010,
            topic="mAP",
            predicted={
                "coco101 for voc2010": "holds",
                "voc2007 for voc2010": "refuted",
                "uninterpolated for voc2010": "refuted",
            },
            source="pilot",
        ),
    ),
    tables=(Table(title="mAP at IoU 0.5 by convention", by=("interp",), columns=("map50",)),),
)

MATCHES = Part(
    name="matches",
    row=MatchRow,
    run=run_matches,
    claims=(
        Claim(
            "overlap_at_the_threshold_is_a_match",
            statement="A detection whose IoU is at least the threshold is a match.",
            rule=Under(
                {
                    "overlap equal to the threshold": Fact("AP50 of a detection at IoU exactly 0.5", expected=1.0),
                    "object found before": Fact("AP50 where one of two objects is found twice", expected=1.0),
                }
            ),
            measure=matches,
            topic="IoU threshold",
            predicted={"overlap equal to the threshold": "holds", "object found before": "refuted"},
            source="Everingham et al. 2010: further detections of an object are false",
        ),
    ),
    tables=(Table(title="Matches by hand", by=("example",), columns=("ap50",)),),
)
