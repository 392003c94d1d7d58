"""What is written, read by gguf's own reader."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from experiments.adapt.core.gguf_file import Floats, Tensor, file_bytes, write_gguf

METADATA = {
    "general.architecture": "llama",
    "a.flag": True,
    "a.count": 7,
    "a.rate": 0.5,
    "words": ["é", "", "c"],
    "whole": [1, -2],
    "real": [0.5, -1.5],
}


def tensor(name: str, shape: tuple[int, ...], stored: str) -> Tensor:
    weights: Floats = np.random.default_rng(len(name)).standard_normal(shape).astype(np.float32)
    return Tensor(name, shape, stored, lambda: weights)


TENSORS = [tensor("v", (5,), "f32"), tensor("matrix", (3, 32), "q4_0"), tensor("odd", (3, 7), "f16")]


def test_gguf_reads_what_was_written(tmp_path: Path) -> None:
    gguf = pytest.importorskip("gguf", reason="needs the package gguf, whose reader is the judge")
    file = tmp_path / "model.gguf"
    write_gguf(file, METADATA, TENSORS)
    reader = gguf.GGUFReader(file)
    assert {key: reader.fields[key].contents() for key in METADATA} == METADATA
    assert [(one.name, tuple(one.shape[::-1])) for one in reader.tensors] == [(one.name, one.shape) for one in TENSORS]
    for found, wanted in zip(reader.tensors, TENSORS, strict=True):
        assert found.data_offset % 32 == 0
        assert found.data.tobytes() == wanted.data().tobytes()


def test_the_size_of_a_file_is_known_before(tmp_path: Path) -> None:
    write_gguf(tmp_path / "model.gguf", METADATA, TENSORS)
    assert (tmp_path / "model.gguf").stat().st_size == file_bytes(METADATA, TENSORS)


def test_a_file_is_whole_or_absent(tmp_path: Path) -> None:
    def fail() -> Floats:
        raise ValueError("damaged")

    with pytest.raises(ValueError, match="damaged"):
        write_gguf(tmp_path / "model.gguf", METADATA, [*TENSORS, Tensor("bad", (1,), "f32", fail)])
    assert list(tmp_path.iterdir()) == []
