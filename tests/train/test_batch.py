"""train.batch: parts that share a network, and what their measures make of rows."""

from __future__ import annotations

import math

import pytest
import torch

from experiments.lab.judge.measured import Pairs, Undecided
from experiments.train.batch import curvature, gradients, landscapes, training
from experiments.train.batch.setup import Params, prepare


def test_training_leaves_the_shared_network_as_it_was() -> None:
    networks = prepare(Params(train_images=64), 0)
    before = [parameter.clone() for parameter in networks.network.parameters()]
    first, again = (list(training.trained(networks, 16, 0.1)) for _ in range(2))
    assert first == again
    assert [row.updates for row in first] == [2, 4, 8]
    assert all(map(torch.equal, before, networks.network.parameters()))


def test_a_diverged_training_has_the_accuracy_of_its_broken_network_at_every_update() -> None:
    rows = list(training.trained(prepare(Params(train_images=64), 0), 16, 1e30))
    assert {row.test_accuracy for row in rows} == {rows[0].test_accuracy}
    assert rows[0].test_accuracy < 0.3


def test_the_first_layer_alone_cannot_be_permuted() -> None:
    rows = list(curvature.run_symmetry(prepare(Params(train_images=64), 0)))
    assert max(row.error for row in rows) < 1e-13 < min(row.control_error for row in rows)


def test_each_law_of_the_noise_is_that_of_its_way_to_draw() -> None:
    rows = list(gradients.run_law(prepare(Params(train_images=64), 0)))
    assert max(row.error for row in rows) < 1e-5
    assert min(row.control_error for row in rows) > 0.1


def test_only_the_exact_start_stays_on_the_saddle() -> None:
    rows = list(landscapes.run_saddle(prepare(Params(train_images=64), 0)))
    assert [row.escaped for row in rows] == [1.0, 1.0, 0.0]
    assert [math.isinf(row.escape_steps_without_noise) for row in rows] == [True, False, True]


def row(batch_size: int, lr: float, updates: int, accuracy: float, seed: int) -> training.AccuracyRow:
    return training.AccuracyRow(
        seed=seed,
        dataset="digits",
        batch_size=batch_size,
        lr=lr,
        updates=updates,
        validation_accuracy=accuracy,
        test_accuracy=accuracy,
    )


@pytest.mark.parametrize(("middle", "decided"), [(0.9, True), (0.1, False)])
def test_every_budget_compares_each_batch_size_at_its_own_best_rate(middle: float, decided: bool) -> None:
    accuracies = {8: {1: 0.3, 2: 0.8, 4: 0.7}, 64: {1: 0.2, 2: 0.85, 4: 0.6}}
    found = training.small_against_full(
        [
            row(size, lr, updates, accuracy * factor, seed)
            for size, of in accuracies.items()
            for updates, accuracy in of.items()
            for lr, factor in ((0.01, 0.2), (0.1, middle), (1.0, 0.3))
            for seed in range(3)
        ]
    )
    if not decided:
        assert all(isinstance(pairs, Undecided) for pairs in found.values())
        return
    small, full = {training.EPOCHS: (0.7, 0.2), training.STEPS: (0.7, 0.6), training.TUNED: (0.8, 0.85)}, 0.9
    for budget, pairs in found.items():
        assert isinstance(pairs, Pairs)
        assert (pairs.treatment[0], pairs.baseline[0]) == tuple(full * value for value in small[budget])
