"""Architectures against the parameters and multiply-adds that their reference implementations publish."""

from __future__ import annotations

from typing import get_args

import pytest
import torch
from torch import nn

from experiments.cnn.core.architectures import IMAGE, ArchitectureName, ResidualBlock, build_architecture, materialized
from experiments.cnn.core.published import PUBLISHED
from experiments.foundation.costs.flops_counter import count


@pytest.mark.parametrize("name", ["alexnet", "vgg16", "resnet18", "resnet50"])
def test_parameters_and_giga_macs_are_the_published_ones(name: ArchitectureName) -> None:
    counted = count(build_architecture(name), torch.empty(IMAGE, device="meta"))
    assert counted.parameters == PUBLISHED[name].parameters
    assert round(counted.macs / 1e9, 2) == PUBLISHED[name].giga_macs


def test_the_published_gmacs_of_the_vision_transformer_lack_its_attention() -> None:
    counted = count(build_architecture("vit_tiny"), torch.empty(IMAGE, device="meta"))
    attention = 12 * 2 * 197**2 * 192
    assert round(counted.macs / 1e9, 1) == 1.3
    assert round((counted.macs - attention) / 1e9, 1) == PUBLISHED["vit_tiny"].giga_macs == 1.1
    assert PUBLISHED["vit_tiny"].rounded(counted.parameters) == PUBLISHED["vit_tiny"].parameters


@pytest.mark.parametrize("name", get_args(ArchitectureName))
def test_every_architecture_gives_a_thousand_logits(name: ArchitectureName) -> None:
    assert build_architecture(name)(torch.empty(2, *IMAGE[1:], device="meta")).shape == (2, 1000)


@pytest.mark.parametrize("bottleneck", [False, True])
def test_a_residual_block_with_a_dead_branch_is_the_relu_of_its_input(bottleneck: bool) -> None:
    block = ResidualBlock(16, 16 // (4 if bottleneck else 1), 1, bottleneck=bottleneck).eval()
    for module in block.branch.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.zeros_(module.weight)
    x = torch.randn(2, 16, 5, 5)
    torch.testing.assert_close(block(x), x.relu())


def test_a_materialized_network_gives_finite_numbers_and_real_ones_stay() -> None:
    network = materialized(build_architecture("vit_tiny"))
    with torch.no_grad():
        assert network(torch.randn(IMAGE)).isfinite().all()
    assert materialized(network) is network
