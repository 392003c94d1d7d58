"""Random vectors with a known truth. The generator of random numbers is an argument; nothing is read or kept."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from experiments.lab.errors import InputError

NOISE = 0.01
"""Standard deviation, per coordinate, of what ``clustered`` adds off the subspaces."""


def uniform(n: int, dim: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """Points (n, dim), uniform in the unit cube."""
    return rng.random((n, dim), dtype=np.float32)


def gauss(n: int, dim: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """Points (n, dim), standard normal in every coordinate."""
    return rng.standard_normal((n, dim), dtype=np.float32)


def clustered(
    n: int, dim: int, intrinsic_dim: int, rng: np.random.Generator, *, clusters: int | None = None
) -> NDArray[np.float32]:
    """Points (n, dim) of a Gaussian mixture whose clusters lie on subspaces of ``intrinsic_dim`` dimensions.

    x = c_j + B_j z + 0.01 e, where j is drawn uniformly, z and e are standard normal, B_j (dim, intrinsic_dim) has
    orthonormal columns and c_j ~ N(0, intrinsic_dim / dim I), so centers lie about as far apart as points of one
    cluster (squared distance 2 intrinsic_dim in the mean for both). ``clusters`` defaults to n // 50, at least 1 and
    at most 32. Raises InputError for an ``intrinsic_dim`` that is not from 1 to ``dim``.
    """
    if not 1 <= intrinsic_dim <= dim:
        raise InputError(f"clustered: intrinsic_dim is {intrinsic_dim}, expected 1 to dim = {dim}.")
    n_clusters = clusters if clusters is not None else min(max(n // 50, 1), 32)
    centers = rng.standard_normal((n_clusters, dim)) * np.sqrt(intrinsic_dim / dim)
    bases = np.linalg.qr(rng.standard_normal((n_clusters, dim, intrinsic_dim)))[0]
    cluster_of = rng.integers(n_clusters, size=n)
    points = np.empty((n, dim), dtype=np.float32)
    for cluster in range(n_clusters):
        rows = np.flatnonzero(cluster_of == cluster)
        points[rows] = centers[cluster] + rng.standard_normal((len(rows), intrinsic_dim)) @ bases[cluster].T
    points += NOISE * rng.standard_normal((n, dim), dtype=np.float32)
    return points
