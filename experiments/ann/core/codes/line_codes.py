"""Line codes: 120 numbers of 4 bits, or fewer of them with 8, and the squared length, in one cache line.

A vector is projected onto the directions of largest variance (PCA). Byte p of a code holds two numbers of 4 bits, those
of the coordinates p and 60 + p; the first ``refined`` bytes hold one coordinate of 8 bits each instead. Where variance
is spread over many directions, as in text embeddings, a code has several lines: each is a line code of further
coordinates, and their distances add up. A query keeps 8 bits for every coordinate, so only the base is rounded
coarsely. In units of code, with x the decoded vector:

    |x - y|^2 = |x|^2 + |y|^2 - 2 x.y

where x.y is one look-up in a table of 16 entries and one dot product of bytes for each half of the line. The last four
bytes hold -|x|^2 / 2. All numbers are integers: with VNNI or without, the distances are the same.

Codes only find candidates; those are measured exactly afterwards. Coding coordinates after PCA with a query of full
precision is the idea of locally adaptive vector quantization (Aguerrebere et al.: Similarity Search in the Blink of an
Eye with Compressed Indices, PVLDB 16(11), 2023) and of scalar quantization in general; the layout is ours.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

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
MIDDLE = 128
"""Decoded values are stored shifted by it."""
CHUNK = 1024
"""Vectors per step of encoding."""


@dataclass(frozen=True)
class LineCodec:
    """How vectors become codes and query rows. Make it with ``line_fit.fit_line_codec``."""

    projection: Projection
    """Onto the places of a query row, 128 for each line, in units of code."""
    steps: Floats
    """(128 * lines,) decoded value = step * number + origin - 128; for a refined byte, low and high half add up."""
    origins: Floats
    refined: int
    """Bytes of the first line that hold one coordinate of 8 bits."""
    spread: float
    """How many candidates by code hold the k nearest, divided by k."""

    @property
    def lines(self) -> int:
        """Cache lines of a code."""
        return len(self.steps) // HALVES

    def encode(self, vectors: Floats | Bytes, *, vnni: bool, threads: int = 1) -> Codes:
        """Codes of padded vectors, and two rows of tables below them (n + 2, 64 * lines): uint8 for VNNI, else int8."""
        n = len(vectors)
        codes: Bytes = aligned_rows(n + 2, self.lines * LINE, np.uint8)
        # value = step * number + origin of every place and number. Each of a line's 8 groups of 16 places has a table
        # of 16 values: two lines of four, the low halves' in row n and the high ones' in row n + 1.
        levels = np.arange(16)[:, None] * self.steps + self.origins  # (16, 128 * lines)
        tables = levels[:, ::GROUP].T  # one group of 16 bytes shares a table
        codes[n:] = tables.reshape(self.lines, 2, LINE).swapaxes(0, 1).reshape(2, -1)

        def work(_: int, start: int, stop: int) -> None:
            pack(self.coordinates(vectors[start:stop]), self.steps, self.origins, self.refined, codes[start:stop])

        run_all(work, n, chunk=CHUNK, threads=threads)
        return codes if vnni else codes.view(np.int8)

    def encode_queries(self, vectors: Floats | Bytes, *, vnni: bool, threads: int = 1) -> QueryCodes:
        """Rows that codes are compared with, int8 for VNNI, else int16, on cache lines.

        For each line 128 numbers, the factors of the two halves of its bytes; after them, in a line of its own, the
        constant of the distance as int32.
        """
        rows, constants = self.query_rows(len(vectors), vnni=vnni)

        def work(_: int, start: int, stop: int) -> None:
            coordinates, out = self.coordinates(vectors[start:stop]), (rows[start:stop], constants[start:stop])
            factors(coordinates, self.steps, self.origins, self.refined, vnni, *out)

        run_all(work, len(vectors), chunk=CHUNK, threads=threads)
        return rows

    def query_rows(self, m: int, *, vnni: bool) -> tuple[NDArray[Any], NDArray[np.int32]]:
        """Room for m rows of ``encode_queries``, and a view of their constants (m,)."""
        kind: Any = np.int8 if vnni else np.int16
        rows: NDArray[Any] = aligned_rows(m, self.lines * HALVES + LINE // np.dtype(kind).itemsize, kind)
        return rows, rows.view(np.int32)[:, self.lines * HALVES * rows.itemsize // 4]

    def decode(self, codes: Codes) -> Floats:
        """Coordinates (m, 120 * lines - refined) of codes (m, 64 * lines), as far as their 4 or 8 bits tell them."""
        numbers = codes.view(np.uint8).reshape(len(codes), self.lines, LINE)
        places = np.stack([numbers & 15, numbers >> 4], axis=2).reshape(len(codes), -1)
        # A refined byte is v = low + 16 high: its high half adds to place p, and the second 128 is taken back.
        both = places * self.steps + self.origins - MIDDLE
        both[:, : self.refined] += both[:, LINE : LINE + self.refined] + MIDDLE
        return self.places_in_use(both).astype(np.float32)

    def places_in_use(self, places: NDArray[Any]) -> NDArray[Any]:
        """The places of a query row (m, 128 * lines) that are in use (m, 120 * lines - refined)."""
        used = np.arange(places.shape[1]) % LINE < PLACES
        used[LINE : LINE + self.refined] = False
        return places[:, used]

    def coordinates(self, vectors: Floats | Bytes) -> Floats:
        """Coordinates (m, 128 * lines) of padded vectors."""
        products = self.projection.products(vectors)
        coordinates: Floats = np.empty(products.shape, np.float32)
        place(products, self.projection.scale, self.projection.shift, coordinates)
        return coordinates


@fast_kernel
def place(products: Products, scale: Floats, shift: Floats, coordinates: Floats) -> None:
    """coordinates = products * scale - shift, for products (m, places).

    >>> coordinates = np.zeros((1, 2), np.float32)
    >>> place(np.float32([[3, 4]]), np.full(2, 10, np.float32), np.ones(2, np.float32), coordinates)
    >>> coordinates.tolist()
    [[29.0, 39.0]]
    """
    for i in range(products.shape[0]):
        for j in range(products.shape[1]):
            coordinates[i, j] = np.float32(products[i, j]) * scale[j] - shift[j]


@fast_kernel
def pack(coordinates: Floats, steps: Floats, origins: Floats, refined: int, codes: Bytes) -> None:
    """Codes (m, 64 * lines) of coordinates (m, 128 * lines), with half the squared length in every line.

    With steps of 8, origins of 68 (values -60, -52, ..., 60) and no refined byte, 20 is number 10, and all others are
    the value -4 or 4 that is nearest to 0:

    >>> coordinates, codes = np.zeros((1, 128), np.float32), np.zeros((1, 64), np.uint8)
    >>> coordinates[0, 0] = 20
    >>> pack(coordinates, np.full(128, 8, np.float32), np.full(128, 68, np.float32), 0, codes)
    >>> int(codes[0, 0] & 15), codes[0, 60:].view(np.int32).tolist()  # -(20^2 + 119 * 4^2) / 2
    (10, [-1152])
    """
    for i in range(coordinates.shape[0]):
        for first in range(0, codes.shape[1], LINE):  # line by line
            length = np.int32(0)
            for p in range(PLACES):
                if first + p < refined:
                    value = np.int32(np.rint(min(max(coordinates[i, p], np.float32(-128)), np.float32(127))))
                    codes[i, p] = value + MIDDLE  # low half + 16 * high half - 128 is the value again
                    length += value * value
                    continue
                numbers = np.int32(0)
                for half in range(2):
                    j = 2 * first + p + half * LINE
                    number = np.rint((coordinates[i, j] + np.float32(MIDDLE) - origins[j]) / steps[j])
                    number = np.int32(min(max(number, np.float32(0)), np.float32(15)))
                    value = np.int32(steps[j]) * number + np.int32(origins[j]) - MIDDLE
                    length += value * value
                    numbers |= number << (4 * half)  # the coordinate p below, 60 + p above
                codes[i, first + p] = numbers
            # Half of an odd length is rounded down; the distance has a 1 more for each line, so that it is never below
            # 0. The four bytes stand lowest first: as an int32 they are the number.
            less = -(length >> 1)
            for byte in range(4):
                codes[i, first + PLACES + byte] = (less >> (8 * byte)) & 255


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
    """Query rows of coordinates (m, 128 * lines): factors of decoded values, or of the numbers of 4 bits themselves,
    then those of even bytes before those of odd ones.

    With x the code, y the query, v = x + 128 the decoded values (unsigned bytes) and n the numbers of 4 bits:

        |x - y|^2 + 1 = |x|^2 - 2 sum v y + (1 + |y|^2 + 256 sum y)    factors y of values
        sum v y = sum (step y) n + sum origin y                       factors step y of numbers

    What does not depend on x is the constant of the row; it has the 1 once for each line.
    """
    width = coordinates.shape[1]
    for i in range(coordinates.shape[0]):
        rows[i, :width] = 0
        constant = np.int32(0)
        for first in range(0, width, HALVES):  # line by line
            constant += 1
            for p in range(PLACES):
                for half in range(2):
                    j = first + p + half * LINE
                    # A refined byte is one coordinate: low half + 16 * high half, both times the same y.
                    source = p if first + p < refined else j
                    y = np.int32(np.rint(min(max(coordinates[i, source], np.float32(-127)), np.float32(127))))
                    if half == 0 or first + p >= refined:
                        constant += y * y + 2 * MIDDLE * y
                    if decoded:
                        rows[i, j] = y
                    else:
                        # Of each half the even bytes, then the odd ones: the order in which words give their numbers.
                        rows[i, first + half * LINE + p % 2 * (LINE // 2) + p // 2] = y * np.int32(steps[j])
                        constant -= 2 * np.int32(origins[j]) * y
        constants[i] = constant
