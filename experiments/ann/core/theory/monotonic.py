"""Monotonic search networks: the monotonic relative neighborhood graph, and exact checks over all pairs.

A path to q is monotonic if every step is strictly nearer to q. A graph is a monotonic search network (MSNET) if such a
path leads from every p to every q of the set. That holds iff every p != q has an out-neighbor strictly nearer to q than
p is, iff greedy routing succeeds for all pairs. It says nothing of queries outside the set.

Sources: Dearholt, Gonzales, Kurup: Monotonic search networks for computer vision databases, 1988; Fu, Xiang, Wang, Cai:
Fast Approximate Nearest Neighbor Search With The Navigating Spreading-out Graph, PVLDB 12(5), 2019.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from experiments.ann.core.simd.kernel import kernel
from experiments.ann.core.theory.graphs import Edges, Neighbors, directed_edges, graph_from_lists, without_edge
from experiments.ann.core.theory.point_sets import Points
from experiments.ann.core.theory.proximity import pairs_array, squared_distance

KISSING_NUMBERS = {1: 2, 2: 6, 3: 12, 4: 24, 8: 240, 24: 196_560}
"""Unit vectors that pairwise enclose at least 60 degrees: the most there can be, where it is known exactly.

Source: Conway, Sloane: Sphere Packings, Lattices and Groups, 3rd edition, 1999; d = 4: Musin, Annals of Mathematics
168(1), 2008.
"""


def monotonic_relative_neighborhood_graph(points: Points, ties: Literal["keep", "drop"] = "keep") -> Neighbors:
    """MRNG: p scans the others by rising distance (ties by id) and takes q iff no r taken before has d(r, q) < d(p, q).

    Only *taken* points can reject; if every point could, the result would be the smaller relative neighborhood graph.

    Args:
        points: coordinates (n, d), distinct: to a duplicate no step is strictly nearer.
        ties: "drop" rejects at d(r, q) = d(p, q) too, and the result is no MSNET any more.

    Returns:
        Directed graph (n, width), nearest first. Cost: O(n^2 (d degree + log n)).

    >>> monotonic_relative_neighborhood_graph(np.array([[2.0, 9], [7, 3], [0, 8]])).tolist()
    [[2, 1], [0, -1], [0, -1]]
    """
    rows = [_occlude(points, p, _order_from(points, p), ties == "drop") for p in range(len(points))]
    return graph_from_lists([list(row) for row in rows])


@kernel
def stalled_pairs(points: Points, neighbors: Neighbors) -> Edges:
    """Pairs (p, q) (m, 2), p != q, where no out-neighbor of p is strictly nearer to q. Empty iff the graph is an MSNET.

    Checks all n(n - 1) pairs: O(n^2 degree d).

    >>> stalled_pairs(np.array([[0.0], [1.0], [2.0]]), np.array([[1, -1], [0, -1], [1, -1]], np.int32)).tolist()
    [[1, 2]]
    """
    n = points.shape[0]
    pairs = [(0, 0) for _ in range(0)]  # an empty list whose type the compiler knows
    for q in range(n):
        squared = np.array([squared_distance(points[p], points[q]) for p in range(n)])
        for p in range(n):
            progress = p == q
            for slot in range(neighbors.shape[1]):
                u = neighbors[p, slot]
                if u < 0 or progress:
                    break
                progress = squared[u] < squared[p]
            if not progress:
                pairs.append((p, q))
    return pairs_array(pairs)


@kernel
def monotonic_reachability(points: Points, neighbors: Neighbors) -> NDArray[np.bool_]:
    """Whether any monotonic path leads from p to q: (n, n) at [p, q], by the definition and not by greedy steps.

    Points are settled by rising distance to q: p is connected iff some strictly nearer out-neighbor is.

    >>> path = np.array([[1, -1], [0, -1], [1, -1]], np.int32)
    >>> monotonic_reachability(np.array([[0.0], [1.0], [2.0]]), path).astype(int).tolist()
    [[1, 1, 0], [1, 1, 0], [1, 1, 1]]
    """
    n = points.shape[0]
    connected = np.zeros((n, n), np.bool_)
    for q in range(n):
        squared = np.array([squared_distance(points[p], points[q]) for p in range(n)])
        for p in np.argsort(squared):
            connected[p, q] = p == q
            for slot in range(neighbors.shape[1]):
                u = neighbors[p, slot]
                if u < 0:
                    break
                if squared[u] < squared[p] and connected[u, q]:
                    connected[p, q] = True
    return connected


@kernel
def narrow_angles(points: Points, neighbors: Neighbors) -> Edges:
    """Out-edges p -> r, p -> q that enclose less than 60 degrees, as rows (p, r, q) (m, 3).

    In a triangle the angle at p is at least 60 degrees if d(r, q) >= max(d(p, r), d(p, q)), which needs no cosine; only
    that (stronger) form, which the MRNG satisfies, is checked.

    >>> narrow_angles(np.array([[0.0, 0], [3, 1], [3, -1]]), np.array([[1, 2], [-1, -1], [-1, -1]], np.int32)).tolist()
    [[0, 1, 2]]
    """
    triples = [(0, 0, 0) for _ in range(0)]
    for p in range(points.shape[0]):
        for first in range(neighbors.shape[1]):
            for second in range(first):
                r, q = neighbors[p, second], neighbors[p, first]
                if r < 0 or q < 0:
                    continue
                longest = max(squared_distance(points[p], points[r]), squared_distance(points[p], points[q]))
                if squared_distance(points[r], points[q]) < longest:
                    triples.append((p, r, q))
    found = np.empty((len(triples), 3), np.int64)
    for row in range(len(triples)):
        found[row, 0], found[row, 1], found[row, 2] = triples[row]
    return found


def smallest_angle(points: Points, neighbors: Neighbors) -> float:
    """The smallest angle in degrees between two out-edges of one node, edges to repeats left out.

    nan where no node has two.

    >>> round(smallest_angle(np.array([[0, 0], [1, 0], [0, 2]]), np.array([[1, 2], [-1, -1], [-1, -1]])), 9)
    90.0
    """
    smallest = np.nan
    for p in range(len(points)):
        directions = points[neighbors[p][neighbors[p] >= 0]] - points[p]
        lengths = np.linalg.norm(directions, axis=1, keepdims=True)
        directions = directions[lengths[:, 0] > 0] / lengths[lengths[:, 0] > 0]
        if len(directions) > 1:
            # the largest cosine above the diagonal belongs to the smallest angle
            cosine = (directions @ directions.T)[np.triu_indices(len(directions), 1)].max()
            smallest = np.fmin(smallest, np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0))))
    return float(smallest)


def removable_edges(points: Points, neighbors: Neighbors) -> Edges:
    """Edges (m, 2) of an MSNET that can be deleted one at a time with the graph still an MSNET, tried one by one.

    Empty iff the network is minimal. O(edges n^2 degree d), so for small sets.

    >>> line = np.array([[0.0], [1.0], [2.0]])
    >>> removable_edges(line, np.array([[1, 2], [0, 2], [1, 0]], np.int32)).tolist()
    [[0, 2], [2, 0]]
    """
    edges = directed_edges(neighbors)
    spare = [not len(stalled_pairs(points, without_edge(neighbors, p, q))) for p, q in edges.tolist()]
    return edges[np.array(spare, bool)]


@kernel
def _order_from(points: Points, p: int) -> NDArray[np.int64]:
    """The other points by rising distance from p, ties by id (mergesort is stable)."""
    squared = np.array([squared_distance(points[p], points[q]) for q in range(points.shape[0])])
    squared[p] = -1.0  # first, also before its repeats
    return np.argsort(squared, kind="mergesort")[1:]


@kernel
def _occlude(points: Points, p: int, order: NDArray[np.int64], drop_ties: bool) -> NDArray[np.int64]:
    """The out-neighbors of p among the points in order of their distance."""
    taken = np.empty(order.shape[0], np.int64)
    size = 0
    for q in order:
        length = squared_distance(points[p], points[q])
        free = True
        for slot in range(size):
            between = squared_distance(points[taken[slot]], points[q])
            if between < length or (drop_ties and between == length):
                free = False
                break
        if free:
            taken[size] = q
            size += 1
    return taken[:size]
