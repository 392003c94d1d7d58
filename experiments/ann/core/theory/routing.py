"""Greedy routing on a graph of points, from everywhere.

Counts are exact: a hop is one move; a distance computation is one distance between the query and a point. A walk
measures its start and every out-neighbor of every node that it stands on, the last one included.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from experiments.ann.core.simd.kernel import kernel
from experiments.ann.core.theory.graphs import Neighbors
from experiments.ann.core.theory.point_sets import Points
from experiments.ann.core.theory.proximity import squared_distance, squared_distances

Counts = NDArray[np.int64]


class Routing(NamedTuple):
    """Greedy walks to m queries from all n nodes; arrays (m, n) by query and start."""

    ends: NDArray[np.int64]
    """Node where the walk stops: none of its out-neighbors is strictly nearer to the query."""
    hops: Counts
    distance_computations: Counts


def greedy_from_everywhere(points: Points, neighbors: Neighbors, queries: Points) -> Routing:
    """Greedy walks: move to the nearest out-neighbor (ties by order in the row) while it is strictly nearer.

    The next node depends on the present one only, so nodes are settled by rising distance and no walk is walked twice:
    O(m n (degree + d + log n)).

    Args:
        points: coordinates (n, d).
        neighbors: padded graph (n, width).
        queries: coordinates (m, d).

    >>> line, path = np.array([[0.0], [1.0], [2.0]]), np.array([[1, -1], [0, 2], [1, -1]], np.int32)
    >>> walks = greedy_from_everywhere(line, path, np.array([[9.0]]))
    >>> walks.ends.tolist(), walks.hops.tolist(), walks.distance_computations.tolist()
    ([[2, 2, 2]], [[2, 1, 0]], [[5, 4, 2]])
    """
    return Routing(*_settle(points, neighbors, queries))


def misses(points: Points, queries: Points, routing: Routing) -> NDArray[np.bool_]:
    """Whether a walk ends farther from its query (m, d) than the nearest point (n, d) is: (m, n). Ties are found."""
    squared = squared_distances(queries, points)
    found = np.take_along_axis(squared, routing.ends, axis=1)
    return found > squared.min(axis=1, keepdims=True)


def missed_walks(points: Points, neighbors: Neighbors, queries: Points) -> int:
    """How many of the m n greedy walks from points (n, d) to queries (m, d) do not end at a nearest point.

    >>> line, cut = np.array([[0.0], [1.0], [2.0]]), np.array([[1], [0], [1]], np.int32)
    >>> missed_walks(line, cut, np.array([[9.0], [-9.0]]))
    2
    """
    return int(misses(points, queries, greedy_from_everywhere(points, neighbors, queries)).sum())


def arrivals(walks: Routing) -> NDArray[np.bool_]:
    """Whether the walk to the point q from another one p ends at q itself: (n, n) at [q, p], False for p = q.

    The queries of the walks are the points themselves.
    """
    nodes = np.arange(len(walks.ends))
    return (walks.ends == nodes[:, None]) & (nodes[:, None] != nodes)


def greedy_path(points: Points, neighbors: Neighbors, query: NDArray[np.float64], start: int) -> list[int]:
    """The nodes of one greedy walk to a query (d,), start and end included.

    >>> greedy_path(np.array([[0.0], [1.0], [2.0]]), np.array([[1], [2], [1]], np.int32), np.array([9.0]), 0)
    [0, 1, 2]
    """
    squared = squared_distances(query[None, :], points)[0]
    path = [start]
    while True:
        row = neighbors[path[-1]]
        row = row[row >= 0]
        if not len(row) or squared[row].min() >= squared[path[-1]]:
            return path
        path.append(int(row[squared[row].argmin()]))


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
            following = p  # where the walk goes on, or p itself where it stops
            for slot in range(neighbors.shape[1]):
                u = neighbors[p, slot]
                if u < 0:
                    break
                costs[query, p] += 1
                if squared[u] < squared[following]:
                    following = u
            if following != p:  # nearer to the query, so settled already
                ends[query, p] = ends[query, following]
                hops[query, p] = hops[query, following] + 1
                costs[query, p] += costs[query, following] - 1  # the node gone to was measured here, and there as start
    return ends, hops, costs
