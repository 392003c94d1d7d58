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
