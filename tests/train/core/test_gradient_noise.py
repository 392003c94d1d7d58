"""Batch noise against a brute-force covariance."""

from __future__ import annotations

from itertools import combinations, product

import pytest
import torch

from experiments.train.core import gradient_noise
from experiments.train.core.perceptron import perceptron


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
    expected = pytest.approx(float(torch.stack(distances).mean()))
    assert gradient_noise.noise_in_theory(gradients, 2, replace=replace) == expected
    assert gradient_noise.noise_over_all_batches(gradients, 2, replace=replace) == expected


def test_a_batch_of_all_samples_has_no_noise() -> None:
    gradients = torch.randn(5, 4, dtype=torch.float64)
    assert gradient_noise.noise_in_theory(gradients, 5, replace=False) == 0
    assert gradient_noise.noise_over_all_batches(gradients, 5, replace=False) < 1e-30
