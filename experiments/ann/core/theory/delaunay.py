"""Delaunay graph and its defining property, in d dimensions.

The triangulation itself is qhull's (through scipy). Here are its edges as a graph, and the check with which nobody has
to trust it: no point lies inside the sphere through the corners of a simplex.

Sources: Delaunay: Sur la sphère vide, 1934; Aurenhammer: Voronoi diagrams - a survey, ACM Computing Surveys 23(3),
1991; Barber, Dobkin, Huhdanpaa: The Quickhull algorithm for convex hulls, ACM TOMS 22(4), 1996.
"""

from __future__ import annotations

from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import Delaunay

from experiments.ann.core.theory.graphs import Edges, Neighbors, graph_from_edges
from experiments.ann.core.theory.point_sets import Points
from experiments.ann.core.theory.proximity import squared_distances

BLOCK = 4096
"""Spheres that are measured against all points at once."""

Simplices = NDArray[np.int64]
"""Corner ids (m, d + 1)."""


def delaunay_simplices(points: Points, *, joggle: bool = False) -> Simplices:
    """Delaunay simplices (m, d + 1) of points (n, d), d >= 2.

    Where more than d + 1 points share an empty sphere (any lattice), qhull cuts it in one of the possible ways.

    Args:
        points: coordinates; at least d + 2 of them, not all in one hyperplane.
        joggle: let qhull move the points slightly until nothing is degenerate.

    Raises:
        ValueError: points that appear in no simplex, which qhull drops without a word (duplicates).
        scipy.spatial.QhullError: points in a common hyperplane.
    """
    triangulation = Delaunay(points, qhull_options="QJ Qbb Q12" if joggle else None)
    if len(triangulation.coplanar):
        raise ValueError(
            f"points: expected all in the triangulation, got {len(triangulation.coplanar)} dropped as duplicates"
        )
    return triangulation.simplices.astype(np.int64)


def simplex_edges(simplices: Simplices) -> Edges:
    """Edges (m, 2) of simplices, each once, smaller id first, in ascending order.

    >>> simplex_edges(np.array([[0, 1, 2], [2, 1, 3]])).tolist()
    [[0, 1], [0, 2], [1, 2], [1, 3], [2, 3]]
    """
    pairs = [np.sort(simplices[:, list(corners)], axis=1) for corners in combinations(range(simplices.shape[1]), 2)]
    return np.unique(np.concatenate(pairs), axis=0)


def delaunay_graph(points: Points, *, joggle: bool = False) -> Neighbors:
    """The Delaunay graph (n, width) of points (n, d), edges in both rows, ids ascending.

    Raises as ``delaunay_simplices`` does.

    >>> delaunay_graph(np.array([[0, 0], [4, 0], [0, 4], [1, 1]])).tolist()
    [[1, 2, 3], [0, 2, 3], [0, 1, 3], [0, 1, 2]]
    """
    return graph_from_edges(simplex_edges(delaunay_simplices(points, joggle=joggle)), len(points))


def circumspheres(points: Points, simplices: Simplices) -> tuple[Points, NDArray[np.float64]]:
    """Centers (m, d) and squared radii (m,) of the spheres through all corners of each simplex.

    The center c solves 2 (x_i - x_0) (c - x_0) = |x_i - x_0|^2 for i = 1..d.

    >>> centers, squared_radii = circumspheres(np.array([[0, 0], [6, 0], [0, 8]]), np.array([[0, 1, 2]]))
    >>> centers.tolist(), squared_radii.tolist()
    ([[3.0, 4.0]], [25.0])
    """
    sides = points[simplices[:, 1:]] - points[simplices[:, :1]]
    lengths = (sides**2).sum(axis=2)
    offsets = np.linalg.solve(2 * sides, lengths[:, :, None])[:, :, 0]
    return points[simplices[:, 0]] + offsets, (offsets**2).sum(axis=1)


def sphere_intrusions(points: Points, simplices: Simplices) -> NDArray[np.float64]:
    """How far the nearest point reaches into the circumsphere of each simplex (m,), as a share of the squared radius.

    0 up to rounding where the sphere is empty (its corners lie on it), 1 where a point sits in its center.

    >>> sphere_intrusions(np.array([[0, 0], [6, 0], [0, 8], [3, 4.0]]), np.array([[0, 1, 2]])).tolist()
    [1.0]
    """
    centers, squared_radii = circumspheres(points, simplices)
    blocks = (squared_distances(centers[start : start + BLOCK], points) for start in range(0, len(centers), BLOCK))
    nearest = np.concatenate([block.min(axis=1) for block in blocks])
    return np.maximum(0.0, (squared_radii - nearest) / squared_radii)
