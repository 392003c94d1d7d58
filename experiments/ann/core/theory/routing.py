"""Routing on a graph of points: greedy walks from everywhere, and best-first search with a bounded pool.

Counts are exact: a hop is one move (greedy) or one expanded node (best-first); a distance computation is one distance
between the query and a point. Greedy measures the start and every out-neighbor of every node that it stands on, the
last one included.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from experiments.ann.core.simd.kernel import kernel
from experiments.ann.core.theory.graphs import Neighbors
from experiments.ann.core.theory.point_sets import Points
from experiments.ann.core.theory.proximity import squared_distance, squared_distances

Counts = NDArray[np.int64]


@dataclass(frozen=True)
class Routing:
    """Greedy walks to m queries from all n nodes; arrays (m, n) by query and start."""

    ends: NDArray[np.int64]
    """Node where the walk stops: none of its out-neighbors is strictly nearer to the query."""
    hops: Counts
    distance_computations: Counts


def greedy_from_everywhere(points: Points, neighbors: Neighbors, queries: Points) -> Routing:
    """Greedy walks: move to the nearest out-neighbor (ties by order in the row) while it is strictly nearer to the
    query.

    The next node depends on the present one only, so nodes are settled by rising distance and no walk is walked twice:
    O(m n (degree + d + log n)).

    Args:
        points: coordinates (n, d).
        neighbors: padded graph (n, width).
        queries: coordinates (m, d).
    """
    return Routing(*_settle(points, neighbors, queries))


def misses(points: Points, queries: Points, routing: Routing) -> NDArray[np.bool_]:
    """Whether a walk ends farther from its query than the nearest point does: (m, n). Ties count as found."""
    squared = squared_distances(queries, points)
    found = np.take_along_axis(squared, routing.ends, axis=1)
    return found > squared.min(axis=1, keepdims=True)


def greedy_path(points: Points, neighbors: Neighbors, query: NDArray[np.float64], start: int) -> list[int]:
    """The nodes of one greedy walk, start and end included."""
    squared = squared_distances(query[None, :], points)[0]
    path = [start]
    while True:
        row = neighbors[path[-1]]
        row = row[row >= 0]
        if not len(row) or squared[row].min() >= squared[path[-1]]:
            return path
        path.append(int(row[squared[row].argmin()]))


@dataclass(frozen=True)
class Found:
    """Answer of one best-first search: ids and squared distances, nearest first, and what it cost."""

    ids: NDArray[np.int64]
    squared: NDArray[np.float64]
    hops: int
    distance_computations: int


def best_first_search(
    points: Points, neighbors: Neighbors, query: NDArray[np.float64], start: int, pool_size: int
) -> Found:
    """Expand the nearest unexpanded node of a pool that keeps the ``pool_size`` nearest seen, until all are expanded.

    With ``pool_size`` 1 this stops where the greedy walk stops; with n on a connected graph the answer is exact. Ties
    are kept in the order in which they were seen.
    """
    return Found(*_best_first(points, neighbors, query, start, pool_size))


@kernel
def _settle(points: Points, neighbors: Neighbors, queries: Points) -> tuple[NDArray[np.int64], Counts, Counts]:
    n, m = points.shape[0], queries.shape[0]
    ends = np.empty((m, n), np.int64)
    hops = np.zeros((m, n), np.int64)
    costs = np.ones((m, n), np.int64)
    for query in range(m):
        squared = np.array([squared_distance(points[p], queries[query]) for p in range(n)])
        for p in np.argsort(squared):
            ends[query, p] = p
            following = p
            for slot in range(neighbors.shape[1]):
                u = neighbors[p, slot]
                if u < 0:
                    break
                costs[query, p] += 1
                if squared[u] < squared[following]:
                    following = u
            if following != p:
                ends[query, p] = ends[query, following]
                hops[query, p] = hops[query, following] + 1
                costs[query, p] += costs[query, following] - 1
    return ends, hops, costs


@kernel
def _best_first(
    points: Points, neighbors: Neighbors, query: NDArray[np.float64], start: int, pool_size: int
) -> tuple[NDArray[np.int64], NDArray[np.float64], int, int]:
    ids = np.full(pool_size, -1, np.int64)
    squared = np.full(pool_size, np.inf)
    expanded = np.zeros(pool_size, np.bool_)
    seen = np.zeros(points.shape[0], np.bool_)
    ids[0], squared[0], seen[start] = start, squared_distance(points[start], query), True
    size, hops, computations, position = 1, 0, 1, 0
    while position < size:
        if expanded[position]:
            position += 1
            continue
        expanded[position] = True
        hops += 1
        nearest_new = pool_size
        node = ids[position]
        for slot in range(neighbors.shape[1]):
            u = neighbors[node, slot]
            if u < 0:
                break
            if seen[u]:
                continue
            seen[u] = True
            computations += 1
            distance = squared_distance(points[u], query)
            if size == pool_size and distance >= squared[size - 1]:
                continue
            place = int(np.searchsorted(squared[:size], distance, side="right"))
            last = min(size, pool_size - 1)
            for rank in range(last, place, -1):
                ids[rank], squared[rank], expanded[rank] = ids[rank - 1], squared[rank - 1], expanded[rank - 1]
            ids[place], squared[place], expanded[place] = u, distance, False
            size = last + 1
            nearest_new = min(nearest_new, place)
        position = min(position, nearest_new)
    return ids[:size], squared[:size], hops, computations
