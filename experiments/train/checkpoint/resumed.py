"""Trainings resumed from checkpoints that lack one part each, beside the uninterrupted one."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

from experiments.lab.answers import mean, number
from experiments.lab.experiment import Curve, Part, Row, Table, observation
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Instances
from experiments.lab.judge.rules import Each, Theorem
from experiments.train.checkpoint.setup import COMPLETE, Images


@observation
class ResumedRow(Row):
    """One update of a resumed training, beside the same update of the uninterrupted one."""

    case: str
    """What the checkpoint lacks."""
    step: int
    """Updates since the stop."""
    difference: float
    """Largest difference of a weight or buffer from the uninterrupted training's."""
    dataset: str


def run(images: Images) -> Iterator[ResumedRow]:
    from experiments.train.core.resuming import weights_of

    whole = images.stopped()
    checkpoint = whole.save()
    expected = []
    for _ in range(images.params.steps - images.params.stop_at):
        whole.advance(1)
        expected.append(weights_of(whole.network))
    for case in images.params.drop:
        resumed = images.stranger()
        resumed.load(checkpoint, drop=None if case == COMPLETE else case)
        for step, weights in enumerate(expected, 1):
            resumed.advance(1)
            difference = float((weights_of(resumed.network) - weights).abs().max())
            yield ResumedRow(case=case, step=step, difference=difference, dataset=images.split.name)


def distance(rows: Sequence[ResumedRow]) -> Instances:
    errors, control = ([row.difference for row in rows if row.case == case] for case in (COMPLETE, "optimizer"))
    return Instances(errors, control=control)


def same_at_the_end(rows: Sequence[ResumedRow]) -> Mapping[str, Instances]:
    """Per part: 1 where the training that lacked it ends with the same bits."""
    same: dict[str, list[float]] = {}
    for row in at_the_end(rows):
        same.setdefault(row.case, []).append(float(row.difference == 0))
    complete = same.pop(COMPLETE, [])
    return {f"without the {case}": Instances(errors, control=complete) for case, errors in same.items()}


def at_the_end(rows: Sequence[ResumedRow]) -> list[ResumedRow]:
    last = max(row.step for row in rows)
    return [row for row in rows if row.step == last]


def drifted(rows: Sequence[ResumedRow]) -> str:
    """What the curve shows."""
    ended = at_the_end(rows)
    off = {case: mean(ended, "difference", case=case) for case in dict.fromkeys(row.case for row in ended)}
    most = max(off, key=lambda case: off[case])
    whole = number(off.get(COMPLETE, math.nan), 2)
    return f"A complete checkpoint ends {whole} off; without the {most} weights are {number(off[most], 2)} off"


PART = Part(
    name="resumed",
    row=ResumedRow,
    run=run,
    claims=(
        Claim(
            "a_complete_checkpoint_resumes_bit_by_bit",
            statement="A training resumed from a complete checkpoint equals the uninterrupted one bit by bit.",
            rule=Theorem("no weight differs after any update", control="a checkpoint without the optimizer's state"),
            measure=distance,
            topic="Resuming a training",
            predicted="holds",
            source="PyTorch, Saving and Loading Models, documentation of version 2.13",
        ),
        Claim(
            "without_one_part_the_training_differs",
            statement="A checkpoint that lacks any one part leads to another training.",
            rule=Each(Theorem("some weight differs at the end", control="a complete checkpoint"), per="part"),
            measure=same_at_the_end,
            topic="What a checkpoint has to hold",
            predicted="holds",
            source="PyTorch, Saving and Loading Models, documentation of version 2.13",
        ),
    ),
    tables=(Table("Resumed minus uninterrupted, mean over the updates since the stop", ("case",), ("difference",)),),
    curves=(Curve("drift", "step", "difference", "case", title=drifted),),
)
