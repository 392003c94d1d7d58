"""One query a call, as a server asks: everything but the query is prepared, and a call is three kernels on one thread.

    search = index.searcher(k=10, search_list_size=20)
    ids, distances = search(vector)

A batch is quicker a query (``search``): it works on several at once, so that their waits for memory overlap.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from experiments.ann.core.codes.line_codes import Codes, QueryCodes, factors, place
from experiments.ann.core.codes.projection import Packed, Products, multiply
from experiments.ann.core.codes.short_codes import ShortCodes
from experiments.ann.core.codes.stored_vector import Stored
from experiments.ann.core.nsg.searching.batch_search import REMEMBERED, SearchShape, check_sizes, key_rows, rerank
from experiments.ann.core.nsg.searching.coded_search import search_alone
from experiments.ann.core.nsg.searching.products import long_rows, reported
from experiments.ann.core.simd.distance import Floats, Ids, Keys
from experiments.ann.core.simd.inputs import numbers
from experiments.ann.core.simd.kernel import kernel
from experiments.ann.core.simd.lanes import BLOCK
from experiments.ann.core.simd.metric_space import MetricSpace
from experiments.ann.core.simd.vector import aligned_rows

TOGETHER = 4
"""Nodes that a search expands at once."""
NOT_FINITE, FLOATS, OCTETS = range(3)
"""What a query turns out to be."""


class Searcher:
    """The k nearest of a vector (d,): ids (k,) and distances (k,), as ``search`` gives them.

    It finds at least as many of the true ones as a batch with the same list, since it expands several nodes at once.

    It owns its scratch, so every thread needs one of its own. Make it with ``index.searcher``.
    """

    def __init__(
        self, lists: Ids, short: ShortCodes, vectors: Stored, space: MetricSpace, k: int, search_list_size: int
    ) -> None:
        check_sizes(k, search_list_size)
        self.space, self.k, self.vectors, self.long = space, k, vectors, long_rows(vectors, space)
        self.taken = "fB" if space.metric != "hamming" and space.origin is None else ""
        """Types of queries that are taken as they are."""
        self.distance_computations = 0
        """Distances of the last call, by code where there are codes."""
        width, bytes_kept = vectors.shape[1], vectors.dtype == np.uint8
        # A query as it is stored: as bytes where base and query are, otherwise as floats.
        self.octets: NDArray[np.uint8] = aligned_rows(1, width if bytes_kept else 0, np.uint8)
        self.floats: Floats = aligned_rows(1, width, np.float32)
        self.encoders: dict[str, tuple[Any, ...]] = {}
        if short.codec is not None:
            self.encoders = {row.dtype.char: _encoder(short, row) for row in (self.octets, self.floats)}
        shape = SearchShape.of(short, len(vectors), k, search_list_size)
        self.fixed: tuple[Any, ...] = (
            lists,
            short.codes,
            shape.size,
            shape.most,
            key_rows(1, shape.size),
            np.empty((1, REMEMBERED), np.int32),
            key_rows(1, lists.shape[1] + BLOCK)[0],
            np.empty((TOGETHER, lists.shape[1] + BLOCK), np.int32),
            key_rows(1, k),
            np.empty((1, shape.size), np.int32),
            vectors,
            short.instructions,
        )

    def __call__(self, query: ArrayLike) -> tuple[Ids, Floats]:
        """Search for one vector.

        Raises:
            ValueError: it has another dimension, or is not finite.
        """
        given = query if type(query) is np.ndarray and query.dtype.char in self.taken else self._read(query)
        if given.shape != (self.space.dim,):
            raise ValueError(f"query: expected a vector ({self.space.dim},), got shape {given.shape}")
        placed = (
            given
            if self.space.metric in ("l2", "hamming")
            else self.space.place_queries(given[None].astype(np.float32))[0]
        )
        kind = place_one(placed, self.octets, self.floats)
        if kind == NOT_FINITE:
            raise ValueError("query: expected finite numbers, got NaN or infinity")
        row: NDArray[Any] = self.octets if kind == OCTETS else self.floats
        asked = row
        if self.encoders:
            asked, *scratch = self.encoders[row.dtype.char]
            encode_one(row, asked, *scratch)
        ids, squared = np.empty((1, self.k), np.int32), np.empty((1, self.k), np.float32)
        self.distance_computations = search_one(asked, row, ids, squared, *self.fixed)
        if self.space.metric not in ("l2", "hamming"):
            asked = given[None].astype(np.float32)
            ids, squared = reported(self.space, self.vectors, self.long, asked, ids, squared)
        return ids[0], squared[0]

    def _read(self, query: ArrayLike) -> Floats:
        given = numbers(query)
        if given.ndim != 1:
            raise ValueError(f"query: expected a vector ({self.space.dim},), got shape {given.shape}")
        return self.space.read(given[None], "query")[0]


def _encoder(short: ShortCodes, row: NDArray[Any]) -> tuple[Any, ...]:
    """What ``encode_one`` takes after the query row (1, width): its result first."""
    codec = short.codec
    assert codec is not None
    projection, vnni = codec.projection, short.codes.dtype == np.uint8
    factors_row, constants = codec.query_rows(1, vnni=vnni)
    whole = row.dtype == np.uint8 and projection.integer
    kind = np.dtype(np.float32) if not whole else np.dtype(np.uint8 if vnni else np.int16)
    given = aligned_rows(1, row.shape[1], kind)
    panels = projection.integer_panels if whole else projection.float_panels
    products = np.empty((1, projection.width), np.int32 if whole else np.float32)
    levels = (codec.steps, codec.origins, codec.refined, vnni)
    coordinates: Floats = np.empty((1, projection.width), np.float32)
    return (factors_row, constants, given, panels, products, projection.scale, projection.shift, coordinates, *levels)


@kernel
def place_one(query: NDArray[Any], octets: NDArray[np.uint8], floats: Floats) -> int:
    """Write a query (d,) to padded rows (1, width), of bytes where there is room for them, and say what it is.

    >>> octets, floats = np.zeros((1, 64), np.uint8), np.zeros((1, 64), np.float32)
    >>> place_one(np.float32([3, 255]), octets, floats) == OCTETS, place_one(np.float32([3, 0.5]), octets, floats)
    (True, 1)
    """
    others, finite = 0, True
    for i in range(query.shape[0]):
        value = np.float32(query[i])
        floats[0, i] = value
        finite &= np.isfinite(value)
        others += value != min(max(np.rint(value), np.float32(0)), np.float32(255))
    if not finite:
        return NOT_FINITE
    if others or octets.shape[1] == 0:
        return FLOATS
    for i in range(query.shape[0]):
        octets[0, i] = np.uint8(query[i])
    return OCTETS


@kernel
def encode_one(
    row: NDArray[Any],
    factors_row: QueryCodes,
    constants: NDArray[np.int32],
    given: NDArray[Any],
    panels: Floats | Packed,
    products: Products,
    scale: Floats,
    shift: Floats,
    coordinates: Floats,
    steps: Floats,
    origins: Floats,
    refined: int,
    decoded: bool,
) -> None:
    """``LineCodec.encode_queries`` of a padded row (1, width) with scratch that is given."""
    given[0, :] = row[0, :]
    multiply(given, panels, products)
    place(products, scale, shift, coordinates)
    factors(coordinates, steps, origins, refined, decoded, factors_row, constants)


@kernel
def search_one(
    asked: QueryCodes | Floats,
    row: Stored,
    ids: Ids,
    squared: Floats,
    lists: Ids,
    codes: Codes | Floats,
    size: int,
    most: int,
    pools: Keys,
    seen: Ids,
    keys: Keys,
    fresh: Ids,
    best: Keys,
    found: Ids,
    vectors: Stored,
    instructions: Codes | Floats,
) -> int:
    """``batch_search.search_lists`` for one query with scratch that is given; returns the distances that it took."""
    ids[0, :] = -1
    squared[0, :] = np.inf
    measured = search_alone(lists, codes, asked, size, pools, seen, keys, fresh, found)
    rerank(vectors, row, instructions, found[:, :most], 0, 1, best, keys, ids, squared)
    return measured
