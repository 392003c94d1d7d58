"""Number formats against torch.finfo and numpy, loss scaling against its algebra."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import nn

from experiments.train.core import loss_scaling, number_formats, precision_arms
from experiments.train.core.number_formats import BFLOAT16, FLOAT16, FORMATS, NumberFormat
from experiments.train.core.perceptron import perceptron


@pytest.mark.parametrize("chosen", FORMATS, ids=lambda chosen: chosen.name)
def test_limits_follow_from_the_number_of_bits(chosen: NumberFormat) -> None:
    assert number_formats.limits_by_bits(chosen) == number_formats.limits_by_torch(chosen)
    assert torch.tensor(chosen.smallest).to(chosen.dtype) > 0
    assert torch.tensor(chosen.smallest / 2, dtype=torch.float64).to(chosen.dtype) == 0


def test_float16_limits_are_those_of_numpy() -> None:
    info = np.finfo(np.float16)
    expected = (float(info.eps), float(info.max), float(info.tiny), float(info.smallest_subnormal))
    assert number_formats.limits_by_bits(FLOAT16) == expected


@pytest.mark.parametrize("chosen", [FLOAT16, BFLOAT16], ids=lambda chosen: chosen.name)
def test_an_update_below_half_a_spacing_is_lost_and_its_master_copy_keeps_it(chosen: NumberFormat) -> None:
    moved = number_formats.repeated_update(chosen, 1.0, 0.45 * chosen.eps, 1000)
    assert moved.in_format == 0
    assert moved.with_master == pytest.approx(1, abs=1e-3)
    assert number_formats.repeated_update(chosen, 1.0, chosen.eps, 3).in_format == 1


def test_a_wide_sum_overflows_in_fp16_alone() -> None:
    assert number_formats.wide_sum(FLOAT16, 20, 4096) == math.inf
    assert math.isfinite(number_formats.wide_sum(BFLOAT16, 20, 4096))


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


def test_float32_arms_agree_with_a_plain_loop_of_torch() -> None:
    torch.manual_seed(0)
    initial, x, y = perceptron((4, 8, 3)), torch.randn(20, 4), torch.arange(20) % 3
    arm = precision_arms.Arm(type_name="fp32", mode="mixed", optimizer="sgd")
    ours = precision_arms.train_in(arm, initial, (x, y), (x, y), lr=0.1, batch_size=20, steps=3, seed=0)
    optimizer = torch.optim.SGD(initial.parameters(), 0.1, momentum=0.9)
    for _ in range(3):
        loss = nn.functional.cross_entropy(initial(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert ours.final_loss == pytest.approx(loss.item(), rel=1e-5)


def test_adam_in_fp16_dies_because_its_epsilon_is_zero() -> None:
    torch.manual_seed(0)
    initial, x, y = perceptron((4, 8, 3)), torch.randn(20, 4), torch.arange(20) % 3
    x[:, 0] = 0  # weights of a constant zero input have no gradient: 0 / (0 + eps)
    arm = precision_arms.Arm(type_name="fp16", mode="true", optimizer="adam")
    assert precision_arms.train_in(arm, initial, (x, y), (x, y), lr=0.1, batch_size=20, steps=2, seed=0).diverged


def test_autocast_halves_activations_and_keeps_weights() -> None:
    network, x = perceptron((16, 64, 64, 4)), torch.rand(2048, 16)
    full, mixed = (precision_arms.training_bytes(network, x, compute) for compute in (None, torch.bfloat16))
    assert full[0] / mixed[0] == pytest.approx(2, abs=0.1)
    assert full[1] == mixed[1]
