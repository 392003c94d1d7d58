"""Should boxes be a grid or a set?

What does a grid of boxes need that a head which predicts the set directly does not, and what does each pay?

On one convolutional body: a box per cell, with one cell or many for an object, and a set of answers that are matched to
the objects by least cost or in a fixed order; each read with and without suppression, on scenes of handwritten digits
or on photographs.

Notes: object detection, YOLO, direct set prediction, non-maximum suppression, end-to-end training.

Source: Carion et al.: End-to-End Object Detection with Transformers, ECCV 2020; Redmon et al.: You Only Look Once, CVPR
2016; Lin et al.: Focal Loss for Dense Object Detection, ICCV 2017.
"""

from __future__ import annotations

from collections.abc import Sequence

from experiments.detect.heads import laws
from experiments.detect.heads.claims import IN_WORDS, PART, after
from experiments.detect.heads.setup import Params, prepare
from experiments.detect.heads.training import DetectorRow
from experiments.lab.answers import listing, mean, number
from experiments.lab.experiment import Experiment, Findings, Headline, Own, Rows, Table


def answer(findings: Findings, rows: Rows) -> str:
    trained = rows.of(PART)
    arms = [arm for arm in IN_WORDS if after(trained, arm)] or list(dict.fromkeys(row.arm for row in trained))
    each = [
        f"{number(mean(after(trained, arm), 'map_without'), 2)} and {number(mean(after(trained, arm), 'map_with'), 2)} "
        f"for {IN_WORDS.get(arm, arm)}"
        for arm in arms
    ]
    return f"Without and with suppression the mAP is {listing(each)}."


def last(rows: Sequence[DetectorRow]) -> list[DetectorRow]:
    """After all updates."""
    ends = {row.scenes: row.step for row in sorted(rows, key=lambda row: row.step)}
    return [row for row in rows if row.step == ends[row.scenes]]


EXPERIMENT = Experiment(
    about=__doc__,
    params=Params,
    prepare=prepare,
    parts=(laws.PART, PART),
    answer=answer,
    headline=Headline(
        PART,
        Table("Heads after all updates", by=("scenes", "arm"), columns=("ap50", "map_without", "map_with")),
        pick=last,
    ),
    own=Own(given=lambda params: params.dataset.startswith("voc:"), parts=(PART.name,)),
)
