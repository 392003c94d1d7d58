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
    """
    distances = cdist(queries, points)
    nearest, farthest = distances.min(axis=1), distances.max(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(nearest > 0, (farthest - nearest) / nearest, np.inf)


def torus_nearest_distances(points: Vectors) -> NDArray[np.float64]:
    """Distance of each point (n, d) in the unit cube, opposite faces joined, to its nearest other: (n,).

    Without faces there is no boundary, which would bias how the distance falls with n.
    """
    distances = np.asarray(cKDTree(points, boxsize=np.ones(points.shape[1])).query(points, k=2)[0])
    return distances[:, 1]


def expected_nearest_distance(n: int, dim: int) -> float:
    """Mean distance to the nearest of n - 1 uniform points of a torus of volume 1, for large n.

    A ball of radius r has volume V r^d, so P(distance > r) = (1 - V r^d)^(n - 1) ~ exp(-n V r^d), and the mean is
    Gamma(1 + 1/d) (n V)^(-1/d) with V = pi^(d/2) / Gamma(1 + d/2).
    """
    unit_ball = math.pi ** (dim / 2) / math.gamma(1 + dim / 2)
    return math.gamma(1 + 1 / dim) * (n * unit_ball) ** (-1 / dim)


def hubness(points: Vectors, k: int) -> float:
    """Skewness of how often a point is among the k nearest others of another: near 0 without hubs, large with them."""
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


def random_design_risk(noise_variance: float, n: int, features: int) -> float:
    """Expected squared error of least squares with intercept on a new point: s^2 (n + 1)(n - 2) / (n (n - p - 2)).

    For n independent Gaussian rows of p features and a linear truth; infinite for n <= p + 2.
    """
    if n <= features + 2:
        return math.inf
    return noise_variance * (n + 1) * (n - 2) / (n * (n - features - 2))
