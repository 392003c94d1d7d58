"""Laws of activations, and what is made of sweeps: absent arms and arms without a best learning rate."""

from __future__ import annotations

import pytest
import torch

from experiments.cnn.activation.comparisons import CLAIMS
from experiments.cnn.activation.laws import linearity_trial, range_trials
from experiments.cnn.activation.training import SWEEP, TUNED, SweepRow, TunedRow, dead_by_rate
from experiments.cnn.arms import best_and_worst
from experiments.lab.experiment import Rows
from experiments.lab.judge.comparison import Comparison
from experiments.lab.judge.rules import compare


def test_derivatives_keep_their_ranges_and_gelu_leaves_each() -> None:
    trials = list(range_trials(torch.linspace(-15, 15, 1001, dtype=torch.float64)))
    assert [trial.error for trial in trials] == [0.0] * 6
    assert min(trial.control_error for trial in trials) > 0.1


def test_identities_collapse_and_no_other_activation_does() -> None:
    trial = linearity_trial(torch.randn(3, 1, 8, 8, generator=torch.Generator().manual_seed(0)), 4, 3, 0)
    assert trial.error < 1e-13
    assert trial.control_error > 1e-6


LRS = (1e-3, 1e-2, 1e-1)


def trained(tested: dict[str, tuple[tuple[float, ...], float]]) -> Rows:
    """Arms at the middle learning rate, by validation accuracies and test accuracy."""
    sweep, tuned = [], []
    for name, (accuracies, test_accuracy) in tested.items():
        for seed in range(5):
            base = {"arm": name, "seed": seed, "diverged": False, "dataset": "", "train_loss": 0.0}
            for lr, accuracy in zip(LRS, accuracies, strict=True):
                own = {"lr": lr, "validation_accuracy": accuracy, "dead_share": lr}
                sweep.append(SweepRow(chance=0.1, **own, **base))  # type: ignore[arg-type]
            own = {"lr": LRS[1], "validation_accuracy": accuracies[1], "train_accuracy": 1.0}
            shown = test_accuracy + 0.001 * seed * (name == "relu")
            tuned.append(TunedRow(test_accuracy=shown, **own, **base))  # type: ignore[arg-type]
    return Rows({SWEEP.name: sweep, TUNED.name: tuned})


def compared(name: str, rows: Rows) -> Comparison:
    (claim,) = (claim for claim in CLAIMS if claim.name == name)
    return compare(claim.rule, claim.measure(rows))


@pytest.mark.parametrize(("flat", "expected"), [(0.12, "holds"), (0.25, "inconclusive")])
def test_an_arm_at_chance_at_every_rate_has_no_edge(flat: float, expected: str) -> None:
    rows = trained({"relu": ((0.5, 0.9, 0.6), 0.9), "sigmoid": ((0.1, 0.11, flat), flat)})
    assert compared("sigmoid_does_not_train_where_relu_does", rows).at(0.05).verdict == expected


def test_dead_channels_are_compared_between_ten_times_the_best_rate_and_the_best_one() -> None:
    rows = trained({"relu": ((0.5, 0.9, 0.6), 0.9)})
    assert compared("a_large_learning_rate_kills_units", rows).at(0.05).summary.startswith("+0.09")
    assert dead_by_rate(rows.of(SWEEP)) == "Of the channels of ReLU 0.1 % are dead at a rate of 0.001 and 10 % at 0.1"


def test_the_sweep_is_told_by_its_best_and_its_worst_arm() -> None:
    rows = trained({"tanh": ((0.5, 0.8, 0.7), 0.8), "relu": ((0.5, 0.9, 0.6), 0.9), "elu": ((0.2, 0.3, 0.1), 0.3)})
    said = "Validation accuracy at the best rate: most with relu 90 %, least with elu 30 %"
    assert best_and_worst(rows.of(SWEEP)) == said


def test_claims_on_activations_that_were_not_trained_are_not_judged() -> None:
    rows = trained({"relu": ((0.5, 0.9, 0.6), 0.9)})
    verdicts = {claim.name: compare(claim.rule, claim.measure(rows)).at(0.05).verdict for claim in CLAIMS[1:]}
    assert set(verdicts.values()) == {"not judged"}
