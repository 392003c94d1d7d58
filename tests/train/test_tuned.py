"""Arms as validation chose them, dial after dial."""

from __future__ import annotations

import pytest

from experiments.foundation.networks.tuning import TuningError
from experiments.lab.experiment import Row, observation
from experiments.lab.judge.measured import Pairs, Undecided
from experiments.train.tuned import Dial, compared, tuned


@observation
class Run(Row):
    arm: str
    lr: float
    steps: int
    validation_accuracy: float


def runs(arm: str, accuracies: dict[float, tuple[float, ...]]) -> list[Run]:
    return [
        Run(arm=arm, lr=lr, steps=steps, validation_accuracy=accuracy)
        for lr, of in accuracies.items()
        for steps, accuracy in enumerate(of)
    ]


INSIDE = {0.1: (0.1, 0.2, 0.1), 1.0: (0.1, 0.9, 0.8), 10.0: (0.1, 0.2, 0.3)}
DIALS = (Dial("steps", "number of steps"), Dial("lr"))


def test_the_best_setting_of_all_dials_is_found_whatever_their_order() -> None:
    for dials in (DIALS, DIALS[::-1]):
        arm = tuned(runs("sgd", INSIDE), lambda run: run.arm, *dials)["sgd"]
        assert [(run.lr, run.steps) for run in arm.rows] == [(1.0, 1)]
        assert arm.reason is None


def test_an_edge_of_any_dial_counts_on_the_way_to_the_best_setting_unless_its_end_is_closed() -> None:
    rows = runs("sgd", {**INSIDE, 1.0: (0.1, 0.8, 0.9)})
    edge = tuned(rows, lambda run: run.arm, *DIALS)["sgd"]
    assert edge.reason == "the best number of steps of sgd, 2, is the largest of its grid"
    closed = tuned(rows, lambda run: run.arm, Dial("steps", open_ends=("smallest",)), Dial("lr"))["sgd"]
    assert closed.reason is None
    assert isinstance(compared("lr", closed, edge), Undecided)
    assert compared("lr", closed, closed) == Pairs({0: 1.0}, {0: 1.0})


def test_unequal_budgets_are_refused() -> None:
    rows = runs("sgd", INSIDE) + runs("adam", {0.1: (0.1, 0.2, 0.3)})
    with pytest.raises(TuningError, match="unequal budgets"):
        tuned(rows, lambda run: run.arm, *DIALS)
