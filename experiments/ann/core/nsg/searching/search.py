"""Best-first search on a directed graph: the algorithm that NSG is searched with and built with.

The candidate list holds the ``search_list_size`` nearest nodes met so far, sorted. The nearest one that has not been
expanded yet is expanded: its out-neighbors that are not in the visited set are measured and inserted. The search ends
when the whole list is expanded. Graphs are padded rectangles (n, R) of ids with -1 after the last neighbor.

Source: Fu, Xiang, Wang, Cai: Fast Approximate Nearest Neighbor Search With The Navigating Spreading-out Graph, PVLDB
12(5), 2019, Algorithm 1.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from experiments.ann.core.simd.distance import Floats, Ids, Keys, key_distance, key_node, make_key
from experiments.ann.core.simd.kernel import kernel
from experiments.ann.core.simd.vector import LANES, prefetch, squared_distance

Visited = NDArray[np.uint8]
"""The visited set as a mark per node (n,): a node is in it if it carries the mark of the search."""


@kernel
def insert(pool: Keys, size: int, capacity: int, key: int) -> int:
    """Insert a key into the sorted candidate list and drop what exceeds the capacity.

    Args:
        pool: the list (>= capacity,); its first ``size`` keys are in use.

    Returns:
        Position of the new key; ``capacity`` if it was not inserted.

    >>> pool = np.array([2, 6, 8])
    >>> insert(pool, 3, 3, 4), pool.tolist()
    (1, [2, 4, 6])
    """
    if size == capacity and key >= pool[size - 1]:
        return capacity
    # Bisection: all keys before ``low`` are smaller, none from ``high`` on is.
    low = 0
    high = size
    while low < high:
        middle = (low + high) >> 1
        if pool[middle] < key:
            low = middle + 1
        else:
            high = middle
    # From the back on, so that nothing is overwritten before it is moved; of a full list the last key drops out.
    for i in range(min(size, capacity - 1), low, -1):
        pool[i] = pool[i - 1]
    pool[low] = key
    return low


@kernel
def next_mark(visited: Visited, mark: int) -> int:
    """A mark that no node carries: one more than the last, or 1 after clearing when a byte is used up.

    So the visited set is emptied once in 255 searches, not for every one.

    >>> visited = np.full(2, 255, np.uint8)
    >>> next_mark(visited, 7), next_mark(visited, 255), visited.tolist()
    (8, 1, [0, 0])
    """
    if mark == 255:
        visited[:] = 0
        return 1
    return mark + 1


@kernel
def meet(neighbors: Ids, base: Floats, visited: Visited, mark: int, fresh: NDArray[np.int64]) -> int:
    """Collect the neighbors (R,) that are not in the visited set into ``fresh``, and ask for their vectors.

    Returns:
        Their number.
    """
    count = 0
    for node in neighbors:
        if node < 0:
            break
        if visited[node] != mark:
            visited[node] = mark
            # All requests go out before the first vector is measured, so that the waits overlap. After four lines the
            # processor sees the pattern and fetches the rest by itself.
            for line in range(min(base.shape[1] // LANES, 4)):
                prefetch(base, node, line)
            fresh[count] = node
            count += 1
    return count


@kernel
def best_first(
    graph: Ids,
    base: Floats,
    query: Floats,
    entries: Ids,
    pool: Keys,
    capacity: int,
    visited: Visited,
    mark: int,
    met: Keys,
) -> tuple[int, int, int]:
    """Search one query.

    Args:
        graph: out-neighbors (n, R).
        base: padded vectors (n, d).
        query: vector (d,).
        entries: ids to start from; repeated ids count once.
        pool: scratch and result (>= capacity,), the candidate list as sorted keys.
        capacity: length of the candidate list.
        visited: the visited set (n,).
        mark: that of this search.
        met: out, keys of all nodes that were measured, in the order of meeting (>= n,), or an empty array.

    Returns:
        Length of the candidate list, distance computations, hops (expanded nodes).
    """
    size = 0
    measured = 0
    hops = 0
    keep_met = met.shape[0] > 0
    for node in entries:
        if visited[node] != mark:
            visited[node] = mark
            key = make_key(squared_distance(base, node, query), node)
            if keep_met:
                met[measured] = key
            measured += 1
            if insert(pool, size, capacity, key) < capacity:
                size = min(size + 1, capacity)
    fresh = np.empty(graph.shape[1], np.int64)
    # Every key before ``position`` is expanded.
    position = 0
    while position < size:
        if pool[position] & 1:
            position += 1
            continue
        nearest = key_node(pool[position])
        pool[position] |= 1
        hops += 1
        count = meet(graph[nearest], base, visited, mark, fresh)
        first_inserted = capacity
        for i in range(count):
            key = make_key(squared_distance(base, fresh[i], query), fresh[i])
            if keep_met:
                met[measured] = key
            measured += 1
            # Most neighbors are farther than the whole list: one comparison turns them away.
            if size < capacity or key < pool[size - 1]:
                first_inserted = min(first_inserted, insert(pool, size, capacity, key))
                size = min(size + 1, capacity)
        # What was inserted before the node is nearer to the query, so the search goes back to it.
        position = min(position + 1, first_inserted)
    return size, measured, hops


@kernel
def search_rows(
    graph: Ids,
    base: Floats,
    queries: Floats,
    start: int,
    stop: int,
    entries: Ids,
    capacity: int,
    pool: Keys,
    visited: Visited,
    mark: int,
    ids: Ids,
    squared: Floats,
    distance_computations: Ids,
    hops: Ids,
) -> int:
    """Search queries start..stop-1 and write their k nearest; returns the last mark used.

    Args:
        entries: rows of ids to start from, taken in turns by the queries.
        ids, squared: out (m, k); what is not found stays as it is.
        distance_computations, hops: out (m,).

    The other arguments are those of ``best_first``.
    """
    k = ids.shape[1]
    nothing = pool[:0]  # an array without places: what is met need not be kept
    for row in range(start, stop):
        mark = next_mark(visited, mark)
        own_entries = entries[row % entries.shape[0]]
        size, measured, expanded = best_first(
            graph, base, queries[row], own_entries, pool, capacity, visited, mark, nothing
        )
        for i in range(min(k, size)):
            ids[row, i] = key_node(pool[i])
            squared[row, i] = key_distance(pool[i])
        distance_computations[row] = measured
        hops[row] = expanded
    return mark
