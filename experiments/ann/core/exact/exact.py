"""Exact nearest neighbors by brute force: ground truth, and the k nearest neighbor graph of a set.

A matrix product gives approximate squared distances a = |x|^2 + |y|^2 - 2 xy of centered vectors in float32. It only
selects candidates: the selected are measured again as sums of squared differences. If the bound of the product's
rounding error does not prove that nothing was missed, the row is measured in full. So the result does not depend on
the matrix library or its threads, and ties are broken by id.
"""

from __future__ import annotations

from collections.abc import Generator

import numpy as np
from numpy.typing import NDArray

from experiments.ann.core.simd.distance import Floats, Ids, Keys, key_distance, key_node, make_key, squared_l2_double
from experiments.ann.core.simd.kernel import finish, kernel, run_chunks
from experiments.ann.core.simd.vector import padded, squared_distance
from experiments.foundation.cores import usable_cores

SPARE = 16
"""Candidates kept beyond k, so that rounding in the product rarely decides."""
BLOCK = 256
"""Rows per product."""


@kernel
def collect_block(
    products: Floats,
    row_norms: Floats,
    norms: Floats,
    first: int,
    exclude_self: bool,
    keep: int,
    chosen: Keys,
    errors: Floats,
) -> None:
    """Select candidates per row by a = |x|^2 + |y|^2 - 2 xy.

    Args:
        products: inner products (rows, n).
        row_norms, norms: squared lengths (rows,) and (n,).
        first: id of row 0, left out of its own candidates if ``exclude_self``.
        keep: number of candidates, at most n minus the excluded.
        chosen: out, the ``keep`` smallest (rows, 4 * keep) as keys in the first columns, in no order.
        errors: out (rows,), the smallest approximate distance that was left out, or infinity.
    """
    n = norms.shape[0]
    capacity = chosen.shape[1]
    for row in range(products.shape[0]):
        buffer = chosen[row]
        size = 0
        limit = np.float32(np.inf)
        for node in range(n):
            # Rounding may take a below 0; a key needs a distance that is not.
            a = norms[node] + row_norms[row] - 2 * products[row, node]
            if a < limit and not (exclude_self and node == first + row):
                buffer[size] = make_key(max(a, np.float32(0.0)), node)
                size += 1
                # Sorting four times as many as are kept, and rarely, costs less than keeping them sorted.
                if size == capacity:
                    buffer.sort()
                    size = keep
                    limit = key_distance(buffer[keep - 1])
        buffer[:size].sort()
        # Everything dropped so far is at least the limit; the first of what is left but not kept may be nearer.
        errors[row] = limit
        if size > keep:
            errors[row] = min(limit, key_distance(buffer[keep]))


@kernel
def measure_block(
    rows: Floats,
    base: Floats,
    first: int,
    exclude_self: bool,
    chosen: Keys,
    keep: int,
    limits: Floats,
    bounds: Floats,
    double: bool,
    ids: Ids,
    squared: Floats,
) -> int:
    """Measure candidates, keep the k nearest, and fall back to the whole base where the error bound asks for it.

    Returns:
        Number of rows that were measured in full. ``ids`` and ``squared`` (rows, k) are filled.
    """
    k = ids.shape[1]
    fallbacks = 0
    keys = np.empty(base.shape[0], np.int64)
    for row in range(rows.shape[0]):
        for i in range(keep):
            node = key_node(chosen[row, i])
            keys[i] = make_key(exact_distance(base, node, rows[row], double), node)
        keys[:keep].sort()
        # All left out have a >= limit, so their distance is at least limit - bound: could one be nearer than the k-th?
        missed = limits[row] - bounds[row] <= key_distance(keys[k - 1])
        if missed and np.isfinite(limits[row]):
            fallbacks += 1
            size = 0
            # The whole base once more, against a bound that k vectors keep to: few keys remain to be sorted.
            kth = keys[k - 1]
            for node in range(base.shape[0]):
                if not (exclude_self and node == first + row):
                    key = make_key(exact_distance(base, node, rows[row], double), node)
                    if key <= kth:
                        keys[size] = key
                        size += 1
            keys[:size].sort()
        for i in range(k):
            ids[row, i] = key_node(keys[i])
            squared[row, i] = key_distance(keys[i])
    return fallbacks


@kernel
def exact_distance(base: Floats, node: int, vector: Floats, double: bool) -> np.float32:
    """Squared distance of a base row (n, d) to a vector (d,), summed in float64 or float32, rounded to float32."""
    return np.float32(squared_l2_double(base[node], vector)) if double else squared_distance(base, node, vector)


