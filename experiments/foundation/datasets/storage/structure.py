"""Does a file have the structure that its name promises? For files without a checksum."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from experiments.foundation.datasets.formats import cifar, coco, files, matrices, omniglot, vecs, voc
from experiments.lab.errors import InputError

READERS: dict[str, Callable[[Path], object]] = {
    **dict.fromkeys(vecs.DTYPES, vecs.read_vecs),
    ".npy": matrices.read_npy,
    ".hdf5": matrices.probe_ann_benchmark,
    ".bin": cifar.read_cifar_binary,
    ".json": coco.load_instances,
    ".txt": files.read_text,
    ".zip": omniglot.read_archive,
}
"""Suffix -> what reads the file, or as much of it as shows its structure."""


def structural_fault(path: Path, suffix: str | None = None) -> str | None:
    """What its reader says against the file, or None; without a suffix it is a pickle of CIFAR-10 or VOC's folder.

    ``suffix`` is that of the name which the file is to get.
    """
    unnamed = voc.load_voc if path.is_dir() else cifar.read_cifar_pickle
    try:
        READERS.get(path.suffix if suffix is None else suffix, unnamed)(path)
    except InputError as error:
        return str(error).removeprefix(f"{path}: ")
    return None
