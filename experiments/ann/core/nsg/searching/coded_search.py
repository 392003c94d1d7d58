"""Best-first search on short codes (line codes, or vectors as short as these), several queries in flight on a thread.

A hop of one query waits for memory twice: for the list of the next node, then for the codes of its neighbors. Each
request is made one round ahead, and the other queries of the group work meanwhile. No visited set is needed: a neighbor
that is measured again has the same key, and a key that is in the candidate list, or was pushed out of it, changes
nothing. Where that takes longer than a look-up (plain vectors, long lists), neighbors are looked up first in a table.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from experiments.ann.core.codes.line_codes import Codes, QueryCodes
from experiments.ann.core.simd.code_vector import block_keys, request_block
from experiments.ann.core.simd.distance import Floats, Ids, Keys, key_node
from experiments.ann.core.simd.kernel import kernel
from experiments.ann.core.simd.lanes import BLOCK
from experiments.ann.core.simd.pool_vector import NO_KEY, absorb, first_open
from experiments.ann.core.simd.vector import LINE, prefetch

REQUESTED_LINES = 4
"""Cache lines of a neighbor that are asked for ahead; the processor sees the pattern and fetches the rest."""


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
        size: length of the candidate list.
        pools: scratch (in flight, at least ``size``), candidate lists a multiple of 8 wide, on cache lines.
        seen: scratch (in flight, a power of 2) in which nodes that were measured are looked up, or without columns:
            then they are measured again, which is quicker where a code is one cache line.
        keys: scratch (R + 8,).
        found: out, ids (m, length of the candidate list) by code distance, -1 where there are no more.
        measured: out, code distances measured per query (m,).
    """
    flights, remembers = pools.shape[0], seen.shape[1] > 0
    # A slot is a query in flight: ``owner`` names the query, ``node`` what it expands next.
    owner, node = np.full(flights, -1, np.int64), np.empty(flights, np.int64)
    fresh = np.empty((flights, graph.shape[1] + BLOCK), np.int32)
    upcoming, left = start, stop - start
    for slot in range(flights):
        upcoming = take_up(upcoming, stop, graph, pools, seen, slot, owner, node)
    while left > 0:
        # A round, first half: the lists of all next nodes were asked for in the round before; now the codes of their
        # neighbors are. Those of the first slot arrive while the others ask.
        for slot in range(flights):
            if owner[slot] < 0:
                continue
            if remembers:
                keep_unseen(graph, node[slot], seen, slot, fresh, slot)
                request_codes(fresh, codes, slot)
            else:
                request_codes(graph, codes, node[slot])
        # Second half: measure, insert, choose the next node and ask for its list.
        for slot in range(flights):
            query = owner[slot]
            if query < 0:
                continue
            if remembers:
                measured[query] += expand(fresh, codes, slot, queries, query, pools, slot, size, keys)
            else:
                measured[query] += expand(graph, codes, node[slot], queries, query, pools, slot, size, keys)
            place = first_open(pools, slot)
            if place < size:
                pools[slot, place] |= 1
                node[slot] = key_node(pools[slot, place])
                # Two cache lines: 32 ids, the degree that indexes usually have. More come by themselves.
                prefetch(graph, node[slot], 0)
                prefetch(graph, node[slot], 1)
                continue
            # No open key within the list: the query is done, and its slot takes the next one.
            for i in range(size):
                found[query, i] = key_node(pools[slot, i]) if pools[slot, i] != NO_KEY else -1
            left -= 1
            upcoming = take_up(upcoming, stop, graph, pools, seen, slot, owner, node)


