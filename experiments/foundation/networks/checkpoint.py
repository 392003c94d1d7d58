"""Checkpoint files: a training's state and the description of what was trained, loaded without running code in them.

The description is a flat mapping of names to plain values; a checkpoint can only be resumed where it agrees. Files
are read with ``weights_only=True``, so a pickled object other than tensors and plain values is refused.
"""

from __future__ import annotations

import hashlib
import pickle
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn

from experiments.lab.errors import InputError

FORMAT = "mlnotes training 1"
Description = Mapping[str, str | int | float | bool | None]


def save_checkpoint(path: Path, state: Mapping[str, Any], description: Description) -> None:
    """Write ``state`` and ``description`` to ``path``."""
    torch.save({"format": FORMAT, "description": dict(description), "state": dict(state)}, path)


def load_checkpoint(path: Path, description: Description, device: torch.device) -> dict[str, Any]:
    """The state in ``path``, with its tensors on ``device``.

    Raises:
        InputError: no such file, a truncated or foreign one, or one that describes another training.
    """
    content = _read(path, device)
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise InputError(
            f"resume={path} holds no checkpoint of this program; give a checkpoint.pt or the record directory of a run"
        )
    stored = content["description"]
    problems = [
        f"resume={path} has {name}={stored[name]}, this run {name}={value}; set {name}={stored[name]}"
        for name, value in description.items()
        if name in stored and stored[name] != value
    ]
    missing = [name for name in description if name not in stored]
    if missing:
        problems.append(f"resume={path} does not say its {', '.join(missing)}: an earlier version saved it; train anew")
    if problems:
        raise InputError(*problems)
    return content["state"]


def find_checkpoint(path: Path, seed: int) -> Path:
    """``path`` itself, or the checkpoint of ``seed`` in the record directory ``path``.

    Raises:
        InputError: there is none.
    """
    if path.is_file():
        return path
    if not path.is_dir():
        raise InputError(f"resume={path} does not exist; give a checkpoint.pt or the record directory of a run")
    candidates = [path / f"seed-{seed}-checkpoint.pt", path / "checkpoint.pt"]
    found = [candidate for candidate in candidates if candidate.is_file()]
    if not found:
        raise InputError(
            f"resume={path} is a directory without checkpoint.pt; give the record directory of a run that saved one"
        )
    return found[0]


def weights_digest(network: nn.Module) -> str:
    """First 16 hexadecimal digits of the SHA-256 of all weights and buffers: equal digests, equal bits."""
    digest = hashlib.sha256()
    for name, tensor in network.state_dict().items():
        digest.update(name.encode())
        digest.update(tensor.detach().cpu().reshape(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()[:16]


def _read(path: Path, device: torch.device) -> Any:
    try:
        return torch.load(path, map_location=device, weights_only=True)
    except (pickle.UnpicklingError, EOFError, RuntimeError, zipfile.BadZipFile, ValueError, KeyError) as error:
        why = f"({type(error).__name__}); it may be truncated or of another program"
        raise InputError(f"resume={path} cannot be read as a checkpoint {why}") from None
