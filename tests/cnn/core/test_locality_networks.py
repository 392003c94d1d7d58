"""Reaches are those of the gradient, and plans cost what they say."""

from __future__ import annotations

import pytest
import torch

from experiments.cnn.core.locality_networks import BodyName, Plan, body_macs, build_body, matched_attention


@pytest.mark.parametrize("body", ["conv", "dilated", "large_kernel"])
@pytest.mark.parametrize("depth", [1, 3])
def test_reach_is_that_of_the_gradient(body: BodyName, depth: int) -> None:
    plan = Plan(body, depth, 8, 12)
    torch.manual_seed(0)
    body_module = build_body(plan).double()
    inputs = torch.randn(40, 12, 8, dtype=torch.float64, requires_grad=True)
    (gradient,) = torch.autograd.grad(body_module(inputs)[:, 0].sum(), inputs)
    assert int(gradient.abs().amax((0, 2)).nonzero().max()) == min(plan.reach or 0, 11)


@pytest.mark.parametrize("body", ["conv_gap", "attention"])
def test_pooling_and_attention_see_every_position(body: BodyName) -> None:
    torch.manual_seed(0)
    inputs = torch.randn(40, 12, 8, requires_grad=True)
    (gradient,) = torch.autograd.grad(build_body(Plan(body, 2, 8, 12))(inputs)[:, 0].square().sum(), inputs)
    assert bool((gradient.abs().amax((0, 2)) > 0).all())


def test_multiply_adds_are_those_by_hand_and_attention_stays_below_its_limit() -> None:
    conv = Plan("conv", 5, 8, 12)
    assert body_macs(conv) == 5 * 12 * 3 * 8 * 8
    plan = matched_attention(conv)
    width = plan.width
    assert body_macs(plan) == 2 * (12 * 8 * width**2 + 2 * 12**2 * width) <= body_macs(conv)
    assert body_macs(Plan("attention", 2, width + 2, 12)) > body_macs(conv)
