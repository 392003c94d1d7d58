"""The short training loop: reproducible, fair over arms, and honest about divergence."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn

from experiments.foundation.networks.fit import Budget, Fit, Tuned, accuracy, reproducible, smoothed, train, tune
from experiments.foundation.networks.splits import Split, image_split
from experiments.lab.errors import InputError


def network() -> nn.Module:
    return nn.Sequential(nn.Flatten(), nn.Linear(16, 8), nn.ReLU(), nn.Linear(8, 3))


BUDGET = Budget(steps=40, batch_size=20, target_loss=0.5)


def test_parts_are_disjoint_and_standardized(blobs: Split) -> None:
    assert [len(part) for part in (blobs.train_y, blobs.validation_y, blobs.test_y)] == [120, 60, 60]
    assert blobs.train_x.shape == (120, 1, 4, 4)
    assert float(blobs.train_x.mean()) == pytest.approx(0, abs=1e-5)
    assert float(blobs.train_x.std(correction=0)) == pytest.approx(1, abs=1e-4)
    seen = {tuple(image.flatten().tolist()) for image in blobs.train_x}
    assert not any(tuple(image.flatten().tolist()) in seen for image in blobs.validation_x)


def test_more_images_than_there_are_is_an_input_error() -> None:
    data = SimpleNamespace(
        train_images=np.zeros((5, 2, 2), np.uint8),
        train_labels=np.zeros(5, int),
        test_images=np.zeros((5, 2, 2), np.uint8),
        test_labels=np.zeros(5, int),
    )
    with pytest.raises(InputError, match="at most 5 images"):
        image_split(data, train=4, validation=2, test=1, seed=0)


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


def test_randomness_and_threads_are_restored() -> None:
    before, threads = torch.get_rng_state(), torch.get_num_threads()
    with reproducible(5):
        first = torch.rand(3)
        assert torch.get_num_threads() == 1
    with reproducible(5):
        assert torch.equal(torch.rand(3), first)
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.get_num_threads() == threads


def test_accuracy_does_not_depend_on_the_batches(blobs: Split) -> None:
    model = network()
    expected = float((model(blobs.test_x).argmax(1) == blobs.test_y).double().mean())
    assert accuracy(model, blobs.test_x, blobs.test_y, batch_size=7) == expected
