"""Codes of one cache line: 120 numbers of 4 bits, or fewer of them with 8, and the squared length.

A vector is projected onto the directions of largest variance (PCA). Byte p of a code holds two numbers of 4 bits, those
of the coordinates p and 60 + p; the first ``refined`` bytes hold one coordinate of 8 bits each instead. A query keeps
8 bits for every coordinate, so only the base is rounded coarsely. In units of code, with x the decoded vector:

    |x - y|^2 = |x|^2 + |y|^2 - 2 x.y

where x.y is one look-up in a table of 16 entries and one dot product of bytes for each half of the line. The last four
bytes hold -|x|^2 / 2. All numbers are integers: with VNNI or without, the distances are the same.

Codes only find candidates; those are measured exactly afterwards. Coding coordinates after PCA with a query of full
precision is the idea of locally adaptive vector quantization (Aguerrebere et al.: Similarity Search in the Blink of an
Eye with Compressed Indices, PVLDB 16(11), 2023) and of scalar quantization in general; the layout is ours.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from experiments.ann.core.codes.codes import Principal, linear_map
from experiments.ann.core.codes.projection import Bytes, Products, Projection
from experiments.ann.core.simd.distance import Floats
from experiments.ann.core.simd.kernel import fast_kernel, run_all
from experiments.ann.core.simd.vector import LINE, aligned_rows

Codes = NDArray[np.uint8] | NDArray[np.int8]
"""Codes of a base: as uint8 where VNNI is used, as int8 elsewhere."""
QueryCodes = NDArray[np.int8] | NDArray[np.int16]
PLACES = 60
"""Bytes of a code that hold coordinates."""
HALVES = 2 * LINE
"""Coordinates of a query row: those of the low halves of the bytes, then those of the high halves."""
GROUP = 16
"""Bytes that share one table of decoded values."""
REFINED = (0, 16, 32, 48, 60)
"""How many bytes may hold one coordinate of 8 bits; the probe takes the best."""
LARGEST_STEP = 16
"""Of the decoded values: 15 * 16 + 8 fits in a byte, and 15 * 16 * 127 in 16 bits."""
MIDDLE = 128
"""Decoded values are stored shifted by it."""
PROBES, NEAREST, LISTED = 256, 10, 12
"""Codes are compared by how many of the 10 nearest of a sample are among the 12 nearest by code."""
KEPT_SHARE = 0.998
"""Share of the nearest that measuring only the first by code must keep."""
MARGIN = 1.3
"""Neighbors within a sample lie further apart than those in the whole base, so codes tell them apart more easily."""
LEAST_SPREAD, MOST_SPREAD = 2.0, 4.0
CHUNK = 1024
"""Vectors per step of encoding."""
LEVELED = 1000
"""Vectors from which the values of 4 bits are chosen."""


@dataclass(frozen=True)
class LineCodec:
    """How vectors become codes and query rows. Make it with ``fit_line_codec``."""

    projection: Projection
    """Onto the 128 places of a query row, in units of code."""
    steps: Floats
    """(128,) decoded value = step * number + origin - 128; for a refined byte, low and high half add up."""
    origins: Floats
    refined: int
    """Bytes that hold one coordinate of 8 bits."""
    spread: float
    """How many candidates by code hold the k nearest, divided by k."""

    def encode(self, vectors: Floats | Bytes, *, vnni: bool, threads: int = 1) -> Codes:
        """Codes of padded vectors, and two rows of tables below them (n + 2, 64); as uint8 for VNNI, else as int8."""
        n = len(vectors)
        codes: Bytes = aligned_rows(n + 2, LINE, np.uint8)
        levels = np.arange(16)[:, None] * self.steps + self.origins  # (16, 128)
        tables = levels.reshape(16, 2 * LINE // GROUP, GROUP)[:, :, 0].T  # one group of 16 bytes shares a table
        codes[n:] = tables.reshape(2, LINE)

        def work(_: int, start: int, stop: int) -> None:
            pack(self.coordinates(vectors[start:stop]), self.steps, self.origins, self.refined, codes[start:stop])

        run_all(work, n, chunk=CHUNK, threads=threads)
        return codes if vnni else codes.view(np.int8)

    def encode_queries(self, vectors: Floats | Bytes, *, vnni: bool, threads: int = 1) -> QueryCodes:
        """Rows that codes are compared with (m, 192) int8 for VNNI, else (m, 160) int16, on cache lines.

        The first 128 numbers are the factors of the two halves of a code's bytes, then follows the constant of the
        distance as int32.
        """
        kind: Any = np.int8 if vnni else np.int16
        rows: NDArray[Any] = aligned_rows(len(vectors), HALVES + LINE // np.dtype(kind).itemsize, kind)
        constants = rows.view(np.int32)[:, HALVES * rows.itemsize // 4]

        def work(_: int, start: int, stop: int) -> None:
            coordinates, out = self.coordinates(vectors[start:stop]), (rows[start:stop], constants[start:stop])
            factors(coordinates, self.steps, self.origins, self.refined, vnni, *out)

        run_all(work, len(vectors), chunk=CHUNK, threads=threads)
        return rows

    def decode(self, codes: Codes) -> Floats:
        """Coordinates (m, 120 - refined) of codes (m, 64), as far as their 4 or 8 bits tell them."""
        numbers = codes.view(np.uint8)
        both = np.hstack([numbers & 15, numbers >> 4]) * self.steps + self.origins - MIDDLE
        both[:, : self.refined] += both[:, LINE : LINE + self.refined] + MIDDLE
        return self.ordered(both).astype(np.float32)

    def ordered(self, places: NDArray[Any]) -> NDArray[Any]:
        """The places of a query row (m, 128) that are in use (m, 120 - refined)."""
        return np.hstack([places[:, :PLACES], places[:, LINE + self.refined : LINE + PLACES]])

    def coordinates(self, vectors: Floats | Bytes) -> Floats:
        """Coordinates (m, 128) of padded vectors."""
        products = self.projection.products(vectors)
        coordinates: Floats = np.empty(products.shape, np.float32)
        place(products, self.projection.scale, self.projection.shift, coordinates)
        return coordinates


@fast_kernel
def place(products: Products, scale: Floats, shift: Floats, coordinates: Floats) -> None:
    """coordinates = products * scale - shift."""
    for i in range(products.shape[0]):
        for j in range(products.shape[1]):
            coordinates[i, j] = np.float32(products[i, j]) * scale[j] - shift[j]


@fast_kernel
def pack(coordinates: Floats, steps: Floats, origins: Floats, refined: int, codes: Bytes) -> None:
    """Codes (m, 64) of coordinates (m, 128), with half their squared length."""
    high = codes.shape[1]
    for i in range(coordinates.shape[0]):
        length = np.int32(0)
        for p in range(PLACES):
            if p < refined:
                value = np.int32(np.rint(min(max(coordinates[i, p], np.float32(-128)), np.float32(127))))
                codes[i, p] = value + MIDDLE
                length += value * value
                continue
            numbers = np.int32(0)
            for half in range(2):
                j = p + half * high
                number = np.rint((coordinates[i, j] + np.float32(MIDDLE) - origins[j]) / steps[j])
                number = np.int32(min(max(number, np.float32(0)), np.float32(15)))
                value = np.int32(steps[j]) * number + np.int32(origins[j]) - MIDDLE
                length += value * value
                numbers |= number << (4 * half)
            codes[i, p] = numbers
        less = -(length >> 1)
        for byte in range(4):
            codes[i, PLACES + byte] = (less >> (8 * byte)) & 255


@fast_kernel
def factors(
    coordinates: Floats,
    steps: Floats,
    origins: Floats,
    refined: int,
    decoded: bool,
    rows: QueryCodes,
    constants: NDArray[np.int32],
) -> None:
    """Query rows of coordinates (m, 128): factors of decoded values, or of the numbers of 4 bits themselves, then those
    of even bytes before those of odd ones.

    The distance is constant - 2 (sum of factor * value - |x|^2 / 2); the constant is 1 + |y|^2 + 256 sum y, and less
    2 sum(origin y) where the factors are those of numbers.
    """
    high = coordinates.shape[1] // 2
    for i in range(coordinates.shape[0]):
        rows[i, : 2 * high] = 0
        constant = np.int32(1)
        for p in range(PLACES):
            for half in range(2):
                j = p + half * high
                source = p if p < refined else j
                y = np.int32(np.rint(min(max(coordinates[i, source], np.float32(-127)), np.float32(127))))
                if half == 0 or p >= refined:
                    constant += y * y + 2 * MIDDLE * y
                if decoded:
                    rows[i, j] = y
                else:
                    rows[i, half * high + p % 2 * (high // 2) + p // 2] = y * np.int32(steps[j])
                    constant -= 2 * np.int32(origins[j]) * y
        constants[i] = constant


def fit_line_codec(principal: Principal, *, vnni: bool, threads: int = 1) -> LineCodec:
    """The codec that finds most of the nearest neighbors of a sample."""
    n = len(principal.floats)
    chosen = np.linspace(0, n - 1, min(PROBES, n), dtype=np.int64)
    nearest = _nearest_of(principal, chosen)
    if not nearest.size:
        return _codec(principal, REFINED[-1], vnni)
    tried: dict[int, tuple[LineCodec, NDArray[np.int64]]] = {}

    def try_one(_: int, start: int, stop: int) -> None:
        codec = _codec(principal, REFINED[start], vnni)
        tried[start] = codec, _ranks(codec, principal, chosen, nearest)

    with threadpool_limits(1):
        run_all(try_one, len(REFINED), chunk=1, threads=threads)
    codec, ranks = max((tried[i] for i in range(len(REFINED))), key=lambda pair: (pair[1] < LISTED).mean())
    needed = float(np.quantile(ranks, KEPT_SHARE)) + 1
    return replace(codec, spread=min(max(MARGIN * needed / NEAREST, LEAST_SPREAD), MOST_SPREAD))


def _nearest_of(principal: Principal, chosen: NDArray[np.int64]) -> NDArray[np.int64]:
    """The nearest others of sampled vectors (m, 10), fewer where there are fewer."""
    centered = principal.floats - principal.mean.astype(np.float32)
    squared = np.einsum("ij,ij->i", centered, centered) - 2 * centered[chosen] @ centered.T
    squared[np.arange(len(chosen)), chosen] = np.inf
    many = min(NEAREST, len(centered) - 1)
    return np.argpartition(squared, max(many - 1, 0), axis=1)[:, :many]


def _codec(principal: Principal, refined: int, vnni: bool) -> LineCodec:
    directions = np.zeros((principal.floats.shape[1], HALVES))
    low = min(PLACES, directions.shape[0])
    high = min(PLACES - refined, directions.shape[0] - low)
    directions[:, :low] = principal.directions[:, :low]
    directions[:, LINE + refined : LINE + refined + high] = principal.directions[:, low : low + high]
    projection = linear_map(principal, directions, vnni=vnni)
    steps, origins = np.ones(HALVES, np.float32), np.full(HALVES, MIDDLE, np.float32)
    few = principal.floats[:: max(1, len(principal.floats) // LEVELED)]
    coordinates = few @ projection.weights * projection.scale - projection.shift
    for start in range(0, HALVES, GROUP):
        group = slice(start, start + GROUP)
        steps[group], origins[group] = _levels(coordinates[:, group])
    steps[:refined], origins[:refined] = 1, 0
    steps[LINE : LINE + refined], origins[LINE : LINE + refined] = 16, 0
    return LineCodec(projection, steps, origins, refined, 1.0)


def _levels(coordinates: Floats) -> tuple[int, int]:
    """The step and origin of 16 values, symmetric around 0, that lie nearest to the coordinates."""
    errors = []
    for step in range(1, LARGEST_STEP + 1):
        lowest = -(15 * step // 2)
        numbers = np.clip(np.rint((coordinates - lowest) / step), 0, 15)
        errors.append(float(((numbers * step + lowest - coordinates) ** 2).mean()))
    step = 1 + int(np.argmin(errors))
    return step, MIDDLE - 15 * step // 2


def _ranks(
    codec: LineCodec, principal: Principal, chosen: NDArray[np.int64], nearest: NDArray[np.int64]
) -> NDArray[np.int64]:
    """How many others are nearer by code than each of the nearest of the chosen vectors."""
    decoded = codec.decode(codec.encode(principal.sample, vnni=True)[: len(principal.sample)])
    projection = codec.projection
    coordinates = principal.floats[chosen] @ projection.weights * projection.scale - projection.shift
    asked = np.clip(np.rint(codec.ordered(coordinates)), -127, 127).astype(np.float32)
    squared = np.einsum("ij,ij->i", decoded, decoded) - 2 * asked @ decoded.T
    squared[np.arange(len(chosen)), chosen] = np.inf
    ranks = np.zeros(nearest.shape, np.int64)
    count_nearer(squared, np.take_along_axis(squared, nearest, axis=1), ranks)
    return ranks.ravel()


@fast_kernel
def count_nearer(squared: Floats, limits: Floats, ranks: NDArray[np.int64]) -> None:
    """ranks[i, j] = how many of squared[i] are below limits[i, j]."""
    for i in range(squared.shape[0]):
        for j in range(limits.shape[1]):
            limit, below = limits[i, j], 0
            for other in range(squared.shape[1]):
                below += squared[i, other] < limit
            ranks[i, j] = below
