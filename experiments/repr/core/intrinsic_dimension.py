"""How many numbers a point needs, from the distances to its nearest neighbors.

In d dimensions the neighbors within r of a point grow like r^d, whatever the density, where it is locally constant.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from experiments.repr.core.geodesics import squared_distances

Floats = NDArray[np.float64]


def nearest_distances(points: Floats, neighbors: int) -> Floats:
    """(n, neighbors): distances of points (n, d) to their nearest others, rising; equal points count once."""
    squared = squared_distances(np.unique(points, axis=0))
    np.fill_diagonal(squared, np.inf)
    return np.sqrt(np.sort(squared, axis=1)[:, :neighbors])


def levina_bickel(distances: Floats) -> float:
    """The maximum likelihood estimate from distances (n, k) to k neighbors; the inverse estimates are averaged.

    Source: Levina, Bickel: Maximum Likelihood Estimation of Intrinsic Dimension, 2004; MacKay, Ghahramani, 2005, for
    the mean of the inverses.

    >>> round(levina_bickel(np.array([[1.0, np.e, np.e**2]])), 4)    # (k - 1) / sum of log(T_k / T_j) = 2 / (2 + 1)
    0.6667
    """
    k = distances.shape[1]
    logs = np.log(distances[:, -1:] / distances[:, :-1]).sum(axis=1)
    return float((k - 1) / logs.mean())


def two_nearest(distances: Floats) -> float:
    """(n - 1) / sum of log(r_2 / r_1): the estimate from the two nearest neighbors of distances (n, k >= 2).

    Source: Facco, d'Errico, Rodriguez, Laio: Estimating the intrinsic dimension of datasets by a minimal neighborhood
    information, Scientific Reports 7, 2017; by maximum likelihood in place of their fitted line.
    """
    return float((len(distances) - 1) / np.log(distances[:, 1] / distances[:, 0]).sum())
