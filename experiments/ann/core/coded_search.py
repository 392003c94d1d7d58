"""Best-first search on codes or on plain vectors, several queries in flight on each thread.

A hop of one query waits for memory twice: for the list of the next node, then for the codes of its neighbors. Each
request is made one round ahead, and the other queries of the group work meanwhile. No node has to be marked as
visited: a neighbor that is measured again has the same key, and a key that is in the pool, or was pushed out of it,
changes nothing. Codes take no more time than a look-up; plain vectors are looked up first.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from experiments.ann.core.code_vector import BLOCK, block_keys, request_block, stored_distance
from experiments.ann.core.distance import Floats, Ids, Keys, key_distance, key_node, make_key
from experiments.ann.core.exact import exact_neighbors
from experiments.ann.core.kernel import kernel, run_all
from experiments.ann.core.line_codes import Codes, QueryCodes
from experiments.ann.core.pool_vector import NO_KEY, absorb, first_open
from experiments.ann.core.pruning import Stored
from experiments.ann.core.vector import LINE, aligned_rows, prefetch

Mask = NDArray[np.bool_]

SCANNED_PER_LISTED = 25
"""Vectors that a scan passes in the time in which a search lengthens its list by one."""
IN_FLIGHT = 6
"""Queries that a thread works on at once by codes."""
WIDE_IN_FLIGHT = 2
"""The same by plain vectors, each of which is several cache lines."""
CHUNK = 1024
"""Most queries that a thread takes at once; each time it starts and ends with fewer in flight."""
REQUESTED_LINES = 4
"""Cache lines of a neighbor that are asked for ahead; the processor sees the pattern and fetches the rest."""
RERANKED_LINES = 16
"""The same for the vectors that are measured at the end."""
REMEMBERED = 1024
"""Places of the table in which a search of plain vectors looks up what it has measured, a power of 2."""


@kernel
def search_codes(
    graph: Ids,
    codes: Codes | Floats,
    queries: QueryCodes | Floats,
    start: int,
    stop: int,
    size: int,
    pools: Keys,
    seen: Ids,
    keys: Keys,
    found: Ids,
    measured: Ids,
) -> None:
    """Search queries start..stop-1.

    Args:
        graph: out-neighbors (n + 1, R), R a multiple of 8, in blocks of 8 that are full (the first fills gaps) or
            start with -1; row n holds the nodes to start from.
        codes: of the base, from ``LineCodec.encode``; or the vectors themselves, float32.
        queries: rows of ``LineCodec.encode_queries``; or the queries themselves, float32.
        size: search list size.
        pools: scratch (in flight, at least ``size``), a multiple of 8 wide, on cache lines.
        seen: scratch (in flight, a power of 2) in which nodes that were measured are looked up, or without columns:
            then they are measured again, which is quicker where a code is one cache line.
        keys: scratch (R + 8,).
        found: out, ids (m, search list size) by code distance, -1 where there are no more.
        measured: out, code distances measured per query (m,).
    """
    flights = pools.shape[0]
    owner = np.full(flights, -1, np.int64)
    node = np.empty(flights, np.int64)
    fresh = np.empty((flights, graph.shape[1] + BLOCK), np.int32)
    upcoming = start
    active = 0
    for slot in range(flights):
        if upcoming < stop:
            begin(pools, seen, slot)
            owner[slot], node[slot] = upcoming, graph.shape[0] - 1
            upcoming += 1
            active += 1
    while active > 0:
        for slot in range(flights):
            if owner[slot] < 0:
                continue
            if seen.shape[1] > 0:
                keep_unseen(graph, node[slot], seen, slot, fresh)
                request_codes(fresh, codes, slot)
            else:
                request_codes(graph, codes, node[slot])
        for slot in range(flights):
            query = owner[slot]
            if query < 0:
                continue
            if seen.shape[1] > 0:
                measured[query] += expand(fresh, codes, slot, queries, query, pools, slot, size, keys)
            else:
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
                begin(pools, seen, slot)
                owner[slot], node[slot] = upcoming, graph.shape[0] - 1
                upcoming += 1
                active += 1


@kernel
def begin(pools: Keys, seen: Ids, slot: int) -> None:
    """Empty a pool and what it remembers."""
    pools[slot, :] = NO_KEY
    seen[slot, :] = -1


@kernel
def keep_unseen(graph: Ids, node: int, seen: Ids, slot: int, fresh: Ids) -> None:
    """Write the neighbors of a node that the table does not remember to row ``slot`` of ``fresh``, in full blocks.

    A place of the table holds the last node that fell on it, so some nodes are forgotten; they are only measured again.
    """
    count = 0
    for i in range(graph.shape[1]):
        neighbor = graph[node, i]
        if neighbor < 0:
            break
        place = neighbor & (seen.shape[1] - 1)
        known = seen[slot, place] == neighbor
        seen[slot, place] = neighbor
        fresh[slot, count] = neighbor
        count += not known
    first = count - count % BLOCK
    for i in range(first, first + BLOCK):
        if i >= count:
            fresh[slot, i] = fresh[slot, first] if count > first else -1
    if count > first and first + BLOCK < fresh.shape[1]:
        fresh[slot, first + BLOCK] = -1


@kernel
def request_codes(graph: Ids, codes: Codes | Floats, node: int) -> None:
    """Ask for the codes of a node's neighbors."""
    lines = min(REQUESTED_LINES, codes.shape[1] * codes.itemsize // LINE)
    first = 0
    while first < graph.shape[1] and graph[node, first] >= 0:
        request_block(codes, graph, node, first, lines)
        first += BLOCK


@kernel
def expand(
    graph: Ids,
    codes: Codes | Floats,
    node: int,
    queries: QueryCodes | Floats,
    query: int,
    pools: Keys,
    slot: int,
    size: int,
    keys: Keys,
) -> int:
    """Measure the neighbors of a node and insert those that the pool has room for; returns how many were measured."""
    bound = pools[slot, size - 1]
    count = 0
    first = 0
    while first < graph.shape[1] and graph[node, first] >= 0:
        count = block_keys(codes, graph, node, first, queries, query, keys, count, bound)
        first += BLOCK
    absorb(pools, slot, keys, count)
    return first


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
        found: ids (m, most) by code distance, -1 behind the last.
        pools: scratch (1, at least k), a multiple of 8 wide, on cache lines.
        keys: scratch (8,).
        ids, squared: out (m, k).
    """
    lines = min(RERANKED_LINES, base.shape[1] * base.itemsize // LINE)
    for query in range(start, stop):
        if query + 1 < stop:
            for node in found[query + 1]:
                for line in range(lines if node >= 0 else 0):
                    prefetch(base, node, line)
        pools[0, :] = NO_KEY
        count = 0
        for node in found[query]:
            if node < 0:
                break
            keys[count] = make_key(stored_distance(base, node, queries, query, codes), node)
            count += 1
            if count == BLOCK:
                absorb(pools, 0, keys, count)
                count = 0
        absorb(pools, 0, keys, count)
        for i in range(ids.shape[1]):
            if pools[0, i] == NO_KEY:
                break
            ids[query, i] = key_node(pools[0, i])
            squared[query, i] = key_distance(pools[0, i])


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
    query_codes: QueryCodes | Floats,
    vectors: Stored,
    queries: Stored,
    k: int,
    size: int,
    threads: int,
    allowed: Mask,
    spread: float = 1.0,
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
        ids, squared, measured = search_lists(
            lists, codes, query_codes, vectors, queries, k, longer, threads, spread, allowed
        )
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
    query_codes: QueryCodes | Floats,
    vectors: Stored,
    queries: Stored,
    k: int,
    size: int,
    threads: int,
    spread: float = 1.0,
    allowed: Mask | None = None,
) -> tuple[Ids, Floats, Ids]:
    """Search a batch by codes, then by vectors.

    Args:
        lists: see ``search_codes``.
        codes, query_codes: what the search compares, of the base and of the queries (m).
        vectors, queries: what is measured at the end, padded.
        k: neighbors per query; what is not found is -1 at infinite distance.
        size: search list size, raised to k and lowered to the number of vectors.
        spread: the first ``spread * k`` of a list by code are measured at the end, and at least half of the list; all
            of it where it is as long as the base.
        allowed: which nodes may be results (n,); all by default.

    Returns:
        ids (m, k), squared distances (m, k), distances measured during the search (m,).
    """
    m, size = len(queries), min(max(size, k), len(vectors))
    found, measured = np.empty((m, size), np.int32), np.zeros(m, np.int32)
    ids, squared = np.full((m, k), -1, np.int32), np.full((m, k), np.inf, np.float32)
    plain = codes.dtype == np.float32
    flights, remembered = (WIDE_IN_FLIGHT, REMEMBERED) if plain else (IN_FLIGHT, 0)
    pools = [key_rows(flights, size) for _ in range(threads)]
    seen = [np.empty((flights, remembered), np.int32) for _ in range(threads)]
    keys = [key_rows(1, lists.shape[1] + BLOCK)[0] for _ in range(threads)]
    best = [key_rows(1, k) for _ in range(threads)]
    most = size if size == len(vectors) else min(size, max(math.ceil(spread * k), size // 2))
    keep = np.ones(0, np.bool_) if allowed is None else allowed
    compared: Codes | Floats = np.empty((0, 0), np.uint8) if plain else codes

    def work(worker: int, start: int, stop: int) -> None:
        scratch = (pools[worker], seen[worker], keys[worker])
        search_codes(lists, codes, query_codes, start, stop, size, *scratch, found, measured)
        drop_others(found, keep, start, stop)
        rerank(vectors, queries, compared, found[:, :most], start, stop, best[worker], keys[worker], ids, squared)

    share = m if threads == 1 else -(-m // (2 * threads))
    run_all(work, m, chunk=max(2 * IN_FLIGHT, min(CHUNK, share)), threads=threads)
    return ids, squared, measured


def key_rows(rows: int, size: int) -> Keys:
    """Room for rows of at least ``size`` keys, in whole blocks on cache lines."""
    keys: Keys = aligned_rows(rows, -(-size // BLOCK) * BLOCK, np.int64)
    return keys
