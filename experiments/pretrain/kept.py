"""Encoders that a study leaves in a file for others to start from."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from experiments.lab.errors import InputError
from experiments.lab.experiment import Note

if TYPE_CHECKING:
    from torch import nn


def check_folder(parameter: str, path: str | None) -> None:
    """Refuse a file in a folder that does not exist, before anything is trained."""
    if path and not Path(path).absolute().parent.is_dir():
        raise InputError(f"{parameter}={path}: its folder does not exist")


def keep_encoder(path: str, network: nn.Module, learned: str, seed: int) -> Note:
    """Write the encoder of ``network``; with several seeds the last one's stays."""
    from experiments.pretrain.core.encoder_files import save_encoder

    try:
        save_encoder(Path(path), network)
    except OSError as error:
        raise InputError(f"encoder={path} cannot be written: {error.strerror or error}") from None
    return Note(f"{path} is the encoder after {learned}, seed {seed}; pretrain.transfer init={path} starts from it")
