"""The study of dropout: every mode from the same start, and laws that dropout without rescaling breaks."""

from __future__ import annotations

from dataclasses import replace

import pytest

from experiments.lab.judge.measured import Pairs, Undecided
from experiments.lab.judge.rules import compare
from experiments.train.dropout import laws, training
from experiments.train.dropout.setup import Params, prepare


def test_modes_share_weights_and_batches() -> None:
    images = prepare(Params(), 0)
    none = training.trained(images, "underfit", "none", 0.0, 0.0, 0.01)
    early = training.trained(images, "underfit", "early", 1e-12, 0.5, 0.01)
    assert early.train_loss == pytest.approx(none.train_loss, rel=1e-6)
    assert early.test_accuracy == none.test_accuracy


def row(mode: str, rate: float, cutoff: float, lr: float, accuracy: float) -> training.TrainingRow:
    return training.TrainingRow(
        dataset="digits",
        case="underfit",
        mode=mode,
        rate=rate,
        cutoff=cutoff,
        lr=lr,
        train_loss=accuracy,
        validation_accuracy=accuracy,
        test_accuracy=accuracy,
        test_loss=1.0,
        direction_variance=lr,
    )


@pytest.mark.parametrize(("strong", "decided"), [(0.5, True), (0.9, False)])
def test_every_mode_is_tuned_and_the_highest_rate_of_dropout_is_an_edge(strong: float, decided: bool) -> None:
    factors = ((0.01, 0.5), (0.1, 1.0), (1.0, 0.2))
    rows = [
        row(mode, rate, cutoff, lr, accuracy * factor)
        for mode, settings in {
            "none": {(0.0, 0.0): 0.6},
            "early": {(0.1, 0.25): 0.7, (0.1, 0.5): 0.8, (0.5, 0.25): strong, (0.5, 0.5): 0.3},
        }.items()
        for (rate, cutoff), accuracy in settings.items()
        for lr, factor in factors
    ]
    found = training.modes("underfit", "train_loss", "none", "early")(rows)
    assert found == Pairs({0: 0.6}, {0: 0.8}) if decided else isinstance(found, Undecided)
    assert training.directions(rows) == Pairs({0: 0.1}, {0: 0.1}) or not decided


def test_the_law_holds_and_is_refuted_without_rescaling() -> None:
    (claim,), rows = laws.PART.claims, list(laws.run(prepare(Params(), 0)))
    assert compare(claim.rule, claim.measure(rows)).outcome == "holds"
    broken = [replace(row, error=row.control_error) for row in rows]
    assert compare(claim.rule, claim.measure(broken)).outcome == "refuted"
