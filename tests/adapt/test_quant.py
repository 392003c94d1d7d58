"""A user's model: written whole, or refused in one line."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from experiments.adapt.core.block_formats import FORMATS, decode
from experiments.adapt.core.gguf_tokenizer import byte_tokenizer
from experiments.adapt.quant import EXPERIMENT, files
from experiments.adapt.quant.own import trained_model
from experiments.adapt.quant.setup import Params, prepare
from experiments.foundation.architectures.llama import SPECIAL, Architecture, Decoder
from experiments.lab.errors import InputError
from experiments.lab.experiment import Note

SIZE = Architecture(dim=64, layers=2, heads=4, kv_heads=2, hidden=96)
CONFIG: dict[str, Any] = {
    "model_type": "llama",
    "hidden_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "intermediate_size": 96,
    "vocab_size": 259,
    "rms_norm_eps": 1e-5,
    "max_position_embeddings": 512,
    "bos_token_id": 1,
    "eos_token_id": 2,
}


def decoder() -> Decoder:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return Decoder(SIZE)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A Llama as it lies on the hub, of two files, with bytes as its tokens."""
    home = tmp_path / "llama"
    home.mkdir()
    state = decoder().state_dict()
    names = list(state)
    parts = {"model-1.safetensors": names[::2], "model-2.safetensors": names[1::2]}
    for file, part in parts.items():
        save_file({name: state[name] for name in part}, home / file)
    index = {name: file for file, part in parts.items() for name in part}
    words = byte_tokenizer()
    numbers = dict(zip(words["tokenizer.ggml.tokens"], range(259), strict=True))  # type: ignore[arg-type]
    tokenizer = {
        "model": {"type": "BPE", "byte_fallback": True, "unk_token": "<unk>", "vocab": numbers},
        "added_tokens": [{"id": number, "content": SPECIAL[number], "special": True} for number in (1, 2)],
    }
    for name, content in (
        ("model.safetensors.index.json", {"weight_map": index}),
        ("config.json", CONFIG),
        ("tokenizer.json", tokenizer),
    ):
        (home / name).write_text(json.dumps(content))
    return home


def measured(params: Params) -> tuple[list[files.FileRow], list[str]]:
    events = list(files.PART.run(prepare(params, 0)))
    rows = [event for event in events if isinstance(event, files.FileRow)]
    return rows, [event.text for event in events if isinstance(event, Note)]


def test_a_llama_of_the_hub_becomes_the_file_of_the_same_network(folder: Path, tmp_path: Path) -> None:
    gguf = pytest.importorskip("gguf", reason="needs the package gguf, whose reader is the judge")
    out = tmp_path / "model.gguf"
    (row,), notes = measured(Params(model=str(folder), format=("q4_0",), out=out))
    assert row.file_bytes == out.stat().st_size
    assert row.block_bits_per_weight == 4.5
    assert notes == [f"{out} is written in q4_0: llama-cli -m {out} runs it"]
    reader, ours = gguf.GGUFReader(out), trained_model(decoder())
    assert {one.name: one.data.tobytes() for one in reader.tensors} == {
        one.name: one.data().tobytes() for one in ours.tensors("q4_0")
    }
    words = {key: field.contents() for key, field in reader.fields.items()}
    wanted = {
        key: float(np.float32(value)) if isinstance(value, float) else value
        for key, value in ours.metadata("q4_0").items()
    }
    assert {key for key in wanted if words.get(key) != wanted[key]} == {"general.name"}


def test_tensors_alone_are_kept_as_they_are(tmp_path: Path) -> None:
    weights = {"conv": torch.randn(4, 3, 32), "odd": torch.randn(5, 7, dtype=torch.bfloat16), "bias": torch.randn(4)}
    save_file(weights, tmp_path / "net.safetensors")
    (row,), notes = measured(
        Params(model=str(tmp_path / "net.safetensors"), format=("q8_0",), out=tmp_path / "net.gguf")
    )
    assert (row.weights, row.runs_in) == (4 * 96 + 35 + 4, "nothing: tensors alone")
    assert "llama.cpp cannot run" in notes[0]
    gguf = pytest.importorskip("gguf", reason="needs the package gguf, whose reader is the judge")
    conv = next(one for one in gguf.GGUFReader(tmp_path / "net.gguf").tensors if one.name == "conv")
    kept = decode(np.array(conv.data), FORMATS["q8_0"]).reshape(4, 3, 32)
    np.testing.assert_allclose(kept, weights["conv"].numpy(), atol=0.02)


