"""Loss scaling against its algebra."""

from __future__ import annotations

import torch

from experiments.train.core import loss_scaling


def test_exponents_are_those_of_frexp() -> None:
    values = torch.tensor([1.0, 1.5, 2.0, 0.25, 0.0, -3.0])
    assert loss_scaling.exponent_shares(values, -3, 1) == {-3: 0, -2: 1 / 6, -1: 0, 0: 2 / 6, 1: 2 / 6}


def test_a_power_of_two_cancels_and_another_scale_does_not() -> None:
    torch.manual_seed(0)
    network, x, y = loss_scaling.tanh_network(4, 8, 2), torch.randn(9, 4), torch.randn(9, 1)
    true = loss_scaling.gradients(network, x, y)
    assert torch.equal(loss_scaling.gradients(network, x, y, scale=2.0**12), true)
    assert not torch.equal(loss_scaling.gradients(network, x, y, scale=1000.0), true)


def test_the_scaler_skips_infinite_gradients_and_halves_its_scale() -> None:
    weight = torch.ones(3)
    skipped = loss_scaling.scaler_step(weight, torch.tensor([1.0, torch.inf, 1.0]), 1024.0)
    assert (skipped.weights_changed, skipped.scale_factor) == (False, 0.5)
    assert loss_scaling.scaler_step(weight, torch.ones(3), 1024.0).weights_changed
