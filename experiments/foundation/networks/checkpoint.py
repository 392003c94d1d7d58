"""Checkpoint files: a training's state and the description of what was trained, loaded without running code in them.

The description is a flat mapping of names to plain values; a checkpoint can only be resumed where it agrees. Files
are read with ``weights_only=True``, so a pickled object other than tensors and plain values is refused.
"""

from __future__ import annotations

import hashlib
import os
import struct
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn

from experiments.lab.errors import InputError

FORMAT = "mlnotes training 2"
DIGEST_SIZE = 64
"""Hexadecimal digits of SHA-256."""
COMMENT_LENGTH = struct.Struct("<H")
"""How a zip ends: the length of the comment, then the comment."""
Description = Mapping[str, str | int | float | bool | None]


def save_checkpoint(path: Path, state: Mapping[str, Any], description: Description) -> None:
    """Write ``state`` and ``description`` to ``path``, with a digest of the whole file at its end."""
    torch.save({"format": FORMAT, "description": dict(description), "state": dict(state)}, path)
    _seal(path)


def load_checkpoint(path: Path, description: Description, device: torch.device) -> dict[str, Any]:
    """The state in ``path``, with its tensors on ``device``.

    Raises:
        InputError: no such file, a damaged or foreign one, or one that describes another training.
    """
    content = _read(path, device)
    stored, state = (content.get(key) if isinstance(content, dict) else None for key in ("description", "state"))
    if not isinstance(stored, dict) or not isinstance(state, dict) or content["format"] != FORMAT:
        raise InputError(
            f"resume={path} holds no checkpoint of this program; give a checkpoint.pt or the record directory of a run"
        )
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
    return state


def resume_from(
    path: Path, description: Description, device: torch.device, restore: Callable[[dict[str, Any]], None]
) -> None:
    """Hand the state in ``path`` to ``restore``.

    Raises:
        InputError: as ``load_checkpoint``, and where the state does not fit what it is to be restored into.
    """
    state = load_checkpoint(path, description, device)
    try:
        restore(state)
    except Exception as error:  # a state that was put together by hand can be wrong in any way
        words = " ".join(str(error).split())[:120]
        raise InputError(f"resume={path} does not fit this training ({type(error).__name__}: {words})") from None


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
        _verify(path)
        return torch.load(path, map_location=device, weights_only=True)
    except Exception as error:  # of a damaged file the zip's, the pickle's and the tensors' readers raise anything
        why = f"({type(error).__name__}); it is damaged or of another program"
        raise InputError(f"resume={path} cannot be read as a checkpoint {why}") from None


def _seal(path: Path) -> None:
    """Append the digest of the file as the comment of its zip, which other readers of torch's files pass over."""
    with path.open("r+b") as file:
        file.seek(-COMMENT_LENGTH.size, os.SEEK_END)
        file.write(COMMENT_LENGTH.pack(DIGEST_SIZE))
        file.seek(0)
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        file.write(digest.encode())


def _verify(path: Path) -> None:
    """Hold the file against its digest: torch does not look at the checksums of its zip's parts."""
    content = path.read_bytes()
    if hashlib.sha256(content[:-DIGEST_SIZE]).hexdigest().encode() != content[-DIGEST_SIZE:]:
        raise ValueError("the digest is another one")
    with zipfile.ZipFile(path) as archive:
        if any(part.compress_type != zipfile.ZIP_STORED for part in archive.infolist()):
            raise ValueError("torch writes its parts as they are, so a packed one is no part of a checkpoint")
