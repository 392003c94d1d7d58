"""train.batch: parts that share a network, and what their measures make of rows."""

from __future__ import annotations

import copy
import math
from dataclasses import replace

import pytest
import torch

from experiments.foundation.networks.batches import shuffled_batches
from experiments.foundation.networks.fit import fit
from experiments.foundation.networks.scores.evaluation import network_accuracy
from experiments.lab.judge.measured import Pairs, Trials, Undecided
from experiments.train.batch import curvature, gradients, landscapes, training
from experiments.train.batch.setup import Params, prepare


def test_training_leaves_the_shared_network_as_it_was() -> None:
    networks = prepare(Params(train_images=64, lrs=(0.01, 0.1, 1.0)), 0)
    before = [parameter.clone() for parameter in networks.network.parameters()]
    first, again = (list(training.trained(networks, 16)) for _ in range(2))
    assert first == again
    assert [row.updates for row in first if row.lr == 0.1] == [2, 4, 8]
    assert all(map(torch.equal, before, networks.network.parameters()))


def test_networks_side_by_side_are_trained_as_torchs_sgd_trains_one() -> None:
    networks = prepare(Params(train_images=64, epochs=3), 0)
    alone, train, validation = copy.deepcopy(networks.network), networks.split.train, networks.split.validation
    optimizer = torch.optim.SGD(alone.parameters(), 0.1, momentum=0.9)
    fit(alone, train, optimizer, shuffled_batches(64, 16, 12, torch.Generator().manual_seed(0)))
    last = next(row for row in training.trained(networks, 16) if (row.lr, row.updates) == (0.1, 12))
    assert last.validation_accuracy == pytest.approx(network_accuracy(alone, validation), abs=0.02)


def test_a_diverged_training_disturbs_no_other() -> None:
    calm, beside = (prepare(Params(train_images=64, lrs=(0.01, 0.1, last)), 0) for last in (1.0, 10.0))
    first, second = ([row for row in training.trained(one, 16) if row.lr < 1] for one in (calm, beside))
    assert first == second


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


def test_runs_of_one_seed_are_counted_together() -> None:
    rows = list(landscapes.run_wells(prepare(Params(train_images=64, well_runs=20), 0)))
    found = landscapes.at_the_global_minimum([replace(row, seed=3) for row in rows])
    assert list(found) == ["batches of 1", "batches of 4", "batches of 16"]
    assert found["batches of 1"] == Trials({3: (round(20 * rows[0].at_global), 20)})


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
