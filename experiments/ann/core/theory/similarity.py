"""The k nearest under several metrics, and how far two answers agree. Exact, by a scan in float64."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

Metric = Literal["l1", "l2", "ip", "cosine"]
Vectors = NDArray[np.float32] | NDArray[np.float64]


def top_k(base: Vectors, queries: Vectors, k: int, metric: Metric) -> NDArray[np.int64]:
    """Ids (m, k) of the nearest base vectors (n, d) of each query (m, d), nearest first, ties by id.

    l1: sum of absolute differences; l2: Euclidean distance; ip: largest inner product; cosine: largest cosine, where a
    zero vector has cosine 0 with everything.

    >>> base, query = np.array([[1.0, 0.0], [0.6, 0.6], [9.0, 9.0]]), np.array([[0.0, 0.0]])
    >>> top_k(base, query, 1, "l1").tolist(), top_k(base, query, 1, "l2").tolist()
    ([[0]], [[1]])
    """
    points, asked = base.astype(np.float64), queries.astype(np.float64)
    if metric in ("l1", "l2"):
        far = cdist(asked, points, "cityblock" if metric == "l1" else "sqeuclidean")
    else:
        far = -(unit_rows(asked) @ unit_rows(points).T if metric == "cosine" else asked @ points.T)
    return np.argsort(far, axis=1, kind="stable")[:, :k]


def unit_rows(vectors: Vectors) -> NDArray[np.float64]:
    """The vectors (n, d) at length 1; zero vectors stay.

    >>> unit_rows(np.array([[0.0, 0.0], [3.0, 4.0]])).tolist()
    [[0.0, 0.0], [0.6, 0.8]]
    """
    lengths = np.linalg.norm(vectors.astype(np.float64), axis=1, keepdims=True)
    return vectors / np.where(lengths > 0, lengths, 1.0)


def jaccard(first: NDArray[np.int64], second: NDArray[np.int64]) -> NDArray[np.float64]:
    """Size of intersection over size of union of two sets of distinct ids, row by row: (m, k) and (m, k) to (m,).

    >>> jaccard(np.array([[1, 2, 3]]), np.array([[3, 4, 5]])).tolist()
    [0.2]
    """
    common = (first[:, :, None] == second[:, None, :]).sum(axis=(1, 2))
    return common / (first.shape[1] + second.shape[1] - common)
