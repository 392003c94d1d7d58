"""Trainings under one budget: reproducible, fair over arms, and honest about divergence."""

from __future__ import annotations

import pytest
from torch import nn

from experiments.foundation.networks.budget import Budget, Fit, Tuned, smoothed, train, tune
from experiments.foundation.networks.split import Split


def network() -> nn.Module:
    return nn.Sequential(nn.Flatten(), nn.Linear(16, 8), nn.ReLU(), nn.Linear(8, 3))


BUDGET = Budget(steps=40, batch_size=20, target_loss=0.5)


def test_training_learns_and_repeats_exactly(blobs: Split) -> None:
    first, second = (train(network, blobs, BUDGET, 0.05, seed=3) for _ in range(2))
    assert first == second
    assert first.test_accuracy > 0.9
    assert first.reached
    assert smoothed(first.losses)[first.steps_to_target - 1] < 0.5


def test_a_diverged_run_is_counted_with_the_accuracy_of_chance(blobs: Split) -> None:
    tuned = tune(network, blobs, BUDGET, (0.05, 1e6), seed=0)
    assert tuned.diverged == 1
    assert tuned.fits[1].test_accuracy == pytest.approx(1 / 3)
    assert tuned.fits[1].steps_to_target == BUDGET.steps
    assert tuned.best.lr == 0.05


def test_the_best_rate_is_chosen_on_validation_and_knows_the_edge() -> None:
    def fit(lr: float, validation: float, test: float) -> Fit:
        return Fit(
            lr=lr,
            train_loss=0.1,
            steps_to_target=1,
            reached=True,
            diverged=False,
            train_accuracy=1.0,
            validation_accuracy=validation,
            test_accuracy=test,
            losses=(),
        )

    tuned = Tuned(fits=(fit(0.1, 0.5, 0.9), fit(0.2, 0.8, 0.6), fit(0.3, 0.7, 0.9)))
    assert tuned.best.lr == 0.2
    assert not tuned.at_edge
    assert Tuned(fits=tuned.fits[:2]).at_edge
    assert tuned.best is tuned.fits[1]
