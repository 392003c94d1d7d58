"""Pooling networks: their cost, their rivals without pooling, and several of them side by side."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from experiments.cnn.core.pooling import POOLS, PoolName, Window
from experiments.cnn.core.pooling_network import (
    POOLED_WIDTHS,
    PoolingMembers,
    PoolingNetwork,
    closed_cost,
    unpooled_widths,
)
from experiments.foundation.costs.forward import forward_cost


@pytest.mark.parametrize("shape", [(1, 28, 28), (1, 8, 8), (3, 32, 32)])
def test_closed_forms_of_cost_are_counted_ones(shape: tuple[int, int, int]) -> None:
    for name, stride in (("max", 2), ("none", 1)):
        cost = forward_cost(PoolingNetwork(name, shape, 10, Window()), shape)  # type: ignore[arg-type]
        assert cost == closed_cost(shape, 10, POOLED_WIDTHS, stride)


def test_the_rival_without_pooling_costs_as_many_flops_within_two_percent() -> None:
    shape = (1, 28, 28)
    widths = unpooled_widths(shape, 10, Window(), "macs")
    assert closed_cost(shape, 10, widths, 1).macs == pytest.approx(closed_cost(shape, 10, (8, 16), 2).macs, rel=0.02)
    assert unpooled_widths(shape, 10, Window(), "parameters") == (8, 1)


def test_networks_of_one_seed_start_from_the_same_convolutions() -> None:
    built = []
    for name in POOLS[:-1]:
        torch.manual_seed(3)
        network = PoolingNetwork(name, (1, 8, 8), 10, Window())
        built.append((network.features[0].weight, network.features[3].weight, network.head.weight))
    assert all(torch.equal(a, b) for weights in built[1:] for a, b in zip(weights, built[0], strict=True))  # type: ignore[arg-type]


def test_a_window_that_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="kernel 5 and stride 2 do not fit into 8 x 8 pixels"):
        PoolingNetwork("max", (1, 8, 8), 10, Window(kernel=5))


@pytest.mark.parametrize("window", [Window(), Window(3, 2, "zero"), Window(3, 2)], ids=str)
@pytest.mark.parametrize("pool", POOLS)
def test_pooling_networks_side_by_side_are_those_alone(
    pool: PoolName, window: Window, assert_alike: Callable[..., None]
) -> None:
    torch.manual_seed(0)
    networks = [PoolingNetwork(pool, (2, 12, 12), 3, window).double() for _ in range(3)]
    assert_alike(PoolingMembers(networks), networks, torch.randn(4, 2, 12, 12, dtype=torch.float64))
