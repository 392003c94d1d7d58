"""Batch noise against a brute-force covariance, landscapes against closed forms, curvature against convexity."""

from __future__ import annotations

import math
from itertools import combinations, product

import numpy as np
import pytest
import torch

from experiments.train.core import gradient_noise, landscapes
from experiments.train.core.perceptron import accuracy, batches, perceptron


def test_per_sample_gradients_average_to_the_gradient_of_the_batch() -> None:
    torch.manual_seed(0)
    network, x, y = perceptron((4, 5, 3)), torch.randn(7, 4), torch.arange(7) % 3
    rows = gradient_noise.per_sample_gradients(network, x, y)
    torch.nn.functional.cross_entropy(network(x), y).backward()
    whole = torch.cat([p.grad.flatten() for p in network.parameters()]).double()
    torch.testing.assert_close(rows.mean(0), whole, atol=1e-6, rtol=0)


@pytest.mark.parametrize("replace", [True, False])
def test_noise_in_theory_is_the_mean_over_all_batches(replace: bool) -> None:
    gradients = torch.randn(5, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    every = product(range(5), repeat=2) if replace else combinations(range(5), 2)
    distances = [(gradients[list(batch)].mean(0) - gradients.mean(0)).square().sum() for batch in every]
    theory = gradient_noise.noise_in_theory(gradients, 2, replace=replace)
    assert theory == pytest.approx(float(torch.stack(distances).mean()))
    rng = torch.Generator().manual_seed(0)
    assert gradient_noise.noise_measured(gradients, 2, replace=replace, draws=20_000, rng=rng) == pytest.approx(
        theory, rel=0.03
    )


def test_a_batch_of_all_samples_has_no_noise() -> None:
    gradients = torch.randn(9, 4, dtype=torch.float64)
    rng = torch.Generator().manual_seed(0)
    assert gradient_noise.noise_in_theory(gradients, 9, replace=False) == 0
    assert gradient_noise.noise_measured(gradients, 9, replace=False, draws=3, rng=rng) < 1e-30


def test_twice_the_batch_keeps_twice_the_activations_and_the_same_parameters() -> None:
    network = perceptron((6, 8, 3))
    small, large = (gradient_noise.saved_bytes(network, torch.randn(n, 6), torch.zeros(n).long()) for n in (64, 128))
    assert large[0] / small[0] == pytest.approx(2, abs=0.01)
    assert large[1] == small[1]


def test_escape_from_a_saddle_takes_the_steps_of_the_closed_form() -> None:
    steps = landscapes.steps_off_saddle(1e-8, 0.05, 1000, noise=0, rng=np.random.default_rng(0))
    assert steps == math.ceil(landscapes.steps_in_theory(1e-8, 0.05))
    assert landscapes.steps_off_saddle(0.0, 0.05, 50, noise=0, rng=np.random.default_rng(0)) == 50


def test_wells_without_noise_keep_their_runs_and_the_global_one_has_no_excess() -> None:
    chosen = {"sigma": 1.0, "lr": 0.05, "steps": 50, "runs": 5, "rng": np.random.default_rng(0)}
    local = landscapes.run_wells(math.inf, tilt=0.2, **chosen)
    at_best = landscapes.run_wells(math.inf, tilt=-0.2, **chosen)
    assert (local.left_start, local.in_global, at_best.in_global) == (0, 0, 1)
    assert local.excess_loss == pytest.approx(0.4, abs=0.01)
    assert at_best.excess_loss == pytest.approx(0, abs=1e-9)


def test_batches_visit_every_sample_once_a_pass() -> None:
    chosen = list(batches(10, 4, 6, torch.Generator().manual_seed(0)))
    assert [len(batch) for batch in chosen] == [4, 4, 2, 4, 4, 2]
    assert sorted(torch.cat(chosen[:3]).tolist()) == list(range(10))


def test_accuracy_is_measured_without_dropout_and_leaves_the_mode() -> None:
    network = perceptron((2, 4, 2), dropout=0.9)
    x, y = torch.randn(50, 2), torch.zeros(50).long()
    assert accuracy(network, x, y) == accuracy(network, x, y)
    assert network.training
