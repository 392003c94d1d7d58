"""Lengths of the lines of a text file, as lengths of sequences."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from experiments.foundation.datasets.files import read_bytes
from experiments.lab.errors import InputError

if TYPE_CHECKING:
    import torch

LONGEST = 4096
"""Padded attention takes memory by the square of the longest line: n * heads * longest^2 numbers."""


def line_lengths(path: Path) -> list[int]:
    """Bytes of every line that is not empty, in order; gzip is read too.

    Raises:
        InputError: a file that cannot be read, with fewer than two such lines, or with a line over 4096 bytes.
    """
    lengths = [len(line) for line in read_bytes(path).splitlines() if line.strip()]
    if len(lengths) < 2:
        raise InputError(f"{path}: {len(lengths)} lines that are not empty, expected at least 2.")
    if max(lengths) > LONGEST:
        raise InputError(
            f"{path}: a line of {max(lengths)} bytes, expected at most {LONGEST}. Break long lines into sentences."
        )
    return lengths


def sample_lengths(lengths: list[int], n: int, rng: torch.Generator) -> list[int]:
    """n of the lengths without replacement, all of them if there are fewer."""
    import torch

    return [lengths[i] for i in torch.randperm(len(lengths), generator=rng)[:n].tolist()]
