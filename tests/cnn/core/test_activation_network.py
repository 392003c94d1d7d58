"""Deep networks: their shapes, dead channels, and several of them side by side."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
from scipy import stats
from torch import nn

from experiments.cnn.core.activation_network import (
    DeepMembers,
    DeepNetwork,
    dead_shares,
    dead_units_at_start,
)
from experiments.cnn.core.activations import ACTIVATIONS, ActivationName


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


def test_units_at_the_start_die_as_often_as_normal_tails_say() -> None:
    image = torch.randn(1, 1, 20, 20, generator=torch.Generator().manual_seed(0))
    deviation = math.sqrt(2 * float(image.square().mean()))
    dead = dead_units_at_start(image, 20_000, -1.0, torch.Generator().manual_seed(1))
    expected = stats.norm.cdf(1 / deviation)  # P(z - 1 <= 0)
    assert dead / 20_000 == pytest.approx(expected, abs=4 * math.sqrt(expected * (1 - expected) / 20_000))


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_deep_networks_side_by_side_are_those_alone(
    activation: ActivationName, assert_alike: Callable[..., None]
) -> None:
    torch.manual_seed(0)
    images = torch.randn(4, 2, 12, 12, dtype=torch.float64)
    networks = [DeepNetwork(activation, (2, 12, 12), 3, depth=3, width=4, init="auto").double() for _ in range(3)]
    assert_alike(DeepMembers(networks), networks, images)
