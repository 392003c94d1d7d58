"""Centers of codes by k-means of a sample, and an order of the codes in which near ones stand together."""

from __future__ import annotations

import numpy as np
from scipy.cluster.hierarchy import leaves_list, linkage

from experiments.ann.core.codes.codes import Whole
from experiments.ann.core.simd.distance import Floats, Ids
from experiments.ann.core.simd.kernel import kernel, run_all

SAMPLED_PER_CENTER, ROUNDS = 32, 5
"""Codes of the sample per center, and steps of k-means: the centers only have to be spread like the codes."""
TOGETHER = 256
"""Codes per center of the order."""


def draw_centers(codes: Whole, count: int, threads: int, seed: int = 0) -> Floats:
    """Centers (count, width) of codes (n, width), by k-means of a sample.

    >>> codes = np.repeat(np.int8([[-9, 0], [9, 0]]), 40, axis=0)
    >>> sorted(draw_centers(codes, 2, threads=1).tolist())
    [[-9.0, 0.0], [9.0, 0.0]]
    """
    n = len(codes)
    rng = np.random.default_rng(seed)
    sample = codes[np.sort(rng.choice(n, min(n, count * SAMPLED_PER_CENTER), replace=False))].astype(np.float32)
    centers: Floats = sample[rng.choice(len(sample), count, replace=False)]
    for _ in range(ROUNDS):
        nearest = nearest_centers(sample, centers, 1, threads)[:, 0]
        sizes = np.bincount(nearest, minlength=count)
        order = np.argsort(nearest, kind="stable")
        filled = np.flatnonzero(sizes)
        # Centers that are nearest to nothing stay where they are; reduceat sums from each start to the next.
        sums = np.add.reduceat(sample[order], np.cumsum(sizes)[filled] - sizes[filled], axis=0)
        centers[filled] = sums / sizes[filled, None]
    return centers


def order_of(codes: Whole, threads: int) -> Ids:
    """Ids (n,) such that near codes (n, width) stand together."""
    count = max(1, len(codes) // TOGETHER)
    if count == 1:
        return np.arange(len(codes), dtype=np.int32)
    centers = draw_centers(codes, count, threads)
    return order_by_center(nearest_centers(codes, centers, 1, threads)[:, 0], centers)


def order_by_center(nearest: Ids, centers: Floats) -> Ids:
    """Ids (n,) by the center of each, and these as the leaves of a tree that merges them."""
    places = np.empty(len(centers), np.int64)
    places[leaves_list(linkage(centers, "average"))] = np.arange(len(centers))
    return np.argsort(places[nearest], kind="stable").astype(np.int32)


def nearest_centers(points: Whole | Floats, centers: Floats, count: int, threads: int) -> Ids:
    """The nearest ``count`` of the centers (c, width) of each point (m, width), as (m, count), the nearest first.

    >>> nearest_centers(np.float32([[1, 0]]), np.float32([[5, 0], [0, 0], [2, 0]]), 2, threads=1)
    array([[1, 2]], dtype=int32)
    """
    nearest = np.empty((len(points), count), np.int32)
    # |p - c|^2 = |p|^2 + 2 (|c|^2 / 2 - p.c), and |p|^2 does not change the order.
    halves = np.einsum("ij,ij->i", centers, centers) / 2

    def work(_: int, start: int, stop: int) -> None:
        smallest_columns(halves - points[start:stop].astype(np.float32) @ centers.T, nearest[start:stop])

    run_all(work, len(points), chunk=256, threads=threads)
    return nearest


@kernel
def smallest_columns(values: Floats, chosen: Ids) -> None:
    """Columns of the smallest values of each row, in order, the first of equal ones first.

    Args:
        values: (m, c).
        chosen: out (m, count), count <= c.
    """
    count = chosen.shape[1]
    best = np.empty(count, np.float32)
    for row in range(values.shape[0]):
        held = 0
        for column in range(values.shape[1]):
            value = values[row, column]
            # Insertion from the top: most values end here, at the first comparison.
            if held == count and value >= best[count - 1]:
                continue
            place = min(held, count - 1)
            while place > 0 and best[place - 1] > value:
                best[place], chosen[row, place] = best[place - 1], chosen[row, place - 1]
                place -= 1
            best[place], chosen[row, place] = value, column
            held = min(held + 1, count)
