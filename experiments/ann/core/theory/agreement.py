"""How answers of nearest-neighbor searches differ from the exact one: in distance, rank by rank."""

from __future__ import annotations

import faiss
import numpy as np
from scipy.spatial import cKDTree

from experiments.ann.core.exact.exact import distances_of, exact_neighbors
from experiments.ann.core.exact.kdtree import build_tree, search_tree
from experiments.ann.core.simd.distance import Floats
from experiments.ann.core.theory.proximity import squared_distances

ONE_LEAF = "k-d tree, one leaf"


def distance_ratio(found: Floats, truth: Floats) -> float:
    """Mean of found over true distance, rank by rank, from squared ones (m, k), where both are finite and positive.

    >>> distance_ratio(np.array([[4.0, 16.0, np.inf]]), np.array([[1.0, 4.0, 9.0]]))
    2.0
    """
    ordered = np.sort(found, axis=1)
    usable = np.isfinite(ordered) & np.isfinite(truth) & (truth > 0)
    return float(np.sqrt(ordered[usable] / truth[usable]).mean()) if usable.any() else float("nan")


def exact_answer_errors(base: Floats, queries: Floats, k: int, leaf_size: int) -> dict[str, float]:
    """Largest relative error of the k nearest distances of exact methods, and of a k-d tree that opens one leaf.

    The reference is a scan in float64 by differences. Distances of faiss's scan are measured again from its ids,
    because its own come from the expanded square, which cancels. Infinite where a method finds fewer than k.
    """
    exact = np.sort(squared_distances(queries.astype(np.float64), base.astype(np.float64)), axis=1)[:, :k]
    tree, flat = build_tree(base, leaf_size), faiss.IndexFlatL2(base.shape[1])
    flat.add(base)
    answers = {
        "faiss Flat": np.sort(distances_of(base, queries, flat.search(queries, k)[1]), axis=1),
        "our scan": exact_neighbors(base, queries, k, threads=1)[1],
        "our k-d tree": search_tree(tree, queries, k).squared,
        "scipy k-d tree": np.asarray(cKDTree(base).query(queries, k=[*range(1, k + 1)])[0]) ** 2,
        ONE_LEAF: search_tree(tree, queries, k, 1).squared,
    }
    lengths = np.sqrt(np.maximum(exact, np.finfo(np.float32).tiny))
    return {name: float((np.abs(np.sqrt(found) - np.sqrt(exact)) / lengths).max()) for name, found in answers.items()}
