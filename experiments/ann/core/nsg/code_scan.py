"""All vectors scanned by code, a batch of queries at a time: no graph, so nothing that a query could fail to reach.

    index = CodeScan.build(base)
    ids, distances = index.search(queries, k=10, search_list_size=64)

A walk along a graph waits for memory and meets only what its edges lead to. A scan of codes of 8 bits is a product of
matrices of bytes, which costs so little a pair that up to some 100,000 vectors it is quicker wherever a walk needs a
long list: for queries from another distribution than the base, whose neighbors are no neighbors of each other, and for
a recall next to 1. Its work grows with the number of vectors, and a query alone gains nothing.

Distances are exact; only which vectors are measured depends on the codes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from experiments.ann.core.codes.code_pairs import (
    SAMPLED,
    TOGETHER,
    Ints,
    Rows,
    candidates_of_rows,
    column_blocks,
    row_codes,
)
from experiments.ann.core.codes.codes import Codec, Principal, fit_codec
from experiments.ann.core.codes.projection import Packed
from experiments.ann.core.codes.stored_vector import Stored, byte_instructions
from experiments.ann.core.nsg.coded_index import Graph
from experiments.ann.core.nsg.construction.building import stored_form
from experiments.ann.core.nsg.placed_base import PlacedBase
from experiments.ann.core.nsg.searching.batch_search import check_sizes, key_rows, rerank
from experiments.ann.core.nsg.searching.counted_search import SearchResult
from experiments.ann.core.nsg.searching.products import reported
from experiments.ann.core.simd.distance import Floats, Ids, Keys
from experiments.ann.core.simd.kernel import kernel, run_all
from experiments.ann.core.simd.lanes import BLOCK
from experiments.ann.core.simd.machine import has_tiles, has_vnni
from experiments.ann.core.simd.metric_space import Metric, MetricSpace
from experiments.ann.core.simd.selection import select_smallest
from experiments.ann.core.simd.vector import LINE, aligned_rows, padded
from experiments.foundation.cores import usable_cores

VARIANCE = 0.85
"""Share of the variance that a code holds. With 78 % of that of text embeddings a list had to be five times as long."""
COLUMNS = 1024
"""Columns whose products are looked through before the next are made; codes of as many stay in the second cache."""
QUERIES = 512
"""Queries that a thread takes at once: the codes of the base come from memory once for all of them."""
ROOM = 2**24
"""Candidates that a thread has room for, 128 MB of keys."""


class CodeScan(PlacedBase):
    """Vectors with whole codes of 8 bits and no graph. Make it with ``build``, or with ``of`` from an ``NSG``."""

    def __init__(self, vectors: Stored, space: MetricSpace, *, threads: int | None = None) -> None:
        super().__init__(vectors, space)
        self.vnni = has_vnni()
        principal = Principal(vectors)
        self.codec: Codec = fit_codec(principal, directions_needed(principal), vnni=self.vnni)
        codes = self.codec.encode(vectors, threads=threads or usable_cores())
        self.blocks, self.terms = column_blocks(codes, COLUMNS, vnni=self.vnni)
        self.order: Ids = np.arange(len(vectors), dtype=np.int32)

    @classmethod
    def build(cls, base: ArrayLike, *, metric: Metric = "l2", threads: int | None = None) -> CodeScan:
        """An index of vectors (n, d).

        Raises:
            ValueError: base not (n, d) and finite, or empty.

        >>> base = np.random.default_rng(0).standard_normal((2000, 24), dtype=np.float32)
        >>> CodeScan.build(base).search(base[[7, 11]], k=1, search_list_size=20)[0].tolist()
        [[7], [11]]
        """
        space, vectors = MetricSpace.reading(base, metric)
        if not len(vectors):
            raise ValueError("base: expected at least one vector, got none")
        workers = threads or usable_cores()
        return cls(stored_form(padded(space.place_base(vectors), workers), workers), space, threads=workers)

    @classmethod
    def of(cls, index: Graph, *, threads: int | None = None) -> CodeScan:
        """A scan of the vectors of an index, which are shared."""
        return cls(index.built.vectors, index.space, threads=threads)

    @property
    def nbytes(self) -> int:
        """Bytes of vectors and codes."""
        return self.vectors.nbytes + self.blocks.nbytes + self.terms.nbytes + self.order.nbytes

    def search(
        self, queries: ArrayLike, k: int, search_list_size: int, *, threads: int | None = None
    ) -> tuple[Ids, Floats]:
        """The k nearest base vectors of each query (m, d); see ``NSG.search``.

        Args:
            queries: best some hundred or more.
            k: neighbors per query.
            search_list_size: how many vectors, the nearest by code, are measured; with all of them it is exact.
            threads: workers; all usable cores by default. They do not change the result.
        """
        result = self.search_counted(queries, k, search_list_size, threads=threads)
        return result.ids, result.distances

    def search_counted(
        self, queries: ArrayLike, k: int, search_list_size: int, *, threads: int | None = None
    ) -> SearchResult:
        """``search`` with its cost: all code distances per query; there are no hops."""
        check_sizes(k, search_list_size)
        placed, given = self.place(queries)
        ids, squared = self._nearest(placed, k, min(max(k, search_list_size), len(self)), threads or usable_cores())
        found = reported(self.space, self.vectors, self.long, given, ids, squared)
        counts, hops = np.full(len(placed), len(self), np.int32), np.zeros(len(placed), np.int32)
        return SearchResult(*found, counts, hops)

    def searcher(self, k: int, search_list_size: int) -> Callable[[ArrayLike], tuple[Ids, Floats]]:
        """``search`` for one vector a call, on one thread."""

        def search(query: ArrayLike) -> tuple[Ids, Floats]:
            ids, distances = self.search(np.asarray(query)[None], k, search_list_size, threads=1)
            return ids[0], distances[0]

        return search

    def _nearest(self, placed: Stored, k: int, size: int, threads: int) -> tuple[Ids, Floats]:
        """Ids and squared distances (m, k) of placed queries, of which ``size`` candidates each are measured."""
        m = len(placed)
        rows, norms = row_codes(self.codec.encode(placed, threads=threads), vnni=self.vnni)
        ids, squared = np.full((m, k), -1, np.int32), np.full((m, k), np.inf, np.float32)
        # As many for every thread, in whole groups of rows; fewer where long lists would take much memory.
        room = COLUMNS + max(2 * size, SAMPLED) + BLOCK
        chunk = max(TOGETHER, min(QUERIES, -(-m // threads), ROOM // room) // TOGETHER * TOGETHER)
        scratch = [ScanScratch.of(chunk, room, size, k) for _ in range(threads)]
        instructions, tiles = byte_instructions(vnni=self.vnni), self.vnni and has_tiles()

        def work(worker: int, start: int, stop: int) -> None:
            own, part = scratch[worker], slice(start, stop)
            nearest_by_code(rows, norms, self.blocks, self.terms, self.order, start, stop, own, tiles)
            some = stop - start
            rerank(
                self.vectors, placed[part], instructions, own.top, 0, some, own.best, own.keys, ids[part], squared[part]
            )

        run_all(work, m, chunk=chunk, threads=threads)
        return ids, squared


class ScanScratch(NamedTuple):
    """Scratch of one thread for some rows."""

    products: Ints
    """(TOGETHER, COLUMNS) on cache lines."""
    found: Keys
    """(rows, room), candidates of each row as keys ``squared code distance << 32 | id``."""
    others: Keys
    """(room + 8,)."""
    sizes: Keys
    """(rows,) with ``limits``, see ``candidates_of_rows``."""
    limits: Keys
    top: Ids
    """(rows, length of the list), the nearest by code."""
    best: Keys
    """(1, at least k) and ``keys``, see ``rerank``."""
    keys: Keys

    @classmethod
    def of(cls, rows: int, room: int, size: int, k: int) -> ScanScratch:
        """For lists of ``size``, of which the k nearest are kept."""
        found, others = np.empty((rows, room), np.int64), np.empty(room + BLOCK, np.int64)
        sizes, limits = np.empty((2, rows), np.int64)
        products, top = aligned_rows(TOGETHER, COLUMNS, np.int32), np.empty((rows, size), np.int32)
        return cls(products, found, others, sizes, limits, top, key_rows(1, k), key_rows(1, BLOCK)[0])


@kernel
def nearest_by_code(
    rows: Rows,
    norms: Ints,
    blocks: Packed,
    terms: Ints,
    order: Ids,
    start: int,
    stop: int,
    scratch: ScanScratch,
    tiles: bool,
) -> None:
    """The nearest columns by code of rows start..stop-1, as ids in no order, into ``scratch.top``; see
    ``candidates_of_rows`` for the arguments.
    """
    found, sizes, size = scratch.found, scratch.sizes, scratch.top.shape[1]
    candidates_of_rows(
        rows, norms, blocks, terms, order, start, stop, size, scratch.products, found, sizes, scratch.limits, tiles
    )
    for slot in range(stop - start):
        # Up to twice as many are there, in no order; equal distances go by id, which is the low half of a key.
        if sizes[slot] > size:
            select_smallest(found[slot], sizes[slot], size, scratch.others)
        for i in range(size):
            scratch.top[slot, i] = found[slot, i] & 0x7FFFFFFF


def directions_needed(principal: Principal) -> int:
    """The least multiple of 64 directions that hold ``VARIANCE`` of the variance of a sample, at most all of them.

    >>> flat = np.random.default_rng(0).standard_normal((500, 256), dtype=np.float32)
    >>> directions_needed(Principal(flat)), directions_needed(Principal(flat * np.float32(0.9) ** np.arange(256)))
    (192, 64)
    """
    centered = principal.floats - principal.mean.astype(np.float32)
    variances = (centered @ principal.directions.astype(np.float32)).var(axis=0)
    held = np.cumsum(variances) / max(float(centered.var(axis=0).sum()), 1e-30)
    return (int(np.searchsorted(held, VARIANCE)) // LINE + 1) * LINE
