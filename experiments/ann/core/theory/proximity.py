"""Classical proximity graphs: nearest neighbors, spanning tree, relative neighborhood, Gabriel.

All distances are Euclidean and compared as squared float64 values; on integer coordinates every comparison is exact.
Regions are open by default: a third point on the border forbids nothing, so edges at exact ties are kept. For distinct
points

    nearest-neighbor graph, spanning tree  within  RNG  within  Gabriel  within  Delaunay.

Sources: Toussaint: The relative neighbourhood graph of a finite planar set, Pattern Recognition 12(4), 1980; Gabriel,
Sokal: A new statistical approach to geographic variation analysis, Systematic Zoology 18(3), 1969; Jaromczyk,
Toussaint: Relative neighborhood graphs and their relatives, Proceedings of the IEEE 80(9), 1992.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from experiments.ann.core.simd.kernel import kernel
from experiments.ann.core.theory.graphs import Edges, Neighbors, graph_from_edges
from experiments.ann.core.theory.point_sets import Points

Squared = NDArray[np.float64]


@kernel
def squared_distance(x: NDArray[np.float64], y: NDArray[np.float64]) -> float:
    """Sum of squared differences of two points, added in the order of the axes."""
    total = 0.0
    for axis in range(x.shape[0]):
        difference = x[axis] - y[axis]
        total += difference * difference
    return total


@kernel
def squared_distances(points: Points, others: Points) -> Squared:
    """All squared distances (n, m) by differences, never by the expanded square, which cancels."""
    squared = np.empty((points.shape[0], others.shape[0]))
    for p in range(points.shape[0]):
        for q in range(others.shape[0]):
            squared[p, q] = squared_distance(points[p], others[q])
    return squared


def nearest_order(squared: Squared) -> NDArray[np.int64]:
    """For each point all others (n, n - 1) by rising squared distance (n, n), ties by id."""
    own = squared.copy()
    np.fill_diagonal(own, -1.0)  # a point is left out by its id: a repeat of it is at distance 0 too
    return np.argsort(own, axis=1, kind="stable")[:, 1:]


def knn_graph(points: Points, k: int) -> Neighbors:
    """Each point (n, d) to its k nearest others, nearest first, ties by id: (n, min(k, n - 1)).

    Cost: O(n^2 (d + log n)).

    >>> knn_graph(np.array([[0.0], [1.0], [3.0]]), 1).tolist()
    [[1], [0], [1]]
    """
    return np.ascontiguousarray(nearest_order(squared_distances(points, points))[:, :k].astype(np.int32))


def nearest_neighbor_graph(points: Points) -> Neighbors:
    """Each point (n, d) to every other at the smallest distance: more than one where distances tie. Cost: O(n^2 d).

    >>> nearest_neighbor_graph(np.array([[-1.0], [0.0], [1.0]])).tolist()
    [[1, -1], [0, 2], [1, -1]]
    """
    squared = squared_distances(points, points)
    np.fill_diagonal(squared, np.inf)
    edges = np.argwhere((squared == squared.min(axis=1, keepdims=True)) & np.isfinite(squared))
    return graph_from_edges(edges, len(points), directed=True)


def minimum_spanning_tree(points: Points) -> Neighbors:
    """The spanning tree of points (n, d) of least total length, edges in both rows; ties by id.

    Cost: O(n^2 d).

    >>> minimum_spanning_tree(np.array([[0.0], [1.0], [3.0]])).tolist()
    [[1, -1], [0, 2], [1, -1]]
    """
    return graph_from_edges(_spanning_edges(points), len(points))


def relative_neighborhood_graph(points: Points, lune: Literal["open", "closed"] = "open") -> Neighbors:
    """Edge pq iff no third point r has max(d(p, r), d(q, r)) < d(p, q), in both rows.

    Args:
        points: coordinates (n, d).
        lune: "closed" replaces < by <=, which drops every edge at an exact tie and can disconnect the graph.

    Candidates r are tried from the nearest to p on, which rejects most pairs at once; the worst case is O(n^3 d).

    >>> relative_neighborhood_graph(np.array([[0.0, 0], [4, 0], [2, 1], [2, -3]])).tolist()
    [[2, 3], [2, 3], [0, 1], [0, 1]]
    """
    order = nearest_order(squared_distances(points, points))
    return graph_from_edges(_edges_with_empty_region(points, order, False, lune == "closed"), len(points))


def relative_neighborhood_by_definition(points: Points) -> Neighbors:
    """The relative neighborhood graph from its definition read aloud: every pair against every third point.

    Cost: O(n^3).
    """
    squared = squared_distances(points, points)
    edge = np.array([~(np.maximum(squared[p], squared) < squared[p][:, None]).any(axis=1) for p in range(len(points))])
    np.fill_diagonal(edge, False)
    return graph_from_edges(np.argwhere(edge), len(points), directed=True)


def relative_neighborhood_of_edges(points: Points, edges: Edges) -> Neighbors:
    """The edges (m, 2) whose open lune is empty; of Delaunay edges in the plane they are the whole graph.

    Cost: O(m n d).
    """
    to_p, to_q = (squared_distances(points[edges[:, end]], points) for end in (0, 1))
    length = to_p[np.arange(len(edges)), edges[:, 1]]
    return graph_from_edges(edges[~(np.maximum(to_p, to_q) < length[:, None]).any(axis=1)], len(points))


def gabriel_graph(points: Points) -> Neighbors:
    """Edge pq iff no third point r lies inside the ball on pq: d(p, r)^2 + d(q, r)^2 < d(p, q)^2; in both rows.

    Cost: O(n^3 d) at worst, as for the relative neighborhood graph.

    >>> gabriel_graph(np.array([[0.0, 0], [4, 0], [2, 1], [2, -3]])).tolist()
    [[2, 3, -1], [2, 3, -1], [0, 1, 3], [0, 1, 2]]
    """
    order = nearest_order(squared_distances(points, points))
    return graph_from_edges(_edges_with_empty_region(points, order, True, False), len(points))


@kernel
def _spanning_edges(points: Points) -> Edges:
    """Prim's algorithm: the tree grows from point 0 by the shortest edge to a point outside it."""
    n = points.shape[0]
    edges = np.empty((max(n - 1, 0), 2), np.int64)
    nearest = np.zeros(n, np.int64)  # for a point outside, its nearest in the tree, and how far it is
    distance = np.full(n, np.inf)
    waiting = np.ones(n, np.bool_)
    newest = 0
    for step in range(n - 1):
        waiting[newest] = False
        best = -1
        for node in range(n):
            if waiting[node]:
                squared = squared_distance(points[newest], points[node])
                if squared < distance[node]:  # only the newest point of the tree can be nearer than before
                    distance[node] = squared
                    nearest[node] = newest
                if best < 0 or distance[node] < distance[best]:
                    best = node
        edges[step, 0] = nearest[best]
        edges[step, 1] = best
        newest = best
    return edges


