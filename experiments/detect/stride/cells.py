"""The mean distance of a point of a cell from its center, beside the closed form."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from experiments.detect.stride.setup import StrideSetup
from experiments.foundation.statements.trials import TRIALS, TrialRow, distinct, tried
from experiments.lab.experiment import Part
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Instances
from experiments.lab.judge.rules import Theorem


def run(setup: StrideSetup) -> Iterator[TrialRow]:
    """By the midpoint rule; the control is the root of the mean square, stride / sqrt(6)."""
    from experiments.detect.core.detectors.locating import MEAN_DISTANCE, mean_distance_to_center

    for stride in setup.params.strides:
        mean_distance = mean_distance_to_center(stride)
        error, control = (abs(mean_distance / (factor * stride) - 1) for factor in (MEAN_DISTANCE, 1 / 6**0.5))
        yield TrialRow(statement="distance", case=f"stride {stride}", error=error, control_error=control)


def distances(rows: Sequence[TrialRow]) -> Instances:
    """The same for every seed."""
    return tried(distinct(rows))


PART = Part(
    name="cells",
    row=TrialRow,
    run=run,
    claims=(
        Claim(
            "a_cell_center_is_a_third_of_a_stride_away",
            statement="A point of a cell is 0.3826 strides from its center on average.",
            rule=Theorem(
                "the mean distance is (sqrt 2 + log(1 + sqrt 2)) / 6 strides", control="stride / sqrt 6", tolerance=1e-5
            ),
            measure=distances,
            topic="localization by cells",
            predicted="holds",
            source="the integral over the unit square",
        ),
    ),
    tables=(TRIALS,),
)
