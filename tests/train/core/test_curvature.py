"""Curvature against a closed form, permuted units against the function that they compute."""

from __future__ import annotations

import pytest
import torch

from experiments.train.core import curvature


def test_softmax_regression_curves_upwards_as_its_closed_form_says() -> None:
    network = curvature.TinyNetwork(features=1, hidden=0, classes=2)
    low, high = curvature.extreme_curvatures(
        network, torch.zeros(4, dtype=torch.float64), torch.ones(3, 1, dtype=torch.float64), torch.tensor([0, 1, 0])
    )
    # H = p (1 - p) [[1, -1], [-1, 1]] x (1, 1)(1, 1)^T with p = 1/2
    assert low == pytest.approx(0, abs=1e-12)
    assert high == pytest.approx(0.25 * 2 * 2)


def test_permuted_units_compute_the_same_function() -> None:
    network = curvature.TinyNetwork(features=3, hidden=4, classes=2)
    theta, x = torch.randn(network.size), torch.randn(6, 3)
    other = network.permuted(theta, torch.tensor([2, 0, 3, 1]))
    torch.testing.assert_close(network.logits(theta, x), network.logits(other, x))


def test_power_iteration_finds_the_largest_eigenvalue_of_the_whole_hessian() -> None:
    torch.manual_seed(0)
    linear, inputs, labels = torch.nn.Linear(3, 4).double(), torch.randn(20, 3).double(), torch.arange(20) % 4
    tiny = curvature.TinyNetwork(features=3, hidden=0, classes=4)
    theta = torch.cat([p.detach().flatten() for p in linear.parameters()])
    _, high = curvature.extreme_curvatures(tiny, theta, inputs, labels)
    found = curvature.largest_curvature(linear, inputs, labels, iterations=300)
    assert found == pytest.approx(high, rel=1e-6)
