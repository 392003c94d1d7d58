"""Bytes of a training step against what layers must keep."""

from __future__ import annotations

import pytest
import torch

from experiments.train.core.memory import training_bytes
from experiments.train.core.perceptron import perceptron


def test_twice_the_batch_keeps_twice_the_activations_and_the_same_parameters() -> None:
    network = perceptron((6, 8, 3))
    small, large = (training_bytes(network, lambda n=n: network(torch.randn(n, 6)).square().mean()) for n in (64, 128))
    assert large[0] / small[0] == pytest.approx(2, abs=0.01)
    assert large[1] == small[1] == 2 * 4 * sum(p.numel() for p in network.parameters())
