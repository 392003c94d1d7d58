"""How distances behave when dimensions are added: contrast, nearest-neighbor distance, hubs, and data of low dimension.

Sources: Beyer, Goldstein, Ramakrishnan, Shaft: When is "nearest neighbor" meaningful?, ICDT 1999; Aggarwal, Hinneburg,
Keim: On the surprising behavior of distance metrics in high dimensional space, ICDT 2001; Radovanović, Nanopoulos,
Ivanović: Hubs in space, JMLR 11, 2010.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree
from scipy.spatial.distance import cdist
from scipy.stats import skew

Vectors = NDArray[np.float64]


def relative_contrast(points: Vectors, queries: Vectors) -> NDArray[np.float64]:
    """(D_max - D_min) / D_min of the Euclidean distances from each query (m, d) to the points (n, d): (m,).

    0 where all points are equally far; infinite where a query is one of the points.

    >>> relative_contrast(np.array([[3, 4], [0, 10], [6, 8]]), np.zeros((1, 2))).tolist()
    [1.0]
    """
    distances = cdist(queries, points)
    nearest, farthest = distances.min(axis=1), distances.max(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(nearest > 0, (farthest - nearest) / nearest, np.inf)


def torus_nearest_distances(points: Vectors) -> NDArray[np.float64]:
    """Distance of each point (n, d) in the unit cube, opposite faces joined, to its nearest other: (n,).

    Without faces there is no boundary, which would bias how the distance falls with n.

    >>> torus_nearest_distances(np.array([[0.05], [0.95], [0.5]])).round(9).tolist()
    [0.1, 0.1, 0.45]
    """
    distances = np.asarray(cKDTree(points, boxsize=np.ones(points.shape[1])).query(points, k=2)[0])
    return distances[:, 1]


def expected_nearest_distance(n: int, dim: int) -> float:
    """Mean distance to the nearest of n - 1 uniform points of a torus of volume 1, for large n.

    A ball of radius r has volume V r^d, so P(distance > r) = (1 - V r^d)^(n - 1) ~ exp(-n V r^d), and the mean is
    Gamma(1 + 1/d) (n V)^(-1/d) with V = pi^(d/2) / Gamma(1 + d/2).

    >>> round(expected_nearest_distance(100, 1), 9), round(expected_nearest_distance(100, 2), 9)
    (0.005, 0.05)
    """
    unit_ball = math.pi ** (dim / 2) / math.gamma(1 + dim / 2)
    return math.gamma(1 + 1 / dim) * (n * unit_ball) ** (-1 / dim)


def hubness(points: Vectors, k: int) -> float:
    """Skewness of how often a point of (n, d) is among the k nearest others of another.

    Near 0 without hubs, large with them: the center of a star is everybody's nearest neighbor.

    >>> round(hubness(np.vstack([np.eye(12), np.full((1, 12), 1 / 12)]), 1), 2)
    3.14
    """
    distances = cdist(points, points)
    np.fill_diagonal(distances, np.inf)
    chosen = np.argpartition(distances, k - 1, axis=1)[:, :k]
    return float(skew(np.bincount(chosen.ravel(), minlength=len(points))))


def curved_sheet(rng: np.random.Generator, n: int, dim: int, intrinsic_dim: int) -> Vectors:
    """Points (n, dim) of a curved surface of ``intrinsic_dim`` dimensions.

    Coordinate j is sqrt(2 / dim) cos(w_j u + b_j) of a uniform u in the unit cube, with normal w_j and uniform phases
    b_j: a smooth map whose distances converge as coordinates are added.
    """
    latent = rng.random((n, intrinsic_dim))
    directions, phases = rng.standard_normal((intrinsic_dim, dim)), rng.uniform(0, 2 * math.pi, dim)
    return math.sqrt(2 / dim) * np.cos(latent @ directions + phases)
