"""Linear maps of vectors to few dimensions with 8 bits each, for base and queries alike.

Squared distances of codes approximate those of vectors up to a common factor: the map is the projection onto the
directions of largest variance (PCA), or the identity where that saves nothing. The exact nearest neighbor graph is
found by way of such codes (``coded_neighbors``); the codes that searches use are in ``line_codes``. Vectors of
integers from 0 to 255 are projected by integer arithmetic, with weights of 8 bits.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from experiments.ann.core.distance import Floats
from experiments.ann.core.kernel import fast_kernel, kernel, run_all
from experiments.ann.core.product_vector import project_four
from experiments.ann.core.vector import LINE, aligned_rows

Bytes = NDArray[np.uint8]
SAMPLE = 10_000
"""Vectors that the directions and the scale are estimated from."""
AXES = 512
"""Directions that are kept of vectors with more than twice as many coordinates."""


@dataclass(frozen=True)
class Codec:
    """code_t = clip(rint((v @ W)_t * scale_t - shift_t), -127, 127)."""

    weights: Floats
    """W (padded d, code bytes), float32."""
    byte_weights: NDArray[np.int8] | None
    """W as integers in the layout of ``project_four``; None where vectors are not bytes or the processor has no
    VNNI.
    """
    scale: Floats
    shift: Floats

    @property
    def code_bytes(self) -> int:
        return len(self.scale)

    def encode(self, vectors: Floats | Bytes, *, threads: int = 1) -> NDArray[np.int8]:
        """Codes (m, code bytes) of padded vectors, on cache lines."""
        codes: NDArray[np.int8] = aligned_rows(len(vectors), self.code_bytes, np.int8)
        integer = vectors.dtype == np.uint8 and self.byte_weights is not None
        source = vectors if integer else vectors.astype(np.float32, copy=False)
        weights = self.byte_weights if integer else self.weights
        kind: Any = np.int32 if integer else np.float32

        def work(_: int, start: int, stop: int) -> None:
            rows = source[start:stop]
            products: NDArray[Any] = np.empty((stop - start, self.code_bytes), kind)
            multiply(rows, weights, products)
            quantize(products, self.scale, self.shift, codes[start:stop])

        run_all(work, len(vectors), chunk=512, threads=threads)
        return codes


@kernel
def multiply(
    rows: Floats | Bytes, weights: Floats | NDArray[np.int8] | None, products: Floats | NDArray[np.int32]
) -> None:
    """products = rows @ weights, four rows and 64 columns at a time."""
    for first in range(0, rows.shape[0], 4):
        for column in range(0, products.shape[1], 64):
            project_four(rows, first, weights, column, products)


@fast_kernel
def quantize(products: Floats | NDArray[np.int32], scale: Floats, shift: Floats, codes: NDArray[np.int8]) -> None:
    """codes = clip(rint(products * scale - shift), -127, 127)."""
    for i in range(products.shape[0]):
        for j in range(products.shape[1]):
            value = np.float32(products[i, j]) * scale[j] - shift[j]
            codes[i, j] = np.int8(np.rint(min(max(value, np.float32(-127)), np.float32(127))))


def holds_bytes(vectors: Floats) -> bool:
    """Whether all numbers are integers from 0 to 255."""
    return all(_block_holds_bytes(vectors[start : start + 1024]) for start in range(0, len(vectors), 1024))


def _block_holds_bytes(block: Floats) -> bool:
    return bool(((block >= 0) & (block <= 255)).all() and (block == np.rint(block)).all())


def as_bytes(vectors: Floats) -> NDArray[np.uint8]:
    """Vectors (n, d) as bytes, with zeros up to whole cache lines."""
    rows: NDArray[np.uint8] = aligned_rows(len(vectors), -(-vectors.shape[1] // LINE) * LINE, np.uint8)
    rows[:, : vectors.shape[1]] = vectors
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
    if width <= 2 * AXES:
        return np.linalg.eigh((centered.T @ centered).astype(np.float64) / n)[1][:, ::-1]
    few = centered[:: max(1, n // (2 * AXES))].astype(np.float64)
    directions = np.linalg.svd(few, full_matrices=False)[2][:AXES].T
    return np.hstack([directions, np.zeros((width, AXES - directions.shape[1]))])


def fit_codec(principal: Principal, code_bytes: int, *, vnni: bool) -> Codec:
    """A codec for the vectors of ``principal`` of ``code_bytes`` (a multiple of 64) dimensions, at most their own."""
    d = principal.floats.shape[1]
    full = -(-d // LINE) * LINE
    width = min(code_bytes, full)
    directions = np.eye(d, width) if width == full else principal.directions[:, :width]
    integer = principal.sample.dtype == np.uint8 and vnni
    weights, scale, shift = linear_map(principal, directions, integer=integer, share=1.0)
    return Codec(weights, packed_weights(weights) if integer else None, scale, shift)


def linear_map(
    principal: Principal, directions: NDArray[np.float64], *, integer: bool, share: float = 0.9995
) -> tuple[Floats, Floats, Floats]:
    """A map into units of code: y = (v @ weights) * scale - shift, with the mean at 0 and one unit for all directions.

    Args:
        directions: columns (padded d, width).
        integer: whether the weights are rounded to 8 bits, each column in its own unit.
        share: of each direction's values that lie within 127 units; the widest direction decides.

    Returns:
        weights (padded d, width) on cache lines, scale (width,), shift (width,).
    """
    d, width = directions.shape
    weights, unit = directions, np.ones(width)
    if integer:
        unit = np.maximum(np.abs(weights).max(axis=0), 1e-30) / 127.0
        weights = np.rint(weights / unit)
    stored: Floats = aligned_rows(d, width, np.float32)
    stored[:] = weights
    middle = principal.mean @ weights
    rows = principal.floats if share == 1.0 else principal.floats[::4]
    values = (rows @ stored - middle) * unit  # (sample, width)
    reach = float(np.quantile(np.abs(values), share, axis=0).max())
    factor = 127.0 / reach if reach > 0 else 1.0
    return stored, (unit * factor).astype(np.float32), (middle * unit * factor).astype(np.float32)


def packed_weights(weights: Floats) -> NDArray[np.int8]:
    """Integer weights (d, width) in the layout of ``project_four``: the bytes of four rows side by side."""
    d, width = weights.shape
    packed: NDArray[np.int8] = aligned_rows(d // 4, 4 * width, np.int8)
    packed[:] = weights.astype(np.int8).reshape(d // 4, 4, width).transpose(0, 2, 1).reshape(d // 4, -1)
    return packed
