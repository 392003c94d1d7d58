"""What vectors, queries and ground truth must satisfy before anything is built on them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from experiments.lab.errors import InputError

WIDE = 8
"""Bytes of a number that float32 may round."""
MOST_CROWDED = 1e4
"""Times that values may lie farther from 0 than from each other: float32 has seven digits."""


def check_vectors(
    source: str, base: NDArray[Any], queries: NDArray[Any] | None, ground_truth: NDArray[Any] | None
) -> None:
    """Shapes and ids: base (n, d), queries (m, d), not empty, of one dimension; ground truth (m, k), ids in [0, n)."""
    problems = []
    if len(base) == 0 or base.shape[1] == 0:
        problems.append(f"{source}: no base vectors: the shape is {base.shape}.")
    if queries is not None and len(queries) == 0:
        problems.append(f"{source}: no queries.")
    if queries is not None and queries.shape[1] != base.shape[1]:
        problems.append(f"{source}: queries have dimension {queries.shape[1]}, base vectors {base.shape[1]}.")
    if queries is not None and ground_truth is not None:
        problems.extend(_truth_problems(source, len(base), len(queries), ground_truth))
    if not problems:
        problems = _crowding(source, base)
    if problems:
        raise InputError(*problems)


def _crowding(source: str, base: NDArray[Any]) -> list[str]:
    """Rows (n, d) in 64 bits that lie so far from 0 that float32 would keep less than half of their digits."""
    if base.dtype.itemsize < WIDE:
        return []
    low, high = base.min(axis=0).astype(np.float64), base.max(axis=0).astype(np.float64)
    with np.errstate(invalid="ignore"):  # infinities are refused with their rows
        farthest, spread = max(-float(low.min()), float(high.max())), float((high - low).max())
    if not 0 < MOST_CROWDED * spread < farthest:
        return []
    said = f"{source}: values up to {farthest:.3g} lie within {spread:.3g} of each other, too near for float32's digits"
    return [f"{said}: subtract the mean row from base and queries."]


def searchable(
    source: str, rows: NDArray[Any], numbers: NDArray[np.int64] | None = None
) -> NDArray[np.float32] | NDArray[np.uint8]:
    """The rows as contiguous uint8 (bytes stay bytes) or float32. Raises InputError for NaN and infinite values.

    They are copied where they are read-only or mapped to a file, because torch and numba treat such arrays otherwise.

    ``numbers`` are the rows' numbers in the source, for the message; by default they are counted from 0.
    """
    if rows.dtype == np.uint8:
        return np.require(rows, np.uint8, ["C", "W", "E"])
    with np.errstate(over="ignore", invalid="ignore"):
        values = np.require(rows, np.float32, ["C", "W", "E"])
        # The sum in float64 is finite exactly where all values are: float32 cannot overflow it.
        if np.isfinite(values.sum(dtype=np.float64)):
            return values
    bad = np.flatnonzero(~np.isfinite(values).all(axis=1))
    first = bad[0] if numbers is None else numbers[bad[0]]
    counted = f"{len(bad)} of {len(values)} vectors"
    raise InputError(f"{source}: {counted} hold NaN or infinite values in float32, the first is row {first}.")


def _truth_problems(source: str, n: int, n_queries: int, truth: NDArray[Any]) -> list[str]:
    if truth.ndim != 2 or truth.dtype.kind not in "iu":
        return [f"{source}: ground truth is {truth.dtype} of shape {truth.shape}, expected integers (m, k)."]
    if len(truth) != n_queries:
        return [f"{source}: ground truth for {len(truth)} queries, but there are {n_queries}."]
    low, high = int(truth.min(initial=0)), int(truth.max(initial=0))
    if low < 0 or high >= n:
        return [f"{source}: ground truth names row {low if low < 0 else high}, but base rows are 0 to {n - 1}."]
    return []
