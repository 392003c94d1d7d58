"""Isomap: distances along a surface, measured over a graph of near neighbors and laid out in few dimensions.

Source: Tenenbaum, de Silva, Langford: A Global Geometric Framework for Nonlinear Dimensionality Reduction, Science 290,
2000; Torgerson: Multidimensional Scaling, Psychometrika 17, 1952, for the layout.
"""

from __future__ import annotations

import numpy as np
import scipy
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def squared_distances(points: Floats) -> Floats:
    """(n, n) between points (n, d), by differences and not by products, which lose half of the digits."""
    return scipy.spatial.distance.cdist(points, points, "sqeuclidean")


def geodesic_distances(points: Floats, neighbors: int) -> Floats:
    """Lengths (n, n) of the shortest ways over edges from each of points (n, d) to its nearest ``neighbors``.

    An edge serves both ways, whichever end chose it. The search is Dijkstra's.

    Raises:
        ValueError: the graph is in several pieces, between which there is no way.

    >>> corner = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0]])
    >>> geodesic_distances(corner, 1)[0].tolist()
    [0.0, 1.0, 2.0]
    """
    squared = squared_distances(points)
    np.fill_diagonal(squared, np.inf)  # nobody is a neighbor of itself, even where points coincide
    nearest = np.argsort(squared, axis=1, kind="stable")[:, :neighbors]
    rows = np.repeat(np.arange(len(points)), nearest.shape[1])
    # explicit zeros are edges of length 0, so equal points stay connected
    lengths = np.sqrt(squared[rows, nearest.ravel()])
    graph = scipy.sparse.csr_array((lengths, (rows, nearest.ravel())), shape=squared.shape)
    ways = scipy.sparse.csgraph.dijkstra(graph, directed=False)
    if not np.isfinite(ways).all():
        pieces = scipy.sparse.csgraph.connected_components(graph, directed=False)[0]
        raise ValueError(
            f"expected one graph, got {pieces} pieces with {neighbors} neighbors of {len(points)} points; take more"
        )
    return ways


def classical_scaling(distances: Floats, dim: int) -> Floats:
    """Points (n, dim) whose distances are near to ``distances`` (n, n): the largest eigenvectors of -J D^2 J / 2."""
    squared = distances**2
    means = squared.mean(axis=0)
    products = -0.5 * (squared - means[:, None] - means + means.mean())
    values, vectors = scipy.linalg.eigh(products, subset_by_index=(len(distances) - dim, len(distances) - 1))
    return vectors[:, ::-1] * np.sqrt(np.maximum(values[::-1], 0.0))


def isomap(points: Floats, neighbors: int, dim: int) -> Floats:
    """Points (n, dim) whose distances are near to those along the surface on which points (n, d) lie.

    Raises:
        ValueError: as ``geodesic_distances``.
    """
    return classical_scaling(geodesic_distances(points, neighbors), dim)


def distance_correlation(embedded: Floats, distances: Floats) -> float:
    """Pearson's correlation of the distances of points (n, dim) with ``distances`` (n, n), over pairs."""
    pairs = np.triu_indices(len(distances), 1)
    return float(np.corrcoef(np.sqrt(squared_distances(embedded)[pairs]), distances[pairs])[0, 1])
