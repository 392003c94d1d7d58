"""fvecs, ivecs and bvecs: rows of vectors, each with its dimension in front.

Layout, little endian: before every row its dimension as int32, then the row as float32 (fvecs), int32 (ivecs) or
uint8 (bvecs).
Source: Jégou, Douze, Schmid: Datasets for approximate nearest neighbor search, http://corpus-texmex.irisa.fr.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from experiments.foundation.datasets.formats.files import file_size, unreadable
from experiments.lab.errors import InputError

DTYPES: dict[str, np.dtype[Any]] = {".fvecs": np.dtype("<f4"), ".ivecs": np.dtype("<i4"), ".bvecs": np.dtype("u1")}
"""Suffix -> type of a component."""


def read_vecs(path: Path, *, limit: int | None = None) -> NDArray[Any]:
    """The rows (n, d) of a vecs file as a read-only view of the mapped file: what is not touched is not loaded.

    ``limit`` takes the first rows only; the dimension in front of every row taken is checked. Raises InputError for an
    empty or truncated file and for a row whose dimension differs from the first one's.
    """
    dtype = DTYPES[path.suffix]
    size = file_size(path)
    try:
        raw = np.memmap(path, dtype=np.uint8, mode="r") if size else np.empty(0, dtype=np.uint8)
    except OSError as error:
        raise unreadable(path, error) from error
    if size < 4:
        fault = "truncated" if size else "empty"
        raise InputError(f"{path}: {fault}: expected rows of vectors, found {size} bytes.")
    dim = int(raw[:4].view("<i4")[0])
    row_bytes = 4 + dim * dtype.itemsize
    if dim < 1:
        raise InputError(f"{path}: row 0 says dimension {dim}, expected at least 1. Is it a {path.suffix[1:]} file?")
    _check_dimensions(path, raw, dim, row_bytes, limit)
    rows = raw[: size // row_bytes * row_bytes].reshape(-1, row_bytes)[:limit]
    if size % row_bytes and (limit is None or limit > len(rows)):
        raise InputError(
            f"{path}: truncated: rows of dimension {dim} take {row_bytes} bytes, "
            f"the last one has {size % row_bytes} of {size} bytes in all."
        )
    # A row is not a multiple of the component's size away from the next in general, so the view keeps the stride.
    return np.ndarray((len(rows), dim), dtype, buffer=rows, offset=4, strides=(row_bytes, dtype.itemsize))


def write_vecs(path: Path, rows: NDArray[Any]) -> None:
    """Write rows (n, d) in the format that the suffix names; values are cast to its type."""
    n_rows, dim = rows.shape
    dtype = DTYPES[path.suffix]
    records = np.empty(n_rows, dtype=[("dim", "<i4"), ("row", dtype, (dim,))])
    records["dim"], records["row"] = dim, rows
    records.tofile(path)


def _check_dimensions(path: Path, raw: NDArray[np.uint8], dim: int, row_bytes: int, limit: int | None) -> None:
    n_rows = (len(raw) - 4) // row_bytes + 1  # the dimension of a last row that is cut off counts too
    n_rows = min(n_rows, limit) if limit is not None else n_rows
    fronts = np.ndarray((n_rows,), "<i4", buffer=raw, strides=(row_bytes,))
    wrong = np.flatnonzero(fronts != dim)
    if len(wrong):
        row = int(wrong[0])
        raise InputError(
            f"{path}: row {row} says dimension {int(fronts[row])}, row 0 said {dim}. The file is damaged or mixed."
        )
