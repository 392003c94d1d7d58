"""A network that is trained once and kept, so that seeds, arms and later runs start from the same one.

    note = trained_once(decoder, lambda: train(decoder, text), {"text": digest, "steps": 300, "seed": 0})

The file lies in the user's cache and is named by a hash of what the network depends on: the description, the shapes of
its weights, torch's version, and the code: the files of its class and of the training, their family's core, and all
networks and trainings here. Another of them is another file; rather too often than too seldom.
"""

from __future__ import annotations

import hashlib
import inspect
import json
import os
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

import platformdirs
import torch
from torch import nn

from experiments.foundation.datasets.formats.fields import brief
from experiments.foundation.networks.checkpoint import Description, load_checkpoint, save_checkpoint
from experiments.lab.errors import InputError

FOUNDATION = Path(__file__).resolve().parents[1]
EXPERIMENTS = FOUNDATION.parent


def trained_once(network: nn.Module, train: Callable[[], object], description: Description) -> str:
    """Give ``network`` the weights that ``train`` makes, from the cache where they are; a note for the record.

    Args:
        train: trains ``network`` in place; called only where no weights are kept, or where their file is damaged.
        description: everything that decides the outcome beside the code: data, sizes, steps, rates, seed.
    """
    name = _fingerprint(network, train, description)
    path = _folder() / f"{name}.pt"
    try:
        network.load_state_dict(load_checkpoint(path, description, torch.device("cpu")))
        return f"base {name[:8]}, trained in an earlier run and kept"
    except InputError:  # none yet, or a damaged one
        start = time.perf_counter()
        train()
        seconds = time.perf_counter() - start
        kept = _keep(path, network, description)
        return f"base {name[:8]}, trained in {seconds:.0f} s and {kept}"


def _folder() -> Path:
    return Path(platformdirs.user_cache_dir("mlnotes", appauthor=False)) / "bases"


def _fingerprint(network: nn.Module, train: Callable[[], object], description: Mapping[str, object]) -> str:
    shapes = {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}
    code = [path.read_text(encoding="utf-8") for path in sources(network, train)]
    parts = [dict(description), shapes, code, str(torch.__version__)]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]


def sources(network: nn.Module, train: Callable[[], object]) -> list[Path]:
    """The files whose code decides what ``train`` makes of ``network``, and some that may."""
    own = [Path(inspect.getfile(part)).resolve() for part in (type(network), train)]
    ours = [path.relative_to(EXPERIMENTS) for path in own if path.is_relative_to(EXPERIMENTS)]
    cores = {EXPERIMENTS / path.parts[0] / "core" for path in ours}
    rooms = [FOUNDATION / "architectures", FOUNDATION / "networks", *cores]
    return sorted({*own, *(path for room in rooms for path in room.rglob("*.py"))})


def _keep(path: Path, network: nn.Module, description: Description) -> str:
    """Write beside ``path`` and rename, so that runs that start together never meet half a file; how it went."""
    half = path.with_suffix(f".{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        save_checkpoint(half, network.state_dict(), description)
        half.replace(path)
    except (OSError, RuntimeError) as error:  # torch reports a full disk as RuntimeError
        with suppress(OSError):
            half.unlink()
        return f"not kept, since {path.parent} cannot be written ({brief(error)})"
    return "kept for later runs"
