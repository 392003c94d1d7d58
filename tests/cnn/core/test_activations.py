"""Activations against torch.nn.init, closed forms and Monte Carlo; signals against the recursion of mean squares."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from experiments.cnn.core.activations import (
    ACTIVATIONS,
    FUNCTIONS,
    TORCH_GAINS,
    ActivationName,
    derivative,
    initialize,
    mean_square,
    preserving_gain,
    propagated_mean_squares,
    torch_gain,
)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_a_derivative_is_the_slope_of_small_differences(name: ActivationName) -> None:
    z = torch.tensor([-3.0, -0.7, -0.1, 0.2, 1.3, 4.0], dtype=torch.float64)
    h = 1e-6
    slope = (FUNCTIONS[name](z + h) - FUNCTIONS[name](z - h)) / (2 * h)
    torch.testing.assert_close(derivative(name, z), slope, atol=1e-8, rtol=0)


def test_gains_of_piecewise_linear_activations_are_torchs() -> None:
    for name in ("identity", "relu", "leaky_relu"):
        assert preserving_gain(name) == pytest.approx(torch_gain(name), abs=1e-9)


def test_gains_of_the_others_are_those_of_monte_carlo() -> None:
    z = torch.randn(2_000_000, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    for name in ("sigmoid", "tanh", "gelu", "selu"):
        squares = FUNCTIONS[name](z).square()
        error = float(squares.std()) / math.sqrt(len(z))
        assert mean_square(name, 1.0) == pytest.approx(float(squares.mean()), abs=4 * error)
    assert preserving_gain("selu") == pytest.approx(1, abs=1e-6)  # SELU is made to be self-normalizing


@pytest.mark.parametrize("init", ["auto", "he", "xavier"])
def test_initial_weights_have_the_variance_of_their_name(init: str) -> None:
    layer = nn.Linear(400, 100)
    torch.manual_seed(0)
    initialize(layer, "tanh", init)  # type: ignore[arg-type]
    variance = {"he": 2 / 400, "xavier": 2 / 500, "auto": 2 / 500 * 25 / 9}[init]
    assert float(layer.weight.detach().var()) == pytest.approx(variance, rel=0.03)
    assert not layer.bias.any()


def test_default_weights_are_left_alone() -> None:
    layer = nn.Conv2d(3, 4, 3)
    before = layer.weight.clone()
    initialize(layer, "relu", "default")
    assert torch.equal(layer.weight, before)


def test_a_signal_follows_the_recursion_of_mean_squares() -> None:
    gains: dict[ActivationName, float] = {name: torch_gain(name) for name in TORCH_GAINS}
    found = propagated_mean_squares(gains, layers=5, width=256, networks=100, seed=0)
    for name in ("tanh", "sigmoid", "selu"):
        expected = 1.0
        for _ in range(4):
            expected = gains[name] ** 2 * mean_square(name, expected)
        assert found[name][-1] == pytest.approx(expected, rel=0.05)
