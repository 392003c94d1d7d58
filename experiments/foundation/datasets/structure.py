"""Does a file have the structure that its name promises? For files without a check sum."""

from __future__ import annotations

from pathlib import Path

from experiments.foundation.datasets import cifar, matrices, vecs
from experiments.lab.errors import InputError


def structural_fault(path: Path) -> str | None:
    """What its reader says against the file, or None."""
    try:
        _read(path)
    except InputError as error:
        return str(error).removeprefix(f"{path}: ")
    return None


def _read(path: Path) -> None:
    if path.suffix in vecs.DTYPES:
        vecs.read_vecs(path)
    elif path.suffix == ".hdf5":
        matrices.probe_ann_benchmark(path)
    elif path.suffix == ".bin":
        cifar.read_cifar_binary(path)
    else:
        cifar.read_cifar_pickle(path)
