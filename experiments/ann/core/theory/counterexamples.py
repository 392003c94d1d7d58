"""Small sets of points with whole coordinates on which a property fails, to be checked with a pencil.

Found by exhaustive search over small grids; the tests walk every one of them.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from experiments.ann.core.theory.graphs import Edges, Neighbors
from experiments.ann.core.theory.point_sets import Points
from experiments.ann.core.theory.proximity import squared_distances
from experiments.ann.core.theory.routing import greedy_path

SHOWN = 6
"""Largest set whose points are listed."""

RNG_STALLS = np.array([(1, 6), (8, 2), (6, 0), (6, 6)], float)
"""Greedy on the RNG from (6, 0) to (1, 6) stops at once: the only neighbor (8, 2) of (6, 0) is farther."""
GABRIEL_STALLS = np.array([(1, 2), (1, 9), (3, 3), (2, 2)], float)
"""Greedy on the Gabriel graph from (1, 2) to (1, 9) stops at once: the only neighbor (2, 2) is farther."""
MRNG_MISSES_QUERY = np.array([(2, 9), (7, 3), (0, 8)], float)
"""Greedy on the MRNG from (0, 8) for the query (0, 0) stays there, though (7, 3) is nearer."""
MISSED_QUERY = np.array((0, 0), float)
MRNG_LEAVES_DELAUNAY = np.array([(10, 3), (3, 1), (8, 0), (10, 1), (3, 0)], float)
"""The MRNG has the edge (3, 1) -> (10, 1), which no Delaunay triangulation has."""
MRNG_IS_DIRECTED = np.array([(0, 2), (7, 3), (3, 8), (5, 8)], float)
"""The MRNG has the edge (7, 3) -> (0, 2) but not its reverse."""
TIED_EDGES = np.array([(0, 0), (3, 1), (3, -1)], float)
"""Both sides from (0, 0) are RNG edges, for (3, 1) lies on the border of the other's lune; the MRNG keeps one."""


def describe_walk(points: Points, neighbors: Neighbors, start: int, target: NDArray[np.float64]) -> str:
    """A greedy walk in words, with squared distances to the target: its steps, why it stops, and the nearest point."""
    squared = squared_distances(target[None, :], points)[0]
    path = greedy_path(points, neighbors, target, start)
    row = [int(node) for node in neighbors[path[-1]] if node >= 0]

    def at(node: int) -> str:
        return f"{place(points[node])} at {squared[node]:g}"

    listed = ", ".join(place(point) for point in points) if len(points) <= SHOWN else f"{len(points)} points"
    shown = ", ".join(at(node) for node in sorted(row, key=squared.__getitem__)[:3]) or "none"
    return (
        f"in {{{listed}}} greedy to {place(target)} walks {' -> '.join(at(node) for node in path)} and stops, "
        f"as its nearest neighbors are {shown}; the nearest point is {at(int(squared.argmin()))} (squared distances)"
    )


def describe_first_stall(points: Points, neighbors: Neighbors, stalled: Edges) -> str:
    """The greedy walk of the first of the pairs (m, 2) in words; empty without one."""
    return "".join(describe_walk(points, neighbors, int(p), points[q]) for p, q in stalled[:1])


def describe_edges(points: Points, edges: Edges) -> str:
    """Directed edges (m, 2) of a small set (n, d) in words.

    >>> describe_edges(TIED_EDGES, np.array([[0, 1]]))
    'in {(0, 0), (3, 1), (3, -1)} (0, 0) -> (3, 1)'
    """
    listed = ", ".join(place(point) for point in points)
    return f"in {{{listed}}} {', '.join(f'{place(points[p])} -> {place(points[q])}' for p, q in edges)}"


def place(point: NDArray[np.float64]) -> str:
    """Coordinates (d,) in parentheses; the first three of many.

    >>> place(np.array([1.0, 0.5, 3.0, 4.0]))
    '(1, 0.5, 3, ...)'
    """
    shown = ", ".join(f"{value:g}" for value in point[:3])
    return f"({shown}{', ...' if len(point) > 3 else ''})"
