"""Collecting candidates for the edges of an NSG by codes; what is collected is then measured exactly.

It stands in for the search by exact distances in ``pruning.link_nodes`` where vectors have codes: the candidates are
the nodes that entered the pool of a search on the nearest neighbor graph, the nearest of them by code.
"""

from __future__ import annotations

import numpy as np

from experiments.ann.core.code_pairs import select_smallest
from experiments.ann.core.code_vector import BLOCK, block_keys, stored_distance
from experiments.ann.core.coded_search import AHEAD, request_codes, request_row
from experiments.ann.core.distance import Floats, Ids, Keys, key_distance, key_node, make_key
from experiments.ann.core.equals import followers_first
from experiments.ann.core.kernel import kernel
from experiments.ann.core.line_codes import Codes, QueryCodes
from experiments.ann.core.pool_vector import NO_KEY, absorb, first_open
from experiments.ann.core.pruning import Stored, keep_unoccluded
from experiments.ann.core.search import Stamps, next_stamp


@kernel
def collect(
    lists: Ids,
    codes: Codes | Floats,
    queries: QueryCodes | Floats,
    query: int,
    entry: int,
    size: int,
    pools: Keys,
    keys: Keys,
    met: Keys,
) -> int:
    """Search for a query from row ``entry`` of the lists.

    Args:
        lists: nearest neighbor graph in blocks of 8, and rows of nodes to start from.
        codes: of the base.
        queries, query: rows that codes are compared with, and the one that is searched for.
        size: search list size.
        pools: scratch (1, at least ``size``) on cache lines.
        keys: scratch (width + 8,).
        met: out, keys by code distance of the nodes that entered the pool, with repetitions.

    Returns:
        How many keys ``met`` holds.
    """
    pools[0, :] = NO_KEY
    count = 0
    current = entry
    while True:
        request_codes(lists, codes, current)
        bound, fresh, first = pools[0, size - 1], 0, 0
        while first < lists.shape[1] and lists[current, first] >= 0:
            fresh = block_keys(codes, lists, current, first, queries, query, keys, fresh, bound)
            first += BLOCK
        fresh = min(fresh, met.shape[0] - count)
        met[count : count + fresh] = keys[:fresh]
        absorb(pools, 0, keys, fresh)
        count += fresh
        place = first_open(pools, 0)
        if place >= size:
            return count
        pools[0, place] |= 1
        current = key_node(pools[0, place])


@kernel
def link_by_codes(
    knn: Ids,
    knn_squared: Floats,
    lists: Ids,
    vectors: Stored,
    codes: Codes | Floats,
    queries: QueryCodes | Floats,
    start: int,
    stop: int,
    size: int,
    most: int,
    pools: Keys,
    keys: Keys,
    met: Keys,
    stamps: Stamps,
    stamp: int,
    links: Ids,
    squared: Floats,
) -> int:
    """Choose the out-edges of nodes start..stop-1 before reverse edges; see ``pruning.link_nodes``.

    ``lists`` has the nearest neighbor graph in its first n rows and nodes to start from, taken in turns, in the others;
    ``queries`` has the rows of these nodes only.
    """
    n = knn.shape[0]
    kept = np.empty(links.shape[1], np.int64)
    for node in range(start, stop):
        stamp = next_stamp(stamps, stamp)
        entry = n + node % (lists.shape[0] - n)
        count = collect(lists, codes, queries, node - start, entry, size, pools, keys, met)
        stamps[node] = stamp
        near = 0
        for i in range(knn.shape[1]):
            if knn[node, i] >= 0:
                stamps[knn[node, i]] = stamp
                near += 1
        distinct = 0
        for i in range(count):
            other = key_node(met[i])
            if stamps[other] != stamp:
                stamps[other] = stamp
                met[distinct] = met[i]
                distinct += 1
        room = max(most - near, 0)
        if distinct > room:
            select_smallest(met, distinct, room)
            distinct = room
        for i in range(distinct):
            if i + AHEAD < distinct:
                request_row(vectors, key_node(met[i + AHEAD]))
            other = key_node(met[i])
            met[i] = make_key(stored_distance(vectors, other, vectors, node, codes), other)
        for i in range(near):
            met[distinct + i] = make_key(knn_squared[node, i], knn[node, i])
        met[: distinct + near].sort()
        followers_first(met, distinct + near, node, vectors.shape[0])
        taken = keep_unoccluded(vectors, codes, met, min(distinct + near, most), kept)
        for i in range(taken):
            links[node, i] = key_node(kept[i])
            squared[node, i] = key_distance(kept[i])
    return stamp