@kernel
def search_alone(
    graph: Ids,
    codes: Codes | Floats,
    queries: QueryCodes | Floats,
    size: int,
    pools: Keys,
    seen: Ids,
    keys: Keys,
    fresh: Ids,
    found: Ids,
) -> int:
    """``search_codes`` for one query, row 0, with no others to work on while it waits.

    So it expands the nearest few open nodes at once, one for each row of ``fresh`` (scratch, few x (R + 8)), and asks
    for the list of a node when the node enters the candidate list: most of these are expanded later.

    Returns:
        How many code distances were measured.
    """
    most = fresh.shape[0]
    node = np.empty(most, np.int64)
    pools[0, :] = NO_KEY
    seen[0, :] = -1
    node[0], few, measured = graph.shape[0] - 1, 1, 0  # the last row names the nodes to start from
    while few > 0:
        for i in range(few):
            keep_unseen(graph, node[i], seen, 0, fresh, i)
            request_codes(fresh, codes, i)
        for i in range(few):
            bound, count, first = pools[0, size - 1], 0, 0
            while first < fresh.shape[1] and fresh[i, first] >= 0:
                count = block_keys(codes, fresh, i, first, queries, 0, keys, count, bound)
                first += BLOCK
            for place in range(count):
                prefetch(graph, key_node(keys[place]), 0)
                prefetch(graph, key_node(keys[place]), 1)
            absorb(pools, 0, keys, count)
            measured += first
        few = 0
        while few < most:
            place = first_open(pools, 0)
            if place >= size:
                break
            pools[0, place] |= 1
            node[few] = key_node(pools[0, place])
            few += 1
    for i in range(size):
        found[0, i] = key_node(pools[0, i]) if pools[0, i] != NO_KEY else -1
    return measured


@kernel
def take_up(
    query: int,
    stop: int,
    graph: Ids,
    pools: Keys,
    seen: Ids,
    slot: int,
    owner: NDArray[np.int64],
    node: NDArray[np.int64],
) -> int:
    """Let a slot begin with a query, or rest where there is none (``owner`` -1); returns the query after it."""
    if query >= stop:
        owner[slot] = -1
        return query
    pools[slot, :] = NO_KEY
    seen[slot, :] = -1
    owner[slot], node[slot] = query, graph.shape[0] - 1  # the last row names the nodes to start from
    return query + 1


@kernel
def keep_unseen(graph: Ids, node: int, seen: Ids, slot: int, fresh: Ids, row: int) -> None:
    """Write the neighbors of a node that row ``slot`` of the table does not remember to ``fresh[row]`` (R + 8,).

    They fill whole blocks; -1 ends the list. A place of the table holds the last node that fell on it, so some nodes
    are forgotten; they are only measured again.

    >>> graph, fresh = np.int32([[4, 7, 9, 4, 4, 4, 4, 4]]), np.zeros((1, 16), np.int32)
    >>> seen = np.full((1, 16), -1, np.int32)
    >>> seen[0, 7] = 7
    >>> keep_unseen(graph, 0, seen, 0, fresh, 0)
    >>> fresh[0, :9].tolist()  # 4 and 9, the first once more in the gaps, and the end
    [4, 9, 4, 4, 4, 4, 4, 4, -1]
    """
    count = 0
    for i in range(graph.shape[1]):
        neighbor = graph[node, i]
        if neighbor < 0:
            break
        place = neighbor & (seen.shape[1] - 1)
        known = seen[slot, place] == neighbor
        seen[slot, place] = neighbor
        # Written always and counted where it is new: no branch that depends on what the search met.
        fresh[row, count] = neighbor
        count += not known
    # Fill the last block with its first id, which ``block_keys`` leaves out, and end the list after it.
    first = count - count % BLOCK
    for i in range(first, first + BLOCK):
        if i >= count:
            fresh[row, i] = fresh[row, first] if count > first else -1
    if count > first and first + BLOCK < fresh.shape[1]:
        fresh[row, first + BLOCK] = -1


@kernel
def request_codes(graph: Ids, codes: Codes | Floats, node: int) -> None:
    """Ask for the codes of a node's neighbors, row ``node`` of ``graph``."""
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
    """Measure the neighbors of a node and insert those that the candidate list has room for.

    Returns:
        How many were measured.
    """
    # The last key of the list when the node is expanded: what is not below it would be dropped at once.
    bound = pools[slot, size - 1]
    count = 0
    first = 0
    while first < graph.shape[1] and graph[node, first] >= 0:
        count = block_keys(codes, graph, node, first, queries, query, keys, count, bound)
        first += BLOCK
    absorb(pools, slot, keys, count)
    return first
