"""Best-first search on codes or on plain vectors, several queries in flight on each thread.

A hop of one query waits for memory twice: for the list of the next node, then for the codes of its neighbors. Each
request is made one round ahead, and the other queries of the group work meanwhile. No node is marked as visited: a
neighbor that is measured again has the same key, and a key that is in the pool, or was pushed out of it, changes
nothing.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from experiments.ann.core.code_vector import BLOCK, block_keys, stored_distance
from experiments.ann.core.distance import Floats, Ids, Keys, key_distance, key_node, make_key
from experiments.ann.core.exact import exact_neighbors
from experiments.ann.core.kernel import kernel, run_all
from experiments.ann.core.pool_vector import NO_KEY, absorb, first_open
from experiments.ann.core.vector import LINE, aligned_rows, prefetch

Codes = NDArray[np.uint8] | NDArray[np.int8]
Stored = NDArray[np.float32] | NDArray[np.uint8]

Mask = NDArray[np.bool_]

SCANNED_PER_LISTED = 25
"""Vectors that a scan passes in the time in which a search lengthens its list by one."""
IN_FLIGHT = 6
"""Queries that a thread works on at once."""
REQUESTED_LINES = 4
"""Cache lines of a vector that are asked for ahead; the processor sees the pattern and fetches the rest."""


@kernel
def search_codes(
    graph: Ids,
    codes: Codes | Floats,
    queries: Codes | Floats,
    start: int,
    stop: int,
    size: int,
    pools: Keys,
    keys: Keys,
    found: Ids,
    measured: Ids,
) -> None:
    """Search queries start..stop-1.

    Args:
        graph: out-neighbors (n + 1, R), R a multiple of 8, in blocks of 8 that are full (the first fills gaps) or
            start with -1; row n holds the nodes to start from.
        codes: of the base (n, lines * 64), on cache lines; or the vectors themselves, float32.
        queries: their codes (m, lines * 64).
        size: search list size.
        pools: scratch (in flight, at least ``size``), a multiple of 8 wide, on cache lines.
        keys: scratch (8,).
        found: out, ids (m, search list size) by code distance, -1 where there are no more.
        measured: out, code distances measured per query (m,).
    """
    flights = pools.shape[0]
    owner = np.full(flights, -1, np.int64)
    node = np.empty(flights, np.int64)
    upcoming = start
    active = 0
    for slot in range(flights):
        if upcoming < stop:
            pools[slot, :] = NO_KEY
            owner[slot], node[slot] = upcoming, graph.shape[0] - 1
            upcoming += 1
            active += 1
    while active > 0:
        for slot in range(flights):
            if owner[slot] >= 0:
                request_codes(graph, codes, node[slot])
        for slot in range(flights):
            query = owner[slot]
            if query < 0:
                continue
            measured[query] += expand(graph, codes, node[slot], queries, query, pools, slot, size, keys)
            place = first_open(pools, slot)
            if place < size:
                pools[slot, place] |= 1
                node[slot] = key_node(pools[slot, place])
                prefetch(graph, node[slot], 0)
                prefetch(graph, node[slot], 1)
                continue
            for i in range(size):
                found[query, i] = key_node(pools[slot, i]) if pools[slot, i] != NO_KEY else -1
            owner[slot] = -1
            active -= 1
            if upcoming < stop:
                pools[slot, :] = NO_KEY
                owner[slot], node[slot] = upcoming, graph.shape[0] - 1
                upcoming += 1
                active += 1


@kernel
def request_codes(graph: Ids, codes: Codes | Floats, node: int) -> None:
    """Ask for the codes of a node's neighbors."""
    for i in range(graph.shape[1]):
        neighbor = graph[node, i]
        if neighbor < 0:
            break
        for line in range(min(REQUESTED_LINES, codes.shape[1] * codes.itemsize // LINE)):
            prefetch(codes, neighbor, line)


@kernel
def expand(
    graph: Ids,
    codes: Codes | Floats,
    node: int,
    queries: Codes | Floats,
    query: int,
    pools: Keys,
    slot: int,
    size: int,
    keys: Keys,
) -> int:
    """Measure the neighbors of a node and insert those that the pool has room for; returns how many were measured."""
    for first in range(0, graph.shape[1], BLOCK):
        if graph[node, first] < 0:
            return first
        mask = block_keys(codes, graph, node, first, queries, query, keys, pools[slot, size - 1])
        if mask != 0:
            absorb(pools, slot, keys, mask)
    return graph.shape[1]


@kernel
def rerank(
    base: Stored,
    queries: Stored,
    codes: Codes | Floats,
    found: Ids,
    start: int,
    stop: int,
    best: Keys,
    ids: Ids,
    squared: Floats,
) -> None:
    """Measure the found nodes exactly and keep the k nearest, for queries start..stop-1.

    Args:
        base, queries: padded vectors, floats or bytes.
        codes: of the base; their type selects the instructions.
        found: ids (m, search list size) by code distance, -1 behind the last.
        best: scratch (>= search list size,).
        ids, squared: out (m, k).
    """
    lines = min(REQUESTED_LINES, base.shape[1] * base.itemsize // LINE)
    for query in range(start, stop):
        if query + 1 < stop:
            for node in found[query + 1]:
                for line in range(lines if node >= 0 else 0):
                    prefetch(base, node, line)
        count = 0
        for node in found[query]:
            if node < 0:
                break
            best[count] = make_key(stored_distance(base, node, queries, query, codes), node)
            count += 1
        best[:count].sort()
        for i in range(min(count, ids.shape[1])):
            ids[query, i] = key_node(best[i])
            squared[query, i] = key_distance(best[i])


@kernel
def drop_others(found: Ids, allowed: Mask, start: int, stop: int) -> None:
    """Keep the found ids of rows start..stop-1 that are allowed, in their order; no mask (0,) allows all."""
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


def search_allowed(
    lists: Ids,
    codes: Codes | Floats,
    query_codes: Codes | Floats,
    vectors: Stored,
    queries: Stored,
    k: int,
    size: int,
    threads: int,
    allowed: Mask,
) -> tuple[Ids, Floats, Ids]:
    """``search_lists`` among the allowed nodes (n,) only.

    The list is lengthened by one over their share, so that about ``size`` of them are in it. Where few are allowed,
    and for queries
    that met fewer than k, the allowed vectors are scanned: the result has k neighbors wherever k are allowed.
    """
    count = int(allowed.sum())
    m, size = len(queries), max(size, k)
    if count == 0:
        return np.full((m, k), -1, np.int32), np.full((m, k), np.inf, np.float32), np.zeros(m, np.int32)
    longer = -(-size * len(vectors) // count)
    if longer * SCANNED_PER_LISTED >= count:
        ids, squared = np.full((m, k), -1, np.int32), np.full((m, k), np.inf, np.float32)
        measured, lacking = np.zeros(m, np.int32), np.arange(m)
    else:
        ids, squared, measured = search_lists(lists, codes, query_codes, vectors, queries, k, longer, threads, allowed)
        lacking = np.flatnonzero(ids[:, min(k, count) - 1] < 0)
    if len(lacking):
        members = np.flatnonzero(allowed)
        base, rows = (np.ascontiguousarray(part, dtype=np.float32) for part in (vectors[members], queries[lacking]))
        near, distances = exact_neighbors(base, rows, k, threads=threads)
        ids[lacking] = np.where(near >= 0, members[near], -1)
        squared[lacking] = distances
        measured[lacking] += count
    return ids, squared, measured


def search_lists(
    lists: Ids,
    codes: Codes | Floats,
    query_codes: Codes | Floats,
    vectors: Stored,
    queries: Stored,
    k: int,
    size: int,
    threads: int,
    allowed: Mask | None = None,
) -> tuple[Ids, Floats, Ids]:
    """Search a batch by codes, then by vectors.

    Args:
        lists: see ``search_codes``.
        codes, query_codes: what the search compares, of the base and of the queries (m).
        vectors, queries: what is measured at the end, padded.
        k: neighbors per query; what is not found is -1 at infinite distance.
        size: search list size, raised to k and lowered to the number of vectors.
        allowed: which nodes may be results (n,); all by default.

    Returns:
        ids (m, k), squared distances (m, k), distances measured during the search (m,).
    """
    m, size = len(queries), min(max(size, k), len(vectors))
    found, measured = np.empty((m, size), np.int32), np.zeros(m, np.int32)
    ids, squared = np.full((m, k), -1, np.int32), np.full((m, k), np.inf, np.float32)
    pools = [aligned_rows(IN_FLIGHT, -(-size // BLOCK) * BLOCK, np.int64) for _ in range(threads)]
    keys = [aligned_rows(1, BLOCK, np.int64)[0] for _ in range(threads)]
    best = np.empty((threads, size), np.int64)
    most = min(k, size) if codes.dtype == np.float32 else size
    keep = np.ones(0, np.bool_) if allowed is None else allowed
    compared: Codes | Floats = np.empty((0, 0), np.uint8) if codes.dtype == np.float32 else codes

    def work(worker: int, start: int, stop: int) -> None:
        search_codes(lists, codes, query_codes, start, stop, size, pools[worker], keys[worker], found, measured)
        drop_others(found, keep, start, stop)
        rerank(vectors, queries, compared, found[:, :most], start, stop, best[worker], ids, squared)

    run_all(work, m, chunk=max(2 * IN_FLIGHT, min(256, -(-m // (4 * threads)))), threads=threads)
    return ids, squared, measured
