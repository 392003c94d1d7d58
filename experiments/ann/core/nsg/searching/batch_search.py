"""Batches of queries: the search by codes or plain vectors, then exact distances of what it found."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from experiments.ann.core.codes.line_codes import Codes, QueryCodes
from experiments.ann.core.codes.short_codes import ShortCodes
from experiments.ann.core.codes.stored_vector import Stored, keys_of_eight, request_row
from experiments.ann.core.nsg.searching.coded_search import search_codes
from experiments.ann.core.simd.distance import Floats, Ids, Keys, key_distance, key_node
from experiments.ann.core.simd.kernel import kernel, run_all
from experiments.ann.core.simd.lanes import BLOCK
from experiments.ann.core.simd.machine import has_wide_registers
from experiments.ann.core.simd.pool_vector import NO_KEY, absorb
from experiments.ann.core.simd.vector import aligned_rows

Mask = NDArray[np.bool_]

IN_FLIGHT = 6
"""Queries that a thread works on at once by codes."""
WIDE_IN_FLIGHT = 2
"""The same by plain vectors, each of which is several cache lines."""
CHUNK = 1024
"""Most queries that a thread takes at once; each time it starts and ends with fewer in flight."""
REMEMBERED = 4096
"""Places of the table in which a search looks up what it has measured, a power of 2."""
REMEMBERED_FROM = 96 if has_wide_registers() else 0
"""Length of the list from which on a search by codes of one line looks up too, rather than measure and insert again."""


@kernel
def rerank(
    base: Stored,
    queries: Stored,
    codes: Codes | Floats,
    found: Ids,
    start: int,
    stop: int,
    pools: Keys,
    keys: Keys,
    ids: Ids,
    squared: Floats,
) -> None:
    """Measure the found nodes exactly and keep the k nearest, for queries start..stop-1.

    Args:
        base, queries: padded vectors, floats or bytes.
        codes: of the base; their type selects the instructions.
        found: ids (m, most) by code distance, -1 after the last.
        pools: scratch (1, at least k), the k nearest as a pool: a multiple of 8 wide, on cache lines.
        keys: scratch (8,).
        ids, squared: out (m, k).
    """
    for query in range(start, stop):
        # The next query's vectors are asked for while this query's are measured.
        if query + 1 < stop:
            for node in found[query + 1]:
                if node >= 0:
                    request_row(base, node)
        pools[0, :] = NO_KEY
        for first in range(0, found.shape[1], BLOCK):
            count = 0
            for node in found[query, first : first + BLOCK]:
                if node >= 0:
                    keys[count] = node << 1  # a key that only names a node
                    count += 1
            if count == 0:
                break
            # keys is both what names the nodes and what receives their keys: count 0 is at most first 0.
            bound = pools[0, pools.shape[1] - 1]
            absorb(pools, 0, keys, keys_of_eight(base, keys, 0, count, queries, query, codes, bound, keys, 0))
        for i in range(ids.shape[1]):
            if pools[0, i] == NO_KEY:
                break
            ids[query, i] = key_node(pools[0, i])
            squared[query, i] = key_distance(pools[0, i])


@kernel
def drop_others(found: Ids, allowed: Mask, start: int, stop: int) -> None:
    """Keep the found ids of rows start..stop-1 that are allowed, in their order; no mask (0,) allows all.

    >>> found = np.int32([[3, 0, 2, -1]])
    >>> drop_others(found, np.array([True, False, True, False]), 0, 1)
    >>> found.tolist()
    [[0, 2, -1, -1]]
    """
    if allowed.shape[0] == 0:
        return
    for row in range(start, stop):
        kept = 0
        for i in range(found.shape[1]):
            node = found[row, i]
            if node >= 0 and allowed[node]:
                found[row, kept] = node
                kept += 1
        found[row, kept:] = -1


class SearchShape(NamedTuple):
    """How long the lists of a search are."""

    size: int
    """Of the candidate list: at least k, at most the number of vectors."""
    most: int
    """Candidates that are measured at the end."""
    remembered: int
    """Places of the table of what was measured; 0 without one."""

    @classmethod
    def of(cls, short: ShortCodes, n: int, k: int, search_list_size: int) -> SearchShape:
        """For k neighbors among n vectors: the first ``spread * k`` of a list by code are measured at the end, and at
        least half of it, or a fourth by codes of two lines; all of it where it is as long as the base.
        """
        size = min(max(search_list_size, k), n)
        lines = 1 if short.codec is None else short.codec.lines
        most = size if size == n else min(size, max(math.ceil(short.spread * k), size // (2 * lines)))
        remembers = short.codec is None or lines > 1 or size >= REMEMBERED_FROM
        return cls(size, most, REMEMBERED if remembers else 0)


def search_lists(
    lists: Ids,
    short: ShortCodes,
    query_codes: QueryCodes | Floats,
    vectors: Stored,
    queries: Stored,
    k: int,
    size: int,
    threads: int,
    allowed: Mask | None = None,
) -> tuple[Ids, Floats, Ids]:
    """Search a batch by short codes, then re-rank what was found by exact distances.

    Args:
        lists: see ``search_codes``.
        short, query_codes: what the search compares, of the base and of the queries (m).
        vectors, queries: what is measured at the end, padded.
        k: neighbors per query; what is not found is -1 at infinite distance.
        size: length of the candidate list, raised to k and lowered to the number of vectors.
        allowed: which nodes may be results (n,); all by default.

    Returns:
        ids (m, k), squared distances (m, k), distances measured during the search (m,).
    """
    m, shape, codes = len(queries), SearchShape.of(short, len(vectors), k, size), short.codes
    size = shape.size
    found, measured = np.empty((m, size), np.int32), np.zeros(m, np.int32)
    ids, squared = np.full((m, k), -1, np.int32), np.full((m, k), np.inf, np.float32)
    flights = WIDE_IN_FLIGHT if short.codec is None else IN_FLIGHT
    pools = [key_rows(flights, size) for _ in range(threads)]
    seen = [np.empty((flights, shape.remembered), np.int32) for _ in range(threads)]
    keys = [key_rows(1, lists.shape[1] + BLOCK)[0] for _ in range(threads)]
    best = [key_rows(1, k) for _ in range(threads)]
    keep = np.ones(0, np.bool_) if allowed is None else allowed
    compared = short.instructions

    def work(worker: int, start: int, stop: int) -> None:
        scratch = (pools[worker], seen[worker], keys[worker])
        search_codes(lists, codes, query_codes, start, stop, size, *scratch, found, measured)
        drop_others(found, keep, start, stop)
        rerank(
            vectors, queries, compared, found[:, : shape.most], start, stop, best[worker], keys[worker], ids, squared
        )

    # Two chunks per thread even out their speeds; fewer queries than twice what is in flight would leave slots empty.
    share = m if threads == 1 else -(-m // (2 * threads))
    run_all(work, m, chunk=max(2 * IN_FLIGHT, min(CHUNK, share)), threads=threads)
    return ids, squared, measured


def key_rows(rows: int, size: int) -> Keys:
    """Room for rows of at least ``size`` keys, in whole blocks on cache lines.

    >>> key_rows(2, 10).shape
    (2, 16)
    """
    keys: Keys = aligned_rows(rows, -(-size // BLOCK) * BLOCK, np.int64)
    return keys


def check_sizes(k: int, search_list_size: int) -> None:
    """Refuse sizes below 1.

    >>> check_sizes(10, 0)
    Traceback (most recent call last):
    ValueError: expected k and search_list_size of at least 1, got 10 and 0
    """
    if k < 1 or search_list_size < 1:
        raise ValueError(f"expected k and search_list_size of at least 1, got {k} and {search_list_size}")
