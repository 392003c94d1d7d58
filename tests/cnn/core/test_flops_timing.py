"""Times of layers alone and within their network."""

from __future__ import annotations

import torch
from torch import nn

from experiments.cnn.core.flops_timing import TimedLayer, dense_convolutions, time_alone, time_within


def test_timed_layers_carry_their_multiply_adds() -> None:
    first, *_ = time_alone(dense_convolutions()[:2], repeats=3)
    assert first.macs == 16 * 16 * 9 * 32 * 32
    assert first.seconds > 0


def test_layers_are_timed_within_their_network_and_hooks_are_removed() -> None:
    network = nn.Sequential(nn.Linear(3, 4), nn.Sequential(nn.ReLU()))
    timed = time_within(network, 3, torch.randn(2, 3))
    assert [(layer.layer, layer.macs) for layer in timed] == [("0", 24), ("1.0", 0)]
    assert all(isinstance(layer, TimedLayer) and layer.seconds > 0 for layer in timed)
    assert not network[0]._forward_hooks
