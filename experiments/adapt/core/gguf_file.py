"""Write GGUF, the file that llama.cpp and its relatives read: metadata, the tensors' table, then their bytes.

Source: the specification of GGUF version 3, github.com/ggml-org/ggml/blob/master/docs/gguf.md.
"""

from __future__ import annotations

import math
import os
import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

from experiments.adapt.core.block_formats import FORMATS, Bytes, Floats, encode

ALIGNMENT = 32
"""Every tensor's first byte lies at a multiple of it."""
TYPES = {"f32": 0, "f16": 1} | {one.name: one.ggml_type for one in FORMATS.values()}
"""ggml's number of what a tensor is stored in."""
Value = bool | int | float | str | Sequence[str] | Sequence[int] | Sequence[float]
Metadata = Mapping[str, Value]


@dataclass(frozen=True)
class Tensor:
    """One tensor of a file; its weights are read when they are written."""

    name: str
    shape: tuple[int, ...]
    """As in torch: the last axis is contiguous."""
    stored: str
    """One of ``TYPES``."""
    read: Callable[[], Floats]
    """The weights (shape)."""

    @property
    def n_weights(self) -> int:
        return math.prod(self.shape)

    @property
    def n_bytes(self) -> int:
        bits = FORMATS[self.stored].bits_per_weight if self.stored in FORMATS else {"f32": 32, "f16": 16}[self.stored]
        return int(self.n_weights * bits) // 8

    def data(self) -> Bytes:
        """The bytes of the file."""
        weights = self.read()
        if self.stored in FORMATS:
            return encode(weights, FORMATS[self.stored])
        with np.errstate(over="ignore"):
            return np.ascontiguousarray(weights.astype("<f2" if self.stored == "f16" else "<f4")).view(np.uint8)


def write_gguf(path: Path, metadata: Metadata, tensors: Sequence[Tensor]) -> None:
    """Write the whole file under another name first, so that ``path`` is never half a file."""
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with unfinished.open("wb") as file:
            file.write(_header(metadata, tensors))
            for tensor in tensors:
                _pad(file)
                file.write(tensor.data().tobytes())
            _pad(file)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def file_bytes(metadata: Metadata, tensors: Sequence[Tensor]) -> int:
    """Size of the file."""
    return _up(len(_header(metadata, tensors))) + sum(_up(tensor.n_bytes) for tensor in tensors)


def _up(count: int) -> int:
    return -(-count // ALIGNMENT) * ALIGNMENT


def _header(metadata: Metadata, tensors: Sequence[Tensor]) -> bytes:
    parts = [struct.pack("<4sIQQ", b"GGUF", 3, len(tensors), len(metadata))]
    parts += [_string(key) + _value(value) for key, value in metadata.items()]
    offset = 0
    for tensor in tensors:
        axes = tensor.shape[::-1]  # ggml counts axes from the contiguous one
        parts.append(_string(tensor.name) + struct.pack(f"<I{len(axes)}Q", len(axes), *axes))
        parts.append(struct.pack("<IQ", TYPES[tensor.stored], offset))
        offset += _up(tensor.n_bytes)
    return b"".join(parts)


def _pad(file: BinaryIO) -> None:
    file.write(b"\0" * (-file.tell() % ALIGNMENT))


def _string(text: str) -> bytes:
    data = text.encode()
    return struct.pack("<Q", len(data)) + data


def _value(value: Value) -> bytes:
    """The number of the type, then the value; an array has the type and number of its items between."""
    if isinstance(value, str):
        return struct.pack("<I", 8) + _string(value)
    if isinstance(value, bool):
        return struct.pack("<I?", 7, value)
    if isinstance(value, int):
        return struct.pack("<II", 4, value)
    if isinstance(value, float):
        return struct.pack("<If", 6, value)
    if all(isinstance(item, str) for item in value):
        return struct.pack("<IIQ", 9, 8, len(value)) + b"".join(map(_string, value))  # type: ignore[arg-type]
    kind, code = (5, "i") if all(isinstance(item, int) for item in value) else (6, "f")
    return struct.pack(f"<IIQ{len(value)}{code}", 9, kind, len(value), *value)
