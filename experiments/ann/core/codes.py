"""Short codes of vectors: a linear map to few dimensions, then 8 bits for each.

Squared distances of codes approximate those of vectors up to a common factor: the map is the projection onto the
directions of largest variance (PCA), or the identity where that saves nothing. It is only used to find candidates,
which are measured exactly afterwards. Vectors of integers from 0 to 255 are projected by integer arithmetic, with
weights of 8 bits for base and queries alike.
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
SAMPLE = 20_000
"""Vectors that the directions and the scale are estimated from."""
PROBES, NEAREST, TOLERATED, ENOUGH = 256, 10, 24, 0.9
"""A code is long enough if of the 10 nearest of a sample, 90 % are among the 24 nearest by code."""


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
        centered = self.floats - self.mean.astype(np.float32)
        covariance = (centered.T @ centered).astype(np.float64) / len(centered)
        self.directions = np.linalg.eigh(covariance)[1][:, ::-1]


def fit_codec(principal: Principal, code_bytes: int | None, *, vnni: bool, clipped: bool = True) -> Codec:
    """A codec for the vectors of ``principal``.

    Args:
        code_bytes: a multiple of 64; by default the shortest that a probe on the sample finds long enough.
        vnni: whether integer vectors may be projected by VNNI.
        clipped: whether the range of a code may leave out the farthest vectors, for a finer step.
    """
    if code_bytes is not None and (code_bytes < LINE or code_bytes % LINE):
        raise ValueError(f"code_bytes: expected a multiple of {LINE}, got {code_bytes}")
    full = -(-principal.floats.shape[1] // LINE) * LINE
    integer = principal.sample.dtype == np.uint8 and vnni
    length = code_bytes or LINE
    while True:
        codec = _codec(principal, min(length, full), full, integer, 0.9995 if clipped else 1.0)
        if code_bytes is not None or length >= full or _probe(codec, principal) >= ENOUGH:
            return codec
        length *= 2


def _codec(principal: Principal, width: int, full: int, integer: bool, share: float) -> Codec:
    sample, mean = principal.floats, principal.mean
    d = sample.shape[1]
    weights = np.zeros((d, width))
    if width == full:
        weights[np.arange(d), np.arange(d)] = 1.0
    else:
        weights[:, :width] = principal.directions[:, :width]
    unit = np.ones(width)
    if integer:
        unit = np.maximum(np.abs(weights).max(axis=0), 1e-30) / 127.0
        weights = np.rint(weights / unit)
    values = (sample @ weights.astype(np.float32) - mean @ weights) * unit  # (sample, width)
    # the widest direction fills the range of a byte; one scale for all keeps distances
    reach = float(np.quantile(np.abs(values), share, axis=0).max())
    factor = 127.0 / reach if reach > 0 else 1.0
    scale = (unit * factor).astype(np.float32)
    shift = (mean @ weights * unit * factor).astype(np.float32)
    stored: Floats = aligned_rows(d, width, np.float32)
    stored[:] = weights
    packed = None
    if integer:
        packed = aligned_rows(d // 4, 4 * width, np.int8)
        packed[:] = weights.astype(np.int8).reshape(d // 4, 4, width).transpose(0, 2, 1).reshape(d // 4, -1)
    return Codec(stored, packed, scale, shift)


def _probe(codec: Codec, principal: Principal) -> float:
    """Share of the nearest of sampled vectors that are among a few more of the nearest by code."""
    sample: Floats | Bytes = principal.sample.copy()
    codes = codec.encode(sample).astype(np.float32)
    n = len(codes)
    chosen = np.linspace(0, n - 1, min(PROBES, n), dtype=np.int64)
    nearest = _nearest(principal.floats, chosen, NEAREST)
    by_code = _nearest(codes, chosen, TOLERATED)
    return float(np.mean([len(set(a) & set(b)) / len(a) for a, b in zip(nearest, by_code, strict=True)]))


def _nearest(rows: Floats, chosen: NDArray[np.int64], many: int) -> NDArray[np.int64]:
    centered = rows - rows.mean(axis=0)
    squared = np.einsum("ij,ij->i", centered, centered) - 2 * centered[chosen] @ centered.T
    many = min(many, len(rows))
    return np.argpartition(squared, many - 1, axis=1)[:, :many]
