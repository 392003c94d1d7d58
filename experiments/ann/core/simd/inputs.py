"""Vectors as callers have them, as float32: arrays of any type, tensors, packed bits, numbers far from 0."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from experiments.ann.core.simd.distance import Floats

LARGEST = 1e18
"""Length of a vector, up to which squared distances stay within float32."""


def numbers(vectors: ArrayLike) -> NDArray[Any]:
    """Vectors as an array of their own type; a tensor of torch too, bfloat16 as float32.

    >>> numbers([[1, 2]]).dtype, numbers(np.float16([[1]])).dtype
    (dtype('int64'), dtype('float16'))
    """
    given: Any = vectors
    if type(vectors).__module__ == "torch":
        given = given.detach().cpu()
        given = given.float() if str(given.dtype) == "torch.bfloat16" else given
    return np.asarray(given)


def unpacked(given: NDArray[Any], what: str, dim: int | None = None) -> NDArray[Any]:
    """Bits as numbers 0 and 1 (n, d): of bytes (n, d / 8), eight bits each as ``np.packbits`` makes them, or as given.

    >>> unpacked(np.uint8([[255]]), "base").tolist(), unpacked(np.array([[True, False]]), "base").tolist()
    ([[1, 1, 1, 1, 1, 1, 1, 1]], [[True, False]])
    """
    if given.dtype == np.uint8 and given.ndim == 2 and (dim is None or given.shape[1] * 8 == dim):
        return np.unpackbits(given, axis=1)
    if given.dtype != np.bool_ and not np.isin(given, (0, 1)).all():
        raise ValueError(f"{what}: expected bits, as booleans or packed into uint8, got {given.dtype}")
    return given


CROWDED = 8.0
"""Times that numbers lie farther from 0 than from their middle, from which on an origin is subtracted."""


def origin_of(given: NDArray[Any]) -> NDArray[np.float64] | None:
    """The middle of each coordinate, where vectors (n, d) in 64 bits lie so far from 0 that float32 would round them.

    >>> origin_of(np.array([[1e9, 0.0], [1e9 + 1, 0.5]])).tolist(), origin_of(np.array([[1e6], [1e6 + 1]]))
    ([1000000000.5, 0.25], None)
    """
    if given.dtype not in (np.float64, np.int64, np.uint64) or given.ndim != 2 or not given.size:
        return None
    low, high = given.min(axis=0).astype(np.float64), given.max(axis=0).astype(np.float64)
    if not np.isfinite(high - low).all() or max(-low.min(), high.max()) <= CROWDED * (high - low).max() / 2:
        return None
    return None if np.array_equal(given, given.astype(np.float32)) else (low + high) / 2


def checked_vectors(vectors: ArrayLike, what: str, dim: int | None = None) -> Floats:
    """Vectors as a C-ordered float32 array (n, d).

    >>> checked_vectors([[1, 2], [3, 4]], "base").dtype
    dtype('float32')
    >>> checked_vectors([1, 2], "queries")
    Traceback (most recent call last):
    ValueError: queries: expected an array (n, d) with d >= 1, got shape (2,)

    Raises:
        ValueError: not two-dimensional, no coordinate, of another dimension than ``dim``, or not finite.
    """
    given = numbers(vectors)
    array = np.ascontiguousarray(given, dtype=np.float32)
    if array.ndim != 2 or array.shape[1] == 0:
        raise ValueError(f"{what}: expected an array (n, d) with d >= 1, got shape {array.shape}")
    if dim is not None and array.shape[1] != dim:
        raise ValueError(f"{what}: expected {dim} dimensions, as in the base, got {array.shape[1]}")
    # Integers and booleans are finite: that pass over the data is spared.
    if given.dtype.kind not in "biu" and not np.isfinite(array).all():
        raise ValueError(f"{what}: expected finite numbers, got NaN or infinity")
    largest = max(float(array.max(initial=0.0)), -float(array.min(initial=0.0)))
    if largest * array.shape[1] ** 0.5 > LARGEST:
        raise ValueError(
            f"{what}: expected vectors no longer than {LARGEST:g}, got a coordinate of {largest:.3g}: squared "
            "distances would exceed float32; scale all vectors by one factor"
        )
    return array
