"""What does average precision count?

What does mean average precision count, and does it equal COCO's own program?

With ``annotations`` and ``detections`` the user's files are evaluated, with ``against`` beside a second detector's;
otherwise random sets with known rates of errors, beside a detector of twice the noise. The twelve numbers are COCO's;
with them come the curves, the classes and the kinds of errors.

Notes: mAP, precision, recall, IoU.

Source: Lin et al.: Microsoft COCO, ECCV 2014; Bolya et al.: TIDE, ECCV 2020; Everingham et al.: PASCAL VOC, IJCV
2010; Manning et al.: Introduction to Information Retrieval, 2008; pycocotools.
"""

from __future__ import annotations

from collections.abc import Sequence

from experiments.detect.map import against, conventions, errors, laws, numbers, reference
from experiments.detect.map.setup import Params, prepare
from experiments.foundation.statements.trials import TrialRow, distinct
from experiments.lab.answers import mean, number, percent
from experiments.lab.experiment import Experiment, Findings, Headline, Own, Rows, Table

IN_WORDS = {
    "classification": "confused classes",
    "localization": "detections beside their object",
    "both": "detections of another class beside its object",
    "duplicate": "objects found twice",
    "background": "detections where nothing is",
    "missed": "objects that were missed",
}


def answer(findings: Findings, rows: Rows) -> str:
    twelve, causes = rows.of(numbers.PART), rows.of(errors.PART)
    ap, ap50 = (percent(mean(twelve, "value", metric=name)) for name in ("AP", "AP50"))
    gains = {row.cause: mean(causes, "ap50_gain", cause=row.cause) for row in causes}
    worst = max(gains, key=lambda cause: gains[cause])
    return (
        f"The detections have an AP of {ap} and an AP50 of {ap50}; what costs most are {IN_WORDS[worst]}, "
        f"without which AP50 would be {number(100 * gains[worst])} points higher."
        f"{against.sentence(rows.if_run(against.PART))}{agreement(distinct(rows.if_run(reference.PART)))}"
    )


def agreement(compared: Sequence[TrialRow]) -> str:
    """How far COCO's program agrees, where it was asked."""
    if not compared:
        return ""
    difference = number(max(row.error for row in compared))
    return f" COCO's program gives the same twelve numbers up to {difference} on {len(compared)} sets."


EXPERIMENT = Experiment(
    about=__doc__,
    params=Params,
    prepare=prepare,
    parts=(
        numbers.PART,
        numbers.CHOSEN,
        numbers.CLASSES,
        errors.PART,
        errors.CURVES,
        against.PART,
        conventions.PART,
        conventions.MATCHES,
        laws.PART,
        reference.PART,
    ),
    answer=answer,
    own=Own(
        given=lambda params: params.annotations is not None,
        parts=("numbers", "chosen", "classes", "errors", "curves", "against"),
    ),
    headline=Headline(
        part=numbers.PART,
        table=Table(
            title="COCO's numbers",
            by=("metric",),
            columns=("value",),
            only={"metric": ("AP", "AP50", "AP75", "APs", "APm", "APl", "AR1", "AR10", "AR100")},
        ),
    ),
)
