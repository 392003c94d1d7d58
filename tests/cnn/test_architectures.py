"""Architectures against the parameters and multiply-adds that their reference implementations publish."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest
import torch
from torch import nn

from experiments.cnn.core.architectures import (
    IMAGE,
    PUBLISHED,
    ArchitectureName,
    ResidualBlock,
    build_architecture,
    materialized,
)
from experiments.cnn.core.flops_counter import count
from experiments.cnn.core.flops_custom import load_module
from experiments.cnn.core.flops_timing import TimedLayer, dense_convolutions, time_alone, time_within
from experiments.lab.errors import InputError


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


MODULES = """
from torch import nn
import neighbor

class Net(nn.Linear):
    def __init__(self):
        super().__init__(neighbor.SIZE, 2)

instance = Net()
number = 3

def broken():
    raise ValueError("no\\nweights")
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "neighbor.py").write_text("SIZE = 7\n")
    (tmp_path / "own.py").write_text(MODULES)
    (tmp_path / "wrong.py").write_text("1 +\n")
    return tmp_path / "own.py"


def test_own_modules_are_found_in_files_and_packages(file: Path) -> None:
    assert [load_module(f"{file}:{name}").in_features for name in ("Net", "instance")] == [7, 7]
    assert isinstance(load_module("torch.nn:Identity"), nn.Identity)


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("own.py", r"expected FILE.py:NAME or package.module:NAME, got 'own.py'"),
        ("{}/none.py:Net", r"expected a Python file, there is no .*none.py"),
        ("{}/own.py:Nett", r"expected 'Nett' in .*own.py, it has none"),
        ("{}/own.py:number", r"to give a torch.nn.Module, got int"),
        ("{}/own.py:broken", r"has to work without arguments, got ValueError: no weights"),
        ("{}/wrong.py:Net", r"wrong.py cannot be run: SyntaxError"),
        ("no_such_package:Net", r"no_such_package cannot be imported: ModuleNotFoundError"),
    ],
)
def test_what_gives_no_module_is_refused_in_one_line(file: Path, reference: str, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        load_module(reference.format(file.parent))
    assert len(caught.value.problems) == 1
    assert "\n" not in str(caught.value)


def test_timed_layers_carry_their_multiply_adds() -> None:
    first, *_ = time_alone(dense_convolutions()[:2], repeats=3)
    assert first.macs == 16 * 16 * 9 * 32 * 32
    assert first.seconds > 0


def test_layers_are_timed_within_their_network_and_hooks_are_removed() -> None:
    network = nn.Sequential(nn.Linear(3, 4), nn.Sequential(nn.ReLU()))
    timed = time_within(network, torch.randn(2, 3), repeats=3)
    assert [(layer.name, layer.macs) for layer in timed] == [("0", 24), ("1.0", 0)]
    assert all(isinstance(layer, TimedLayer) and layer.seconds > 0 for layer in timed)
    assert not network[0]._forward_hooks
