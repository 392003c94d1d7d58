"""Matrices of vectors in .npy, csv and the HDF5 layout of ann-benchmarks.

HDF5: data sets ``train`` (n, d), ``test`` (m, d) and, where they are present, ``neighbors`` (m, k); the attribute
``distance`` is ``euclidean`` or ``angular``, and angular vectors are searched by cosine.
Source: Aumüller, Bernhardsson, Faithfull: ANN-Benchmarks, Information Systems 87, 2020.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tokenize import TokenError
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from experiments.foundation.datasets.files import unreadable
from experiments.lab.errors import InputError

NPY_MAGIC = b"\x93NUMPY"
METRICS: dict[str, Literal["l2", "cosine"]] = {"euclidean": "l2", "angular": "cosine"}


@dataclass(frozen=True, kw_only=True)
class AnnBenchmark:
    """One ann-benchmarks file: base (n, d), queries (m, d), neighbor ids (m, k) or None, and the metric."""

    base: NDArray[Any]
    queries: NDArray[Any]
    neighbors: NDArray[Any] | None
    metric: Literal["l2", "cosine"]


def read_npy(path: Path) -> NDArray[Any]:
    """A numeric matrix (n, d) from a .npy file, mapped and not loaded.

    Raises InputError for an unreadable file, pickled objects, and arrays that are no matrix of numbers.
    """
    try:
        with path.open("rb") as file:
            start = file.read(len(NPY_MAGIC))
        if start != NPY_MAGIC:
            raise InputError(f"{path}: not a .npy file: expected it to begin with {NPY_MAGIC!r}, got {start!r}.")
        values = np.load(path, mmap_mode="r", allow_pickle=False)
    except OSError as error:
        raise unreadable(path, error) from error
    except (ValueError, EOFError, SyntaxError, TokenError) as error:  # the header is a Python literal
        raise InputError(f"{path}: not a .npy file of numbers ({error}).") from error
    return _matrix(path, "the array", values)


def read_csv_matrix(path: Path) -> NDArray[np.float64]:
    """A matrix (n, d) of comma-separated numbers; a first line that is not numeric is taken for a header.

    Raises InputError for an unreadable or empty file, and for rows that are no numbers or differ in length.
    """
    try:
        lines = [line for line in path.read_text(encoding="utf-8-sig").splitlines() if line.strip()]
    except OSError as error:
        raise unreadable(path, error) from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not a text file ({error}). Expected comma-separated numbers.") from error
    header = bool(lines) and not _numeric(lines[0])
    rows = lines[header:]
    if not rows:
        raise InputError(f"{path}: empty: expected rows of comma-separated numbers.")
    try:
        return np.loadtxt(rows, delimiter=",", dtype=np.float64, ndmin=2, comments=None)
    except ValueError as error:
        raise InputError(f"{path}: expected a matrix of comma-separated numbers: {error}") from error


def read_ann_benchmark(path: Path) -> AnnBenchmark:
    """Base, queries, neighbors and metric of an ann-benchmarks HDF5 file, loaded whole.

    Raises InputError for a file that is no HDF5, lacks ``train`` or ``test``, or is measured in another distance.
    """
    with _opened(path) as (file, metric):
        return AnnBenchmark(
            base=_matrix(path, "train", file["train"][()]),
            queries=_matrix(path, "test", file["test"][()]),
            neighbors=file["neighbors"][()] if "neighbors" in file else None,
            metric=metric,
        )


def probe_ann_benchmark(path: Path) -> None:
    """Check that the file opens and has the layout, without loading vectors; HDF5 notices a file that is cut off.

    Raises InputError as ``read_ann_benchmark`` does.
    """
    with _opened(path):
        pass


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[tuple[Any, Literal["l2", "cosine"]]]:
    import h5py

    try:
        with h5py.File(path, "r") as file:
            missing = [name for name in ("train", "test") if not isinstance(file.get(name), h5py.Dataset)]
            if missing:
                raise InputError(f"{path}: no data set {' and no '.join(map(repr, missing))}; it has {sorted(file)}.")
            distance = str(file.attrs.get("distance", "euclidean"))
            if distance not in METRICS:
                raise InputError(f"{path}: distance {distance!r} is not supported, only euclidean and angular.")
            yield file, METRICS[distance]
    except (OSError, RuntimeError) as error:
        raise InputError(f"{path}: not a readable HDF5 file ({error}).") from error


def _matrix(path: Path, name: str, values: NDArray[Any]) -> NDArray[Any]:
    if values.ndim != 2 or values.dtype.kind not in "fiu":
        raise InputError(
            f"{path}: expected {name} to be a matrix of numbers (n, d), found {values.dtype} of shape {values.shape}."
        )
    return values


def _numeric(line: str) -> bool:
    try:
        [float(cell) for cell in line.split(",")]
    except ValueError:
        return False
    return True
