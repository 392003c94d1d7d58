"""Weights of a folder or file in the format safetensors, read one tensor at a time. Nothing is unpickled."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError, safe_open

from experiments.adapt.core.block_formats import Floats

FLOATING = {"F64", "F32", "F16", "BF16"}


@dataclass(frozen=True)
class Weight:
    """A tensor that lies in a file."""

    shape: tuple[int, ...]
    read: Callable[[], Floats]


def open_weights(path: Path) -> dict[str, Weight]:
    """The floating-point tensors by name, of one file or of all files of a folder.

    Raises:
        ValueError: there are none, or the file is of another format or damaged, in one line.
    """
    opened: dict[str, Weight] = {}
    for file in _files(path):
        try:
            with safe_open(file, "pt") as stored:
                slices = {name: stored.get_slice(name) for name in stored.keys()}  # noqa: SIM118
                found = {name: (tuple(one.get_shape()), str(one.get_dtype())) for name, one in slices.items()}
        except (SafetensorError, OSError) as error:
            raise ValueError(f"{file.name} is no safetensors file: {' '.join(str(error).split())}") from None
        if foreign := [f"{name} of {dtype}" for name, (_, dtype) in found.items() if dtype not in FLOATING]:
            raise ValueError(f"{file.name} has {foreign[0]}: expected {', '.join(sorted(FLOATING))}, not yet quantized")
        opened |= {name: Weight(shape, _reader(file, name)) for name, (shape, _) in found.items()}
    if not opened:
        raise ValueError("no tensor in it")
    return opened


def _files(path: Path) -> list[Path]:
    if path.is_file():
        if path.suffix != ".safetensors":
            raise ValueError(f"expected .safetensors, got {path.name}; pickles such as .pt and .bin are not read")
        return [path]
    if not path.is_dir():
        raise ValueError("there is no such file or folder")
    index = path / "model.safetensors.index.json"
    if index.is_file():
        listed = read_json(index).get("weight_map")
        if not isinstance(listed, dict) or not all(isinstance(name, str) for name in listed.values()):
            raise ValueError(f"{index.name} has no 'weight_map' of names of files")
        names = sorted(set(listed.values()))
        return [path / Path(name).name for name in names]  # the last part of the name: no way out of the folder
    if not (path / "model.safetensors").is_file():
        raise ValueError("expected model.safetensors in the folder; pickles such as pytorch_model.bin are not read")
    return [path / "model.safetensors"]


def _reader(file: Path, name: str) -> Callable[[], Floats]:
    def read() -> Floats:
        with safe_open(file, "pt") as stored:
            weights: Floats = stored.get_tensor(name).to(torch.float32).numpy()
        if not np.isfinite(weights).all():
            raise ValueError(f"{name} has weights that are no finite numbers")
        return weights

    return read


def read_json(file: Path) -> dict[str, Any]:
    """A JSON object.

    Raises:
        ValueError: the file is no JSON object.
    """
    try:
        known = json.loads(file.read_text(encoding="utf-8"))
    except (ValueError, OSError, RecursionError) as error:
        raise ValueError(f"{file.name} is not readable as JSON: {error}") from None
    if not isinstance(known, dict):
        raise ValueError(f"{file.name} is no JSON object")
    return known
