"""Adapters beside those of the package peft, whose authors keep the format."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from experiments.adapt.core.fine_tuning import possible_rank, rank_of_change
from experiments.adapt.core.low_rank import LowRank, add_adapters, merged_state, trained_parameters

RANK, ALPHA = 3, 12.0


def network() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(24, 16), nn.ReLU(), nn.Linear(16, 5, bias=False))


def adapted(rank_scaled: bool = False) -> tuple[nn.Sequential, dict[str, LowRank]]:
    """With both matrices of every adapter drawn."""
    net = network()
    adapters = add_adapters(net, rank=RANK, alpha=ALPHA, rank_scaled=rank_scaled)
    for one in adapters.values():
        nn.init.normal_(one.B)
    return net, adapters


@pytest.mark.parametrize("rank_scaled", [False, True])
def test_an_adapter_computes_counts_and_merges_as_pefts(rank_scaled: bool) -> None:
    peft = pytest.importorskip("peft", reason="needs the package peft, which is the judge")
    net, adapters = adapted(rank_scaled)
    config = peft.LoraConfig(r=RANK, lora_alpha=ALPHA, target_modules=["0", "2"], use_rslora=rank_scaled)
    theirs = peft.get_peft_model(network(), config)
    for name, one in adapters.items():
        layer = theirs.base_model.model.get_submodule(name)
        layer.lora_A["default"].weight.data, layer.lora_B["default"].weight.data = one.A.data, one.B.data
    x = torch.randn(7, 24)
    torch.testing.assert_close(net(x), theirs(x))
    assert theirs.get_nb_trainable_parameters()[0] == trained_parameters(net) == RANK * (24 + 16 + 16 + 5)
    merged = theirs.merge_and_unload().state_dict()
    ours = merged_state(net, adapters)
    assert ours.keys() == merged.keys()
    assert all(torch.equal(ours[name], weight) for name, weight in merged.items())  # bit for bit


def test_a_merged_adapter_is_passed_by_and_not_merged_twice() -> None:
    net, adapters = adapted()
    x = torch.randn(7, 24)
    before, weights = net(x), copy.deepcopy(net[0].layer.weight)
    expected = merged_state(net, adapters)
    for one in adapters.values():
        one.merge()
    torch.testing.assert_close(net(x), before)
    with pytest.raises(ValueError, match="merged already"):
        adapters["0"].merge()
    assert all(torch.equal(weight, expected[name]) for name, weight in merged_state(net, adapters).items())
    adapters["0"].unmerge()
    torch.testing.assert_close(net[0].layer.weight, weights)
    with pytest.raises(ValueError, match="not merged"):
        adapters["0"].unmerge()


def test_the_rank_of_a_change_is_that_of_its_adapter_and_else_what_the_shape_allows() -> None:
    net, _ = adapted()
    assert possible_rank(net) == rank_of_change(network(), net) == RANK
    trained, start = network(), network()
    with torch.no_grad():
        trained[0].weight += torch.randn(16, 24)
    assert possible_rank(trained) == rank_of_change(start, trained) == 16
    assert rank_of_change(start, network().requires_grad_(False)) == 0


def test_layers_that_are_skipped_are_frozen_and_get_no_adapter() -> None:
    net = network()
    assert list(add_adapters(net, rank=1, alpha=2, skip=["2"])) == ["0"]
    assert not net[2].weight.requires_grad
    assert trained_parameters(net) == 24 + 16
