"""Networks for every image size; multiply-adds against formulas worked out by hand."""

from __future__ import annotations

import itertools
from typing import get_args

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from experiments.foundation.costs.flops_counter import ghost
from experiments.foundation.costs.forward import forward_cost
from experiments.foundation.networks.choices import NetworkName
from experiments.foundation.networks.networks import build_network
from experiments.lab.errors import InputError

SHAPES = [(1, 8, 8), (1, 28, 28), (3, 32, 32), (3, 17, 23)]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", get_args(NetworkName))
def test_every_network_takes_every_image_and_learns(name: NetworkName, shape: tuple[int, int, int]) -> None:
    torch.manual_seed(0)
    network = build_network(name, shape, 7)
    logits = network(torch.randn(2, *shape))
    assert logits.shape == (2, 7)
    logits.square().sum().backward()
    assert all(parameter.grad is not None for parameter in network.parameters())


def test_too_small_an_image_is_refused() -> None:
    with pytest.raises(InputError, match="model=cnn needs 6 x 6 pixels, the images have 4 x 9; use model=mlp"):
        build_network("cnn", (1, 4, 9), 10)


def test_cnn_costs_what_the_formula_says() -> None:
    cost = forward_cost(build_network("cnn", (1, 28, 28), 10), (1, 28, 28))
    assert cost.macs == 26 * 26 * 32 * 9 + 24 * 24 * 64 * 32 * 9 + 9216 * 128 + 128 * 10
    assert cost.parameters == 32 * 9 + 32 + 64 * 32 * 9 + 64 + 9216 * 128 + 128 + 128 * 10 + 10 == 1_199_882
    assert cost.flops == 2 * cost.macs


def test_lenet_costs_what_the_formula_says() -> None:
    macs = 28 * 28 * 6 * 25 + 10 * 10 * 16 * 6 * 25 + 400 * 120 + 120 * 84 + 84 * 10
    assert forward_cost(build_network("lenet", (1, 28, 28), 10), (1, 28, 28)).macs == macs


def test_vit_counts_its_attention_products() -> None:
    tokens, dim, depth = 16, 64, 4
    projections = tokens * dim * (3 * dim + dim + 8 * dim)
    attention = 2 * tokens * tokens * dim
    expected = tokens * dim * 49 + depth * (projections + attention) + dim * 10
    assert forward_cost(build_network("vit", (1, 28, 28), 10), (1, 28, 28)).macs == expected


@pytest.mark.parametrize(("name", "widths"), [("linear", (64, 10)), ("mlp", (64, 256, 256, 10))])
def test_dense_networks_cost_the_product_of_their_widths(name: NetworkName, widths: tuple[int, ...]) -> None:
    cost = forward_cost(build_network(name, (1, 8, 8), 10), (1, 8, 8))
    assert cost.macs == sum(a * b for a, b in itertools.pairwise(widths))


@pytest.mark.parametrize("name", get_args(NetworkName))
def test_flops_are_those_of_torchs_counter(name: NetworkName) -> None:
    network = build_network(name, (1, 28, 28), 10).eval()
    with FlopCounterMode(display=False) as counter:
        ghost(network)(torch.empty(1, 1, 28, 28, device="meta"))
    assert forward_cost(network, (1, 28, 28)).flops == counter.get_total_flops()


def test_fused_attention_and_lstm_are_counted() -> None:
    encoder = torch.nn.TransformerEncoderLayer(16, 2, 32, batch_first=True)
    projections, attention = 5 * 16 * (4 * 16 + 2 * 32), 2 * 5 * 5 * 16
    assert forward_cost(encoder, (5, 16)).macs == projections + attention
    assert forward_cost(torch.nn.LSTM(4, 3, batch_first=True), (5, 4)).macs == 5 * 4 * 3 * (4 + 3)


def test_counting_leaves_the_network_and_the_random_state_alone() -> None:
    network = build_network("cnn", (1, 8, 8), 10)
    state = torch.get_rng_state()
    forward_cost(network, (1, 8, 8))
    assert torch.equal(torch.get_rng_state(), state)
    assert network.training
    assert {parameter.device.type for parameter in network.parameters()} == {"cpu"}


def test_relu_behind_the_pooling_is_the_same_function_with_the_same_gradient() -> None:
    torch.manual_seed(0)
    network = build_network("cnn", (1, 12, 12), 10).double().eval()
    images = torch.randn(3, 1, 12, 12, dtype=torch.float64)
    conv1, conv2, fc1, fc2 = (getattr(network, name) for name in ("conv1", "conv2", "fc1", "fc2"))
    pooled = torch.nn.functional.max_pool2d(conv2(conv1(images).relu()).relu(), 2)
    plain = fc2(fc1(pooled.permute(0, 2, 3, 1).flatten(1)).relu())
    expected = torch.autograd.grad(plain.square().sum(), list(network.parameters()))
    logits = network(images)
    torch.testing.assert_close(logits, plain)
    torch.testing.assert_close(torch.autograd.grad(logits.square().sum(), list(network.parameters())), expected)
