"""Activations against torch.nn.init, closed forms and Monte Carlo; deep networks against one affine map."""

from __future__ import annotations

import math

import pytest
import torch
from scipy import stats
from torch import nn

from experiments.cnn.core import activation_laws as laws
from experiments.cnn.core.activation_network import DeepNetwork, dead_shares, dead_units_at_start, mean_squares
from experiments.cnn.core.activations import (
    ACTIVATIONS,
    FUNCTIONS,
    TORCH_GAINS,
    ActivationName,
    derivative,
    initialize,
    mean_square,
    preserving_gain,
    torch_gain,
)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_a_derivative_is_the_slope_of_small_differences(name: ActivationName) -> None:
    z = torch.tensor([-3.0, -0.7, -0.1, 0.2, 1.3, 4.0], dtype=torch.float64)
    h = 1e-6
    slope = (FUNCTIONS[name](z + h) - FUNCTIONS[name](z - h)) / (2 * h)
    torch.testing.assert_close(derivative(name, z), slope, atol=1e-8, rtol=0)


def test_derivatives_keep_their_ranges_and_gelu_leaves_each() -> None:
    trials = list(laws.range_trials(torch.linspace(-15, 15, 1001, dtype=torch.float64)))
    assert [trial.error for trial in trials] == [0.0] * 6
    assert min(trial.control_error for trial in trials) > 0.1


def test_gains_of_piecewise_linear_activations_are_torchs() -> None:
    for name in ("identity", "relu", "leaky_relu"):
        assert preserving_gain(name) == pytest.approx(torch_gain(name), abs=1e-9)  # type: ignore[arg-type]


def test_gains_of_the_others_are_those_of_monte_carlo() -> None:
    z = torch.randn(2_000_000, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    for name in ("sigmoid", "tanh", "gelu", "selu"):
        squares = FUNCTIONS[name](z).square()  # type: ignore[index]
        error = float(squares.std()) / math.sqrt(len(z))
        assert mean_square(name, 1.0) == pytest.approx(float(squares.mean()), abs=4 * error)  # type: ignore[arg-type]
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


def test_identities_collapse_and_no_other_activation_does() -> None:
    (trial,) = laws.linearity_trials(torch.randn(3, 1, 8, 8, generator=torch.Generator().manual_seed(0)), 4, 3, 0)
    assert trial.error < 1e-13
    assert trial.control_error > 1e-6


def test_a_signal_follows_the_recursion_of_mean_squares() -> None:
    gains: dict[ActivationName, float] = {name: torch_gain(name) for name in TORCH_GAINS}
    found = laws.propagated_mean_squares(gains, layers=5, width=256, networks=100, seed=0)
    for name in ("tanh", "sigmoid", "selu"):
        expected = 1.0
        for _ in range(4):
            expected = gains[name] ** 2 * mean_square(name, expected)  # type: ignore[index, arg-type]
        assert found[name][-1] == pytest.approx(expected, rel=0.05)  # type: ignore[index]


def test_a_deep_network_halves_large_images_and_keeps_small_ones() -> None:
    large = DeepNetwork("relu", (1, 28, 28), 10, depth=4, width=3, init="he")
    assert [tuple(found.shape[1:]) for found in large.maps(torch.zeros(2, 1, 28, 28))] == [
        (3, 14, 14),
        (3, 7, 7),
        (3, 7, 7),
        (3, 7, 7),
    ]
    assert large(torch.zeros(2, 1, 28, 28)).shape == (2, 10)
    assert (
        DeepNetwork("relu", (3, 8, 8), 10, depth=2, width=3, init="he").maps(torch.zeros(1, 3, 8, 8))[1].shape[2] == 8
    )
    with pytest.raises(ValueError, match="at least one layer"):
        DeepNetwork("relu", (1, 8, 8), 10, depth=0, width=3, init="he")


def test_channels_with_a_low_bias_are_dead_and_nan_counts_as_dead() -> None:
    network = DeepNetwork("relu", (1, 8, 8), 10, depth=1, width=4, init="he")
    first = network.convolutions[0]
    assert isinstance(first, nn.Conv2d)
    assert first.bias is not None
    images = torch.randn(5, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        first.bias.copy_(torch.tensor([100.0, -100.0, math.nan, 0.0]))
    assert dead_shares(network, images) == [0.5]
    with torch.no_grad():
        first.bias.zero_()
    assert mean_squares(network, images) == [pytest.approx(float(first(images).relu().square().mean().detach()))]


def test_units_at_the_start_die_as_often_as_normal_tails_say() -> None:
    image = torch.randn(1, 1, 20, 20, generator=torch.Generator().manual_seed(0))
    deviation = math.sqrt(2 * float(image.square().mean()))
    dead = dead_units_at_start(image, 20_000, -1.0, torch.Generator().manual_seed(1))
    expected = stats.norm.cdf(1 / deviation)  # P(z - 1 <= 0)
    assert dead / 20_000 == pytest.approx(expected, abs=4 * math.sqrt(expected * (1 - expected) / 20_000))
