"""An encoder in a file: all of the network but its head, and one line for files of others."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from experiments.foundation.networks.networks import build_network
from experiments.pretrain.core.encoder_files import load_encoder, save_encoder


def lenet(seed: int, classes: int = 10) -> nn.Module:
    torch.manual_seed(seed)
    return build_network("lenet", (1, 28, 28), classes)


def test_an_encoder_comes_back_and_the_head_stays(tmp_path: Path) -> None:
    first, second = lenet(0, classes=242), lenet(1)
    head = second[-1].weight.clone()  # type: ignore[index]
    save_encoder(tmp_path / "e.safetensors", first)
    load_encoder(tmp_path / "e.safetensors", second)
    assert torch.equal(first[0].weight, second[0].weight)  # type: ignore[index]
    assert torch.equal(second[-1].weight, head)  # type: ignore[index]
    assert len(load_file(tmp_path / "e.safetensors")) == len(first.state_dict()) - 2


@pytest.mark.parametrize(
    ("weights", "problem"),
    [
        (
            {"0.weight": torch.zeros(6, 1, 3, 3)},
            "^0.bias: expected float32 6 in this network, got none; give an encoder of the same model$",
        ),
        ({"x": torch.zeros(2)}, "0.bias: expected float32 6 in this network, got none"),
        (None, "not readable as safetensors"),
    ],
)
def test_foreign_files_are_refused_in_one_line(
    tmp_path: Path, weights: dict[str, torch.Tensor] | None, problem: str
) -> None:
    path = tmp_path / "foreign.safetensors"
    if weights is None:
        path.write_bytes(b"\x80\x04pickle")
    else:
        save_file(weights, path)
    with pytest.raises(ValueError, match=problem) as raised:
        load_encoder(path, lenet(0))
    assert "\n" not in str(raised.value)


def test_a_missing_file_and_weights_that_are_no_numbers_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "e.safetensors"
    with pytest.raises(ValueError, match="not readable as safetensors"):
        load_encoder(path, lenet(0))
    broken = lenet(0)
    broken[0].bias.data[0] = torch.nan  # type: ignore[index]
    save_encoder(path, broken)
    with pytest.raises(ValueError, match=r"^0\.bias has weights that are no finite numbers$"):
        load_encoder(path, lenet(0))