def test_a_users_model_is_measured_without_claims(folder: Path) -> None:
    params = Params(model=str(folder))
    assert EXPERIMENT.own is not None
    assert EXPERIMENT.own.given(params)
    assert not EXPERIMENT.own.given(Params())
    rows, notes = measured(params)
    assert [row.format for row in rows] == list(FORMATS)
    assert notes == []
    assert sorted(row.decibels for row in rows) == [row.decibels for row in rows][::-1]


def change(name: str, content: object) -> Callable[[Path], None]:
    def write(folder: Path) -> None:
        (folder / name).write_text(json.dumps(content))

    return write


def drop(name: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).unlink()


def damage(folder: Path) -> None:
    (folder / "model-1.safetensors").write_bytes(b"\xff" * 100)


def infinite(folder: Path) -> None:
    state = decoder().state_dict()
    state["model.norm.weight"][0] = float("inf")
    (folder / "model.safetensors.index.json").unlink()
    save_file(state, folder / "model.safetensors")


@pytest.mark.parametrize(
    ("spoil", "problem"),
    [
        (change("config.json", CONFIG | {"model_type": "bert"}), "config.json has model_type bert, expected llama"),
        (change("config.json", CONFIG | {"rope_scaling": {"type": "yarn"}}), "rope_scaling=.*not converted"),
        (change("config.json", CONFIG | {"num_hidden_layers": 3}), "layers.2.input_layernorm.weight is missing, and 8"),
        (change("config.json", CONFIG | {"num_hidden_layers": 1}), "is no tensor of Llama's architecture"),
        (change("config.json", {"model_type": "llama"}), "config.json lacks hidden_size, num_hidden_layers"),
        (change("config.json", []), "config.json is no JSON object"),
        (drop("tokenizer.json"), "tokenizer.json is not readable"),
        (drop("model.safetensors.index.json"), "expected model.safetensors in the folder; pickles"),
        (drop("model-1.safetensors"), "model-1.safetensors"),
        (damage, "model-1.safetensors is no safetensors file"),
        (infinite, "model.norm.weight has weights that are no finite numbers"),
    ],
)
def test_a_folder_that_cannot_be_converted_is_refused_in_one_line(
    folder: Path, spoil: Callable[[Path], None], problem: str
) -> None:
    spoil(folder)
    with pytest.raises(InputError, match=problem) as refused:
        measured(Params(model=str(folder), format=("q4_0",)))
    (line,) = refused.value.problems
    assert line.startswith(f"model={folder}: ")
    assert "\n" not in line


def test_nothing_is_unpickled(tmp_path: Path) -> None:
    file = tmp_path / "net.pt"
    file.write_bytes(pickle.dumps({"weight": [1.0]}))
    with pytest.raises(InputError, match=r"expected .safetensors, got net.pt; pickles such as .pt and"):
        prepare(Params(model=str(file)), 0)


def test_weights_that_are_integers_are_refused(tmp_path: Path) -> None:
    save_file({"ids": torch.arange(64)}, tmp_path / "net.safetensors")
    with pytest.raises(InputError, match=r"net.safetensors has ids of I64: expected BF16, F16, F32, F64"):
        prepare(Params(model=str(tmp_path / "net.safetensors")), 0)


@pytest.mark.parametrize(
    ("params", "problem"),
    [
        ({"model": "nowhere"}, "model=nowhere: there is no such file or folder"),
        ({"out": "x.gguf"}, "out=x.gguf is written of a model of yours"),
        ({"model": "m", "out": "x.gguf"}, "out=x.gguf is one file: give one format, such as format=q4_0"),
        ({"model": "m", "out": "/", "format": ("q8_0",)}, "out=/ exists: name another file, or remove it"),
        ({"model": "m", "out": "no/x.gguf", "format": ("q8_0",)}, "out=no/x.gguf: there is no folder"),
    ],
)
def test_what_cannot_be_written_is_refused_before_it_is_read(params: dict[str, Any], problem: str) -> None:
    with pytest.raises(InputError, match=problem):
        prepare(Params(**params), 0)


def test_matrices_without_blocks_are_refused(tmp_path: Path) -> None:
    save_file({"odd": torch.randn(5, 7)}, tmp_path / "net.safetensors")
    with pytest.raises(InputError, match="no matrix has rows of a multiple of 32 weights, as q4_0 needs"):
        measured(Params(model=str(tmp_path / "net.safetensors"), format=("q4_0",)))
