"""Linear maps of vectors to few dimensions with 8 or some more bits each, for base and queries alike.

Squared distances of codes approximate those of vectors up to a common factor: the map is the projection onto the
directions of largest variance (PCA), or the identity where that saves nothing. The exact nearest neighbor graph is
found by way of such codes (``coded_neighbors``); the codes that searches use are in ``line_codes``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from experiments.ann.core.codes.projection import Bytes, Products, Projection
from experiments.ann.core.simd.distance import Floats
from experiments.ann.core.simd.kernel import fast_kernel, run_all
from experiments.ann.core.simd.vector import LINE, aligned_rows

SAMPLE = 10_000
"""Vectors that the directions and the scale are estimated from."""
BYTE = 127
"""The largest code of 8 bits."""
LONGEST = 2**26
"""Squared length that a code of 16 bits may have."""
Whole = NDArray[np.int8] | NDArray[np.int16]
"""Whole codes (n, width): int8 for products by VNNI, int16 elsewhere."""
AXES = 512
"""Directions that are kept of vectors with more than twice as many coordinates."""


@dataclass(frozen=True)
class Codec:
    """code_t = clip(rint(coordinate_t), -most, most)."""

    projection: Projection
    most: int
    """Largest number of a code."""

    def encode(self, vectors: Floats | Bytes, *, threads: int = 1) -> Whole:
        """Codes (m, width) of padded vectors, on cache lines: int8 where ``most`` is 127, otherwise int16."""
        codes: Whole = aligned_rows(len(vectors), self.projection.width, np.int8 if self.most == BYTE else np.int16)
        scale, shift = self.projection.scale, self.projection.shift

        def work(_: int, start: int, stop: int) -> None:
            quantize(self.projection.products(vectors[start:stop]), scale, shift, self.most, codes[start:stop])

        run_all(work, len(vectors), chunk=512, threads=threads)
        return codes


@fast_kernel
def quantize(products: Products, scale: Floats, shift: Floats, most: int, codes: Whole) -> None:
    """codes = clip(rint(products * scale - shift), -most, most), for products (m, width).

    >>> codes = np.zeros((1, 3), np.int8)
    >>> quantize(np.float32([[1, 2, 300]]), np.ones(3, np.float32), np.full(3, 0.4, np.float32), 127, codes)
    >>> codes.tolist()
    [[1, 2, 127]]
    """
    high = np.float32(most)
    for i in range(products.shape[0]):
        for j in range(products.shape[1]):
            value = np.float32(products[i, j]) * scale[j] - shift[j]
            codes[i, j] = np.int16(np.rint(min(max(value, -high), high)))


def holds_bytes(vectors: Floats, threads: int = 1) -> bool:
    """Whether all numbers are integers from 0 to 255.

    >>> holds_bytes(np.float32([[0, 255]])), holds_bytes(np.float32([[0, 0.5]]))
    (True, False)
    """
    others: list[int] = []

    def look(_: int, start: int, stop: int) -> None:
        if not others and count_others(vectors, start, stop):
            others.append(start)

    run_all(look, len(vectors), chunk=1024, threads=threads)
    return not others


@fast_kernel
def count_others(vectors: Floats, start: int, stop: int) -> int:
    """Numbers that are no integers from 0 to 255, in the first row of start..stop-1 that has such; 0 where none has.

    >>> count_others(np.float32([[1, 2], [0.5, -1]]), 0, 2)
    2
    """
    for row in range(start, stop):
        others = 0
        for column in range(vectors.shape[1]):
            value = vectors[row, column]
            # No branch inside a row, so that 16 numbers are looked at together; NaN differs from everything.
            others += value != min(max(np.rint(value), np.float32(0)), np.float32(255))
        if others:
            return others
    return 0


def as_bytes(vectors: Floats, threads: int = 1) -> NDArray[np.uint8]:
    """Vectors (n, d) as bytes, with zeros up to whole cache lines.

    >>> as_bytes(np.float32([[7, 255]])).shape
    (1, 64)
    """
    rows: NDArray[np.uint8] = aligned_rows(len(vectors), -(-vectors.shape[1] // LINE) * LINE, np.uint8)

    def copy(_: int, start: int, stop: int) -> None:
        rows[start:stop, : vectors.shape[1]] = vectors[start:stop]

    run_all(copy, len(vectors), chunk=1024, threads=threads)
    return rows


class Principal:
    """The directions of largest variance of padded vectors (n, width), from a sample of them."""

    def __init__(self, vectors: Floats | Bytes) -> None:
        self.sample: Floats | Bytes = vectors[:: max(1, len(vectors) // SAMPLE)]
        self.floats: Floats = self.sample.astype(np.float32)
        self.mean = self.floats.mean(axis=0, dtype=np.float64)
        self.directions = principal_directions(self.floats - self.mean.astype(np.float32))
        """Columns (width, at least 512 or width), the widest first."""


def principal_directions(centered: Floats) -> NDArray[np.float64]:
    """Eigenvectors of the covariance of centered rows (n, width), largest first; at most ``AXES`` of a wide one."""
    n, width = centered.shape
    # The covariance costs width^2 memory and width^3 time. Of wider rows the directions come from few rows' own SVD.
    if width <= 2 * AXES:
        return np.linalg.eigh((centered.T @ centered).astype(np.float64) / n)[1][:, ::-1]
    few = centered[:: max(1, n // (2 * AXES))].astype(np.float64)
    directions = np.linalg.svd(few, full_matrices=False)[2][:AXES].T
    return np.hstack([directions, np.zeros((width, AXES - directions.shape[1]))])


def fit_codec(principal: Principal, dimensions: int, *, vnni: bool) -> Codec:
    """A codec for the vectors of ``principal`` of some dimensions (a multiple of 64), at most their own.

    Codes have 8 bits for VNNI. Elsewhere they have as many as keep squared distances below 2^28.
    """
    d = principal.floats.shape[1]
    full = -(-d // LINE) * LINE
    width = min(dimensions, full)
    # Without VNNI all numbers up to sqrt(2^26 / width): |c|^2 <= 2^26, so |c - c'|^2 <= (|c| + |c'|)^2 <= 2^28.
    most = BYTE if vnni else math.isqrt(LONGEST // width)
    # Rotated, the kept directions have about equal variance, so that one unit for all wastes no bits.
    directions = np.eye(d, width) if width == full else principal.directions[:, :width] @ rotation(width)
    return Codec(linear_map(principal, directions, most=most, vnni=vnni, share=1.0), most)


def rotation(width: int) -> NDArray[np.float64]:
    """A random rotation (width, width), the same each time.

    >>> bool(np.allclose(rotation(3) @ rotation(3).T, np.eye(3)))
    True
    """
    return np.linalg.qr(np.random.default_rng(0).standard_normal((width, width)))[0]


def linear_map(
    principal: Principal, directions: NDArray[np.float64], *, vnni: bool, most: int = BYTE, share: float = 0.9995
) -> Projection:
    """A map into units of code, with the mean at 0 and one unit for all directions.

    Args:
        principal: bytes get weights of 8 bits, each direction in its own unit.
        directions: columns (padded d, width).
        most: units that are used.
        share: of each direction's values that lie within ``most`` units; the widest direction decides.
    """
    d, width = directions.shape
    weights, unit, integer = directions, np.ones(width), principal.sample.dtype == np.uint8
    if integer:
        # Each direction is stretched until its largest weight is 127: the unit undoes that, the integers keep it.
        unit = np.maximum(np.abs(weights).max(axis=0), 1e-30) / BYTE
        weights = np.rint(weights / unit)
    stored: Floats = aligned_rows(d, width, np.float32)
    stored[:] = weights
    middle = principal.mean @ weights
    rows = principal.floats if share == 1.0 else principal.floats[::4]
    values = (rows @ stored - middle) * unit  # (sample, width)
    reach = float(np.quantile(np.abs(values), share, axis=0).max())
    factor = most / reach if reach > 0 else 1.0
    scale, shift = (unit * factor).astype(np.float32), (middle * unit * factor).astype(np.float32)
    return Projection(stored, scale, shift, integer, vnni)
