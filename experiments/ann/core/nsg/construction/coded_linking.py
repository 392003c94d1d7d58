"""Collecting candidates for the edges of an NSG by codes; what is collected is then measured exactly.

It stands in for the search by exact distances in ``pruning.link_nodes`` where vectors have codes: the candidates are
the nodes that entered the candidate list of a search on the nearest neighbor graph, the nearest of them by code.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from experiments.ann.core.codes.line_codes import Codes, QueryCodes
from experiments.ann.core.codes.stored_vector import Stored, measure
from experiments.ann.core.nsg.construction.pruning import choose_edges
from experiments.ann.core.nsg.searching.batch_search import key_rows
from experiments.ann.core.nsg.searching.coded_search import request_codes
from experiments.ann.core.nsg.searching.search import Visited, next_mark
from experiments.ann.core.simd.code_vector import block_keys
from experiments.ann.core.simd.distance import Floats, Ids, Keys, key_node, make_key
from experiments.ann.core.simd.kernel import kernel
from experiments.ann.core.simd.lanes import BLOCK
from experiments.ann.core.simd.pool_vector import NO_KEY, absorb, first_open
from experiments.ann.core.simd.selection import copy_keys, select_smallest
from experiments.ann.core.simd.vector import prefetch

AT_ONCE = 4
"""Searches that a thread makes at once: while one waits for memory, the others work."""
MET = 16_384
"""Nodes that a search keeps of those it meets."""
SEEN = 1024
"""Places of the table in which a search looks up which nodes it has met, a power of 2."""


class Collectors(NamedTuple):
    """Scratch of one thread for searches that collect what they meet, a few at a time."""

    pools: Keys
    """(searches at once, at least the length of a list) candidate lists on cache lines."""
    keys: Keys
    """(width of the lists + 8,)."""
    seen: Ids
    """(searches at once, SEEN)."""
    met: Keys
    """(searches at once, more than MET), keys by code distance of what entered the candidate list, some repeated."""
    counts: Keys
    """(searches at once,) keys of each in ``met``, at most MET."""
    others: Keys
    """As wide as ``met``, for selections."""


def collectors(width: int, size: int, k: int) -> Collectors:
    """Room for lists of a width, candidate lists of a size, and k candidates beside what is met.

    >>> collectors(width=32, size=48, k=64).pools.shape
    (4, 48)
    """
    # After MET nodes what a step collects is still written, up to ``width`` + 8 keys, and then not counted.
    room = MET + max(width + BLOCK, k) + BLOCK
    return Collectors(
        key_rows(AT_ONCE, size),
        key_rows(1, width + BLOCK)[0],
        np.empty((AT_ONCE, SEEN), np.int32),
        np.empty((AT_ONCE, room), np.int64),
        np.empty(AT_ONCE, np.int64),
        np.empty(room, np.int64),
    )


@kernel
def collect(
    lists: Ids,
    codes: Codes | Floats,
    queries: QueryCodes | Floats,
    first: int,
    entries: Ids,
    size: int,
    scratch: Collectors,
) -> None:
    """Search for the rows from ``first`` on of the queries, one from each of some rows of the lists.

    Args:
        lists: nearest neighbor graph in blocks of 8, and rows of nodes to start from.
        codes: of the base.
        queries: rows that codes are compared with.
        entries: rows of the lists (at most AT_ONCE,).
        size: length of the candidate list.
    """
    pools, keys, met = scratch.pools, scratch.keys, scratch.met
    pools[:] = NO_KEY
    scratch.seen[:] = -1
    scratch.counts[:] = 0
    # The node that each search expands next, -1 once it is done.
    current, left = entries.copy(), entries.shape[0]
    while left > 0:
        # As in ``coded_search``: all slots ask for the codes of their nodes' neighbors, then all of them work.
        for slot in range(entries.shape[0]):
            if current[slot] >= 0:
                request_codes(lists, codes, current[slot])
        for slot in range(entries.shape[0]):
            node = current[slot]
            if node < 0:
                continue
            bound, fresh, column = pools[slot, size - 1], 0, 0
            while column < lists.shape[1] and lists[node, column] >= 0:
                fresh = block_keys(codes, lists, node, column, queries, first + slot, keys, fresh, bound)
                column += BLOCK
            fresh = drop_seen(keys, fresh, scratch.seen, slot)
            # What has room in the candidate list is what the search meets: before ``absorb`` uses up the keys.
            copy_keys(keys, 0, fresh, met[slot], scratch.counts[slot])
            scratch.counts[slot] = min(scratch.counts[slot] + fresh, MET)
            absorb(pools, slot, keys, fresh)
            place = first_open(pools, slot)
            if place < size:
                pools[slot, place] |= 1
                current[slot] = key_node(pools[slot, place])
                prefetch(lists, current[slot], 0)
                prefetch(lists, current[slot], 1)
            else:
                current[slot] = -1
                left -= 1


@kernel
def drop_seen(keys: Keys, count: int, seen: Ids, slot: int) -> int:
    """Move the keys of nodes that a table does not remember to the front; returns how many there are.

    A place of the table holds the last node that fell on it, so some nodes are forgotten.

    >>> keys, seen = np.array([2, 4, 2]), np.full((1, SEEN), -1, np.int32)  # nodes 1, 2 and 1 again
    >>> drop_seen(keys, 3, seen, 0), keys[:2].tolist()
    (2, [2, 4])
    """
    kept = 0
    for i in range(count):
        node = key_node(keys[i])
        place = node & (seen.shape[1] - 1)
        # Written always and counted where the node is new: no branch.
        keys[kept] = keys[i]
        kept += seen[slot, place] != node
        seen[slot, place] = node
    return kept


@kernel
def link_by_codes(
    knn: Ids,
    knn_squared: Floats,
    lists: Ids,
    vectors: Stored,
    codes: Codes | Floats,
    queries: QueryCodes | Floats,
    nodes: Ids,
    size: int,
    most: int,
    scratch: Collectors,
    visited: Visited,
    mark: int,
    links: Ids,
    squared: Floats,
) -> int:
    """Choose the out-edges of some nodes before reverse edges; see ``pruning.link_nodes``.

    ``lists`` has the nearest neighbor graph in its first n rows and nodes to start from, taken in turns, in the others;
    ``queries`` has the rows of these nodes only.
    """
    n = knn.shape[0]
    for first in range(0, nodes.shape[0], AT_ONCE):
        some = nodes[first : first + AT_ONCE]
        # Rows from n on name the nodes to start from; a node takes the same in every build, whatever thread it is on.
        entries = (n + some % (lists.shape[0] - n)).astype(np.int32)
        collect(lists, codes, queries, first, entries, size, scratch)
        for slot in range(some.shape[0]):
            mark = next_mark(visited, mark)
            link_node(knn, knn_squared, vectors, codes, some[slot], most, slot, scratch, visited, mark, links, squared)
    return mark


@kernel
def link_node(
    knn: Ids,
    knn_squared: Floats,
    vectors: Stored,
    codes: Codes | Floats,
    node: int,
    most: int,
    slot: int,
    scratch: Collectors,
    visited: Visited,
    mark: int,
    links: Ids,
    squared: Floats,
) -> None:
    """Choose the out-edges of a node among its nearest neighbors and what the search in a slot has met."""
    met, count = scratch.met[slot], scratch.counts[slot]
    # The visited set holds what is a candidate already: the node itself, its neighbors, then what was met.
    visited[node] = mark
    near = 0
    for i in range(knn.shape[1]):
        if knn[node, i] >= 0:
            visited[knn[node, i]] = mark
            near += 1
    # The table of the search forgets, the visited set does not: repeated nodes go out here.
    distinct = 0
    for i in range(count):
        other = key_node(met[i])
        if visited[other] != mark:
            visited[other] = mark
            met[distinct] = met[i]
            distinct += 1
    # Neighbors come first, since their distances are exact and known; of the rest the nearest by code are measured.
    room = max(most - near, 0)
    if distinct > room:
        select_smallest(met, distinct, room, scratch.others)
        distinct = room
    measure(vectors, met, distinct, vectors, node, codes, met)
    for i in range(near):
        met[distinct + i] = make_key(knn_squared[node, i], knn[node, i])
    choose_edges(vectors, codes, node, met, distinct + near, most, scratch.others, links, squared)
