"""Best-first search on codes, several queries in flight on each thread.

A hop of one query waits for memory twice: for the list of the next node, then for the codes of its neighbors. Each
request is made one round ahead, and the other queries of the group work meanwhile. No node is marked as visited: a
neighbor that is measured again has the same key, and a key that is in the pool, or was pushed out of it, changes
nothing.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from experiments.ann.core.code_vector import (
    BLOCK,
    NO_KEY,
    absorb,
    block_keys,
    first_open,
    stored_distance,
)
from experiments.ann.core.distance import Floats, Ids, Keys, key_distance, key_node, make_key
from experiments.ann.core.kernel import kernel
from experiments.ann.core.vector import LINE, prefetch

Codes = NDArray[np.uint8] | NDArray[np.int8]
Stored = NDArray[np.float32] | NDArray[np.uint8]

REQUESTED_LINES = 4
"""Cache lines of a vector that are asked for ahead; the processor sees the pattern and fetches the rest."""


@kernel
def search_codes(
    graph: Ids,
    codes: Codes,
    queries: Codes,
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
        codes: of the base (n, lines * 64), on cache lines.
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
def request_codes(graph: Ids, codes: Codes, node: int) -> None:
    """Ask for the codes of a node's neighbors."""
    for i in range(graph.shape[1]):
        neighbor = graph[node, i]
        if neighbor < 0:
            break
        for line in range(codes.shape[1] // LINE):
            prefetch(codes, neighbor, line)


@kernel
def expand(
    graph: Ids, codes: Codes, node: int, queries: Codes, query: int, pools: Keys, slot: int, size: int, keys: Keys
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
    codes: Codes,
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