@kernel
def _edges_with_empty_region(points: Points, order: NDArray[np.int64], ball: bool, closed: bool) -> Edges:
    """Pairs p < q without a third point in their region, which is the ball on pq, or else the lune.

    r lies in the lune iff max(d(p, r), d(q, r)) < d(p, q), in the ball iff d(p, r)^2 + d(q, r)^2 < d(p, q)^2; on the
    border, which ``closed`` regions include, the two sides are equal.
    """
    n = points.shape[0]
    edges = [(0, 0) for _ in range(0)]  # an empty list whose type the compiler knows
    for p in range(n):
        for rank in range(n - 1):
            q = order[p, rank]
            if q < p:
                continue
            length = squared_distance(points[p], points[q])
            empty = True
            for nearer in range(n - 1):
                r = order[p, nearer]
                to_p = squared_distance(points[p], points[r])
                if to_p > length or (to_p == length and not closed):
                    break  # all others are as far from p
                to_q = squared_distance(points[q], points[r])
                size = to_p + to_q if ball else max(to_p, to_q)
                if r != q and (size < length or (closed and size == length)):
                    empty = False
                    break
            if empty:
                edges.append((p, q))
    return pairs_array(edges)


@kernel
def pairs_array(pairs: list[tuple[int, int]]) -> Edges:
    """Pairs of ids as an array (m, 2), also where there is none."""
    array = np.empty((len(pairs), 2), np.int64)
    for row in range(len(pairs)):
        array[row, 0], array[row, 1] = pairs[row]
    return array
