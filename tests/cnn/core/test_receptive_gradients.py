"""Gradients of random networks by their input: their spread, and what lies outside the receptive field."""

from __future__ import annotations

import pytest
import torch

from experiments.cnn.core.receptive_gradients import WithGlobalContext, convolutions, effective_field, gradient_map
from experiments.cnn.core.receptive_theory import Layer, effective_deviation, receptive_field


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("activation", ["linear", "relu"])
def test_random_networks_spread_like_equal_weights_on_average(activation: str) -> None:
    layers = [Layer(3), Layer(3, 2), Layer(3)]
    found = effective_field(layers, 300, activation, generator())  # type: ignore[arg-type]
    assert found == pytest.approx(effective_deviation(layers), rel=0.05)  # a mean over 300: 2 % standard error


def test_the_map_of_a_stack_ends_at_its_field_and_the_mean_shows_everything() -> None:
    layers = [Layer(3, padding=1)] * 3
    photo = torch.rand(3, 25, 25, generator=generator(), dtype=torch.float64)
    network = convolutions(layers, "random", generator(), axes=2, channels=4, inputs=3, activation="relu")
    strength = gradient_map(network, photo)
    assert strength.shape == (25, 25)
    assert float(strength.max()) == 1
    assert int((strength > 0).sum()) <= receptive_field(layers) ** 2
    assert int((gradient_map(WithGlobalContext(network), photo) > 0).sum()) == 625
