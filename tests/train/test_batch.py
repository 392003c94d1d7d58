"""train.batch: parts that share a network, and what their measures make of rows."""

from __future__ import annotations

import math

import torch

from experiments.lab.judge.measured import Instances, Pairs, Points
from experiments.train.batch import curvature, gradients, landscapes, training
from experiments.train.batch.setup import Params, prepare


def test_training_leaves_the_shared_network_as_it_was() -> None:
    networks = prepare(Params(train_images=64), 0)
    before = [parameter.clone() for parameter in networks.network.parameters()]
    first, again = (training.accuracy_after(networks, 8, 5) for _ in range(2))
    assert first == again
    assert all(map(torch.equal, before, networks.network.parameters()))


def test_the_first_layer_alone_cannot_be_permuted() -> None:
    rows = list(curvature.run_symmetry(prepare(Params(train_images=64), 0)))
    assert max(row.error for row in rows) < 1e-13 < min(row.control_error for row in rows)


def test_noise_of_all_images_is_relative_to_that_of_one() -> None:
    rows = [
        gradients.NoiseRow(
            dataset="digits", drawn=f"{drawn} replacement", batch_size=size, noise=1 / size, noise_in_theory=2 / size
        )
        for drawn in ("with", "without")
        for size in (1, 4, 16)
    ]
    assert gradients.noise_of_all(rows) == Instances([1 / 32], control=[0.5, 0.125])
    assert gradients.noise_by_size(rows) == Points([1, 4], {0: [1.0, 0.25]})


def test_only_the_exact_start_stays_on_the_saddle() -> None:
    rows = list(landscapes.run_saddle(prepare(Params(train_images=64), 0)))
    assert [row.escaped for row in rows] == [1.0, 1.0, 0.0]
    assert [math.isinf(row.escape_steps_without_noise) for row in rows] == [True, False, True]


def test_every_batch_starts_in_the_local_well_and_the_smallest_also_in_the_global_one() -> None:
    rows = [
        landscapes.WellRow(start=start, batch_size=size, left_start=0.5, in_global_basin=0.4, excess_loss=0.1)
        for start in (landscapes.LOCAL, landscapes.GLOBAL)
        for size in (1, 16, math.inf)
    ]
    found = landscapes.in_the_global_basin(rows)
    assert list(found) == [
        "from the local well, batch 1",
        "from the local well, batch 16",
        "from the global well, batch 1",
    ]
    assert found["from the global well, batch 1"] == Pairs({0: 0.4}, {0: 0.0})
    assert landscapes.left_the_local_well(rows).x == [1, 16]
