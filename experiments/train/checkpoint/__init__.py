"""What must a checkpoint hold?

What does a checkpoint have to hold so that a stopped training goes on as if it had not been stopped?

A training with batch normalization, dropout, Adam and a schedule is stopped and resumed from checkpoints that lack one
part each. Beside it: round trips, objects that are refused, the mode after loading, and a snapshot that moves along.

Notes: saving and loading models.

Source: PyTorch: Saving and Loading Models, and torch.load (weights_only), documentation of version 2.13.
"""

from __future__ import annotations

from experiments.lab.answers import listing, mean, number
from experiments.lab.experiment import Experiment, Findings, Headline, Rows, Table
from experiments.train.checkpoint import saving
from experiments.train.checkpoint.setup import COMPLETE, Params, prepare

LACKING = {
    COMPLETE: "from a complete checkpoint",
    "optimizer": "without the optimizer's state",
    "rng": "without the random numbers",
    "scheduler": "without the schedule",
    "position": "without the place in the data",
}


def answer(findings: Findings, rows: Rows) -> str:
    ended = saving.at_the_end(rows.of(saving.PART))
    off = {case: mean(ended, "difference", case=case) for case in dict.fromkeys(row.case for row in ended)}
    return (
        f"{ended[0].step} updates after the stop, the largest distance of a weight from the uninterrupted training is "
        f"{listing(f'{number(value, 2)} {LACKING[case]}' for case, value in off.items())}."
    )


EXPERIMENT = Experiment(
    about=__doc__,
    params=Params,
    prepare=prepare,
    parts=(saving.PART, saving.LAWS),
    answer=answer,
    headline=Headline(
        saving.PART,
        Table("How far the weights are off at the end, by what the checkpoint lacks", ("case",), ("difference",)),
        pick=saving.at_the_end,
    ),
)
