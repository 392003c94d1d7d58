"""Batch noise against a brute-force covariance, bytes of a training step against what layers must keep."""

from __future__ import annotations

from itertools import combinations, product

import pytest
import torch

from experiments.train.core import batch_costs
from experiments.train.core.batch_costs import training_bytes
from experiments.train.core.perceptron import perceptron


def test_per_sample_gradients_average_to_the_gradient_of_the_batch() -> None:
    torch.manual_seed(0)
    network, x, y = perceptron((4, 5, 3)), torch.randn(7, 4), torch.arange(7) % 3
    rows = batch_costs.per_sample_gradients(network, x, y)
    torch.nn.functional.cross_entropy(network(x), y).backward()
    whole = torch.cat([p.grad.flatten() for p in network.parameters()]).double()
    torch.testing.assert_close(rows.mean(0), whole, atol=1e-6, rtol=0)


@pytest.mark.parametrize("replace", [True, False])
def test_noise_in_theory_is_the_mean_over_all_batches(replace: bool) -> None:
    gradients = torch.randn(5, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    every = product(range(5), repeat=2) if replace else combinations(range(5), 2)
    distances = [(gradients[list(batch)].mean(0) - gradients.mean(0)).square().sum() for batch in every]
    expected = pytest.approx(float(torch.stack(distances).mean()))
    assert batch_costs.noise_in_theory(gradients, 2, replace=replace) == expected
    assert batch_costs.noise_over_all_batches(gradients, 2, replace=replace) == expected


def test_a_batch_of_all_samples_has_no_noise() -> None:
    gradients = torch.randn(5, 4, dtype=torch.float64)
    assert batch_costs.noise_in_theory(gradients, 5, replace=False) == 0
    assert batch_costs.noise_over_all_batches(gradients, 5, replace=False) < 1e-30


def test_twice_the_batch_keeps_twice_the_activations_and_the_same_parameters() -> None:
    network = perceptron((6, 8, 3))
    small, large = (training_bytes(network, lambda n=n: network(torch.randn(n, 6)).square().mean()) for n in (64, 128))
    assert large[0] / small[0] == pytest.approx(2, abs=0.01)
    assert large[1] == small[1] == 2 * 4 * sum(p.numel() for p in network.parameters())
