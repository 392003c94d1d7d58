"""What does a large stride cost?

What does a large stride cost a detector in place, and what does it gain in kind?

Networks of every stride, at the learning rates that validation chooses, name the cell of a mark, its place within the
cell, and whether it is a blob or a ring.

Notes: downsampling, classification and localization.

Source: Li et al.: DetNet: A Backbone network for Object Detection, ECCV 2018.
"""

from __future__ import annotations

from experiments.detect.stride import cells, training
from experiments.detect.stride.setup import Params
from experiments.lab.answers import mean, number, percent
from experiments.lab.experiment import Experiment, Findings, Headline, Rows, Table, plain_setup


def answer(findings: Findings, rows: Rows) -> str:
    trained = rows.of(training.PART)
    small, *_, large = training.plain(trained)
    placed, named = (training.on_test(trained, column) for column in ("offset_error", "class_accuracy"))
    errors = [number(mean(placed, "offset_error", stride=stride, dilated=False)) for stride in (small, large)]
    right = [percent(mean(named, "class_accuracy", stride=stride, dilated=False)) for stride in (small, large)]
    return (
        f"From stride {small} to stride {large} the mean error of the place goes from {errors[0]} to {errors[1]} "
        f"pixels, and the kind is named right in {right[0]} and {right[1]}."
    )


EXPERIMENT = Experiment(
    about=__doc__,
    params=Params,
    prepare=plain_setup,
    parts=(cells.PART, training.PART),
    answer=answer,
    headline=Headline(
        training.PART,
        Table("Errors in pixels at the rate of the best place", by=("network", "lr"), columns=training.COLUMNS),
        pick=lambda rows: training.on_test(rows, "offset_error"),
    ),
)