def neighbor_steps(
    rows: Floats, base: Floats, k: int, *, exclude_self: bool, double: bool, threads: int
) -> Generator[int, None, tuple[Ids, Floats]]:
    """Exact k nearest base vectors of each row; both are padded.

    Yields the rows done, returns ids and squared distances (m, k).
    """
    available = len(base) - exclude_self
    width = min(k, available)
    ids = np.full((len(rows), k), -1, np.int32)
    squared = np.full((len(rows), k), np.inf, np.float32)
    if width <= 0 or not len(rows):
        return ids, squared
    # Distances do not change when all is shifted, but lengths, and with them what cancels, become least.
    center = base.mean(axis=0, dtype=np.float64)
    centered = (base - center).astype(np.float32)
    norms = np.einsum("ij,ij->i", centered, centered)
    keep = min(width + SPARE, available)
    # |fl(xy) - xy| <= d eps |x||y|, twice, plus the rounding of centering, norms and sums
    relative = np.float32((2 * base.shape[1] + 16) * np.finfo(np.float32).eps)
    longest = np.sqrt(norms.max(initial=0.0)) + np.abs(center).max() * np.finfo(np.float32).eps

    def work(_: int, start: int, stop: int) -> None:
        block = rows[start:stop]
        shifted = (block - center).astype(np.float32)
        row_norms = np.einsum("ij,ij->i", shifted, shifted)
        chosen = np.empty((stop - start, 4 * keep), np.int64)
        limits = np.empty(stop - start, np.float32)
        collect_block(shifted @ centered.T, row_norms, norms, start, exclude_self, keep, chosen, limits)
        bounds = relative * (np.sqrt(row_norms) + longest) ** 2
        narrow_ids, narrow = np.empty((stop - start, width), np.int32), np.empty((stop - start, width), np.float32)
        measure_block(block, base, start, exclude_self, chosen, keep, limits, bounds, double, narrow_ids, narrow)
        ids[start:stop, :width] = narrow_ids
        squared[start:stop, :width] = narrow

    yield from run_chunks(work, len(rows), chunk=BLOCK, threads=threads)
    return ids, squared


def exact_neighbors(base: Floats, queries: Floats, k: int, *, threads: int | None = None) -> tuple[Ids, Floats]:
    """The k nearest base vectors of each query by squared Euclidean distance, summed in float64.

    Args:
        base: vectors (n, d).
        queries: vectors (m, d).
        k: neighbors; where n < k the rest is -1 at infinite distance.
        threads: workers; all usable cores by default.

    Returns:
        ids (m, k) and squared distances (m, k), nearest first, ties by id.

    >>> exact_neighbors(np.float32([[0, 0], [3, 4], [1, 0]]), np.float32([[0, 0]]), 2)
    (array([[0, 2]], dtype=int32), array([[0., 1.]], dtype=float32))
    """
    rows, points = padded(queries), padded(base)
    workers = threads or usable_cores()
    return finish(neighbor_steps(rows, points, k, exclude_self=False, double=True, threads=workers))


def knn_graph_steps(base: Floats, k: int, *, threads: int) -> Generator[int, None, tuple[Ids, Floats]]:
    """The k nearest others of every (padded) vector, excluded by id, so that duplicates of a vector stay its
    neighbors.
    """
    return neighbor_steps(base, base, k, exclude_self=True, double=False, threads=threads)


def recall_by_distance(found: NDArray[np.floating], truth: NDArray[np.floating], k: int) -> NDArray[np.float64]:
    """Share of the first k results of each query that are as near as the k-th true neighbor.

    A result counts if its squared distance is at most (1 + 1e-6) times the true k-th, so ties and duplicates count.
    Where the base has fewer than k vectors, the share is of those that exist.

    Args:
        found: squared distances (m, >= k), infinity where nothing was found.
        truth: true squared distances (m, >= k).

    Returns:
        Shares (m,).

    >>> recall_by_distance(np.float32([[1, 2, 9]]), np.float32([[1, 2, 3]]), 3).round(3)
    array([0.667])

    Source: Aumüller, Bernhardsson, Faithfull: ANN-Benchmarks, Information Systems 87, 2020.
    """
    exists = np.isfinite(truth[:, :k]).sum(axis=1)
    # The largest finite one: the k-th, or the last that exists.
    threshold = np.where(np.isfinite(truth[:, :k]), truth[:, :k], -np.inf).max(axis=1) * (1 + 1e-6)
    hits = (found[:, :k] <= threshold[:, None]).sum(axis=1)
    return np.minimum(hits, exists) / np.maximum(exists, 1)


def distance_ratio(found: Floats, truth: Floats) -> float:
    """Mean of found over true distance, rank by rank, from squared ones (m, k), where both are finite and positive.

    >>> distance_ratio(np.array([[4.0, 16.0, np.inf]]), np.array([[1.0, 4.0, 9.0]]))
    2.0
    """
    ordered = np.sort(found, axis=1)
    usable = np.isfinite(ordered) & np.isfinite(truth) & (truth > 0)
    return float(np.sqrt(ordered[usable] / truth[usable]).mean()) if usable.any() else float("nan")


def distances_of(base: Floats, queries: Floats, ids: NDArray[np.integer]) -> Floats:
    """Squared distances (m, k) of given neighbors, summed in float64 like the ground truth; infinity where the id is
    -1.

    Libraries report distances with their own rounding; measured again, all of them are judged alike.

    >>> distances_of(np.float32([[0, 0], [3, 4]]), np.float32([[0, 0]]), np.array([[1, -1]]))
    array([[25., inf]], dtype=float32)
    """
    out = np.empty(ids.shape, np.float32)
    measure_given(np.ascontiguousarray(base), np.ascontiguousarray(queries), ids.astype(np.int64), out)
    return out


@kernel
def measure_given(base: Floats, queries: Floats, ids: NDArray[np.int64], out: Floats) -> None:
    """Squared distances of queries (m, d) to their ids (m, k) in a base (n, d) into ``out`` (m, k); infinity for -1."""
    for row in range(ids.shape[0]):
        for i in range(ids.shape[1]):
            node = ids[row, i]
            out[row, i] = np.float32(squared_l2_double(base[node], queries[row])) if node >= 0 else np.float32(np.inf)
