"""The exact nearest neighbor graph by way of codes: all pairs are compared in 8 bits, few of them in full.

With y = the projection of x in units of code, c its code, e = ||y - c|| and s the largest factor by which the
projection stretches:

    s ||x_i - x_j|| >= ||y_i - y_j|| >= ||c_i - c_j|| - e_i - e_j

So once k vectors are known within distance D, a vector whose code is further than s D + e_i + e_j away cannot be
nearer: it need not be measured. The graph is that of a scan, ties by id included. The products of codes take VNNI;
without it, or where codes tell too little apart, ``exact.knn_graph_steps`` does the work.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from experiments.ann.core.code_pairs import (
    ROWS,
    TILE,
    Ints,
    candidates_of_rows,
    column_blocks,
    gather,
    products_of_tile,
    select_smallest,
    unsigned_rows,
)
from experiments.ann.core.code_vector import stored_distance
from experiments.ann.core.coded_search import REQUESTED_LINES
from experiments.ann.core.codes import Codec, multiply
from experiments.ann.core.distance import Floats, Ids, Keys, key_distance, key_node, make_key
from experiments.ann.core.kernel import fast_kernel, kernel, run_chunks
from experiments.ann.core.line_codes import Codes
from experiments.ann.core.pruning import Stored
from experiments.ann.core.vector import LINE, aligned_rows, prefetch

KEPT = 1024
"""Candidates per row before a second pass is needed."""
AHEAD = 4
"""Vectors that are asked for ahead of the one that is measured."""
FEWEST = 4 * TILE
"""Vectors below which the matrix product is as fast."""
SLACK = np.float32(1.0005)
"""Allowance for rounding in the norms and in float32 distances of float32 projections."""


class CodeTable:
    """Codes of a base in the layout of the products, with what the bound needs."""

    def __init__(self, codes: NDArray[np.int8], errors: Floats, stretch: float, seed: int = 0) -> None:
        self.order = np.random.default_rng(seed).permutation(len(codes)).astype(np.int32)
        """Column to id. Columns are shuffled, so that the first tile is a sample."""
        self.blocks, self.terms = column_blocks(codes[self.order], TILE)
        self.rows, self.norms = unsigned_rows(codes)
        self.errors = errors
        self.stretch = np.float32(stretch)


@fast_kernel
def code_errors(products: Floats | Ints, scale: Floats, shift: Floats, codes: NDArray[np.int8], errors: Floats) -> None:
    """||y - c|| of each row, where y = products * scale - shift."""
    for i in range(products.shape[0]):
        total = np.float32(0)
        for j in range(products.shape[1]):
            difference = np.float32(products[i, j]) * scale[j] - shift[j] - np.float32(codes[i, j])
            total += difference * difference
        errors[i] = np.sqrt(total)


@kernel
def reach(kth: int, stretch: np.float32, error: np.float32) -> int:
    """Squared code distance beyond which nothing is nearer than the key ``kth``, for both errors together."""
    bound = stretch * np.sqrt(np.float64(key_distance(kth))) * SLACK + error + 0.01
    return int(min(bound * bound, 2.0**30)) + 1


@kernel
def offer(best: Keys, size: int, key: int) -> int:
    """Insert a key into the sorted k nearest; returns the new number."""
    k = best.shape[0]
    if size == k and key >= best[k - 1]:
        return size
    i = min(size, k - 1)
    while i > 0 and best[i - 1] > key:
        best[i] = best[i - 1]
        i -= 1
    best[i] = key
    return min(size + 1, k)


@kernel
def nearest_of_row(
    vectors: Stored,
    codes: Codes,
    errors: Floats,
    stretch: np.float32,
    worst: np.float32,
    row: int,
    found: Keys,
    size: int,
    limit: int,
    best: Keys,
) -> bool:
    """The k nearest of a row among its candidates.

    Says whether the bound proves that no other vector is nearer.
    """
    k = best.shape[0]
    sure = min(k + k // 2, size)
    select_smallest(found, size, sure)
    held = 0
    for i in range(sure):
        found[i] &= 0x7FFFFFFF
    held = measure_all(vectors, codes, row, found[:sure], best, held)
    left = 0
    if held == k:
        farthest = reach(best[k - 1], stretch, errors[row] + worst)
        for i in range(sure, size):
            node = found[i] & 0x7FFFFFFF
            if found[i] >> 32 <= farthest:
                found[left] = node
                left += 1
    held = measure_all(vectors, codes, row, found[:left], best, held)
    return held == k and limit > reach(best[k - 1], stretch, errors[row] + worst)


@kernel
def measure_all(vectors: Stored, codes: Codes, row: int, nodes: Keys, best: Keys, held: int) -> int:
    """Offer the nodes to the k nearest of a row; returns how many are held."""
    lines = min(REQUESTED_LINES, vectors.shape[1] * vectors.itemsize // LINE)
    for i in range(nodes.shape[0]):
        if i + AHEAD < nodes.shape[0]:
            for line in range(lines):
                prefetch(vectors, nodes[i + AHEAD], line)
        if nodes[i] != row:
            held = offer(best, held, make_key(stored_distance(vectors, nodes[i], vectors, row, codes), nodes[i]))
    return held


@kernel
def rescan_row(
    rows: NDArray[np.uint8],
    norms: Ints,
    blocks: NDArray[np.int8],
    terms: Ints,
    order: Ids,
    vectors: Stored,
    codes: Codes,
    errors: Floats,
    stretch: np.float32,
    worst: np.float32,
    row: int,
    products: Ints,
    found: Keys,
    best: Keys,
) -> None:
    """Second pass for a row whose candidates did not suffice: everything within reach of its known k-th neighbor."""
    kth = best[best.shape[0] - 1]
    held = 0
    for start in range(0, terms.shape[0], TILE):
        products_of_tile(rows[row : row + 1], blocks, start, TILE, products)
        limit = reach(kth, stretch, errors[row] + worst) + 1
        size = gather(products, 0, terms, start, 0, TILE, limit, norms[row], order, found, 0)
        for i in range(size):
            node = found[i] & 0x7FFFFFFF
            if node != row and found[i] >> 32 <= reach(kth, stretch, errors[row] + errors[node]):
                key = make_key(stored_distance(vectors, node, vectors, row, codes), node)
                if key <= kth:
                    held = offer(best, held, key)


@kernel
def graph_rows(
    rows: NDArray[np.uint8],
    norms: Ints,
    blocks: NDArray[np.int8],
    terms: Ints,
    order: Ids,
    vectors: Stored,
    codes: Codes,
    errors: Floats,
    stretch: np.float32,
    worst: np.float32,
    first: int,
    stop: int,
    products: Ints,
    found: Keys,
    ids: Ids,
    squared: Floats,
) -> int:
    """The k nearest others of rows first..stop-1; returns how many rows took a second pass."""
    sizes, limits = np.empty(ROWS, np.int64), np.empty(ROWS, np.int64)
    best = np.empty(ids.shape[1], np.int64)
    candidates_of_rows(rows, norms, blocks, terms, order, first, stop, KEPT, products, found, sizes, limits)
    again = 0
    for row in range(first, stop):
        slot = row - first
        if not nearest_of_row(
            vectors, codes, errors, stretch, worst, row, found[slot], sizes[slot], limits[slot], best
        ):
            again += 1
            rescan_row(
                rows,
                norms,
                blocks,
                terms,
                order,
                vectors,
                codes,
                errors,
                stretch,
                worst,
                row,
                products,
                found[slot],
                best,
            )
        for i in range(ids.shape[1]):
            ids[row, i] = key_node(best[i])
            squared[row, i] = key_distance(best[i])
    return again


def coded_graph_steps(
    vectors: Stored, codec: Codec, codes: NDArray[np.int8], k: int, *, threads: int
) -> Generator[int, None, tuple[Ids, Floats] | None]:
    """The k nearest others of every vector, by codes.

    Yields the rows done, returns ids and squared distances (n, k); None where a trial shows that the codes tell too
    little apart.
    """
    table = table_of(codec, vectors, codes)
    n = len(vectors)
    ids, squared = np.empty((n, k), np.int32), np.empty((n, k), np.float32)
    products = [aligned_rows(4, TILE, np.int32) for _ in range(threads)]
    found = [np.empty((ROWS, TILE + 2 * KEPT), np.int64) for _ in range(threads)]
    worst, seen = table.errors.max(), codes.view(np.uint8)

    def work(worker: int, start: int, stop: int) -> int:
        return graph_rows(
            table.rows,
            table.norms,
            table.blocks,
            table.terms,
            table.order,
            vectors,
            seen,
            table.errors,
            table.stretch,
            worst,
            start,
            stop,
            products[worker],
            found[worker],
            ids,
            squared,
        )

    if 2 * k > KEPT or sum(work(0, start, start + ROWS) for start in (0, n // 2)) > ROWS:
        return None
    yield from run_chunks(work, n, chunk=ROWS, threads=threads)
    return ids, squared


def table_of(codec: Codec, vectors: Stored, codes: NDArray[np.int8]) -> CodeTable:
    """The table of a base and its codes; all in one thread, it is small work."""
    errors = np.empty(len(codes), np.float32)
    integer = vectors.dtype == np.uint8 and codec.byte_weights is not None
    for start in range(0, len(codes), 4096):
        part = vectors[start : start + 4096]
        products: NDArray[Any] = np.empty((len(part), codec.code_bytes), np.int32 if integer else np.float32)
        multiply(
            part if integer else part.astype(np.float32), codec.byte_weights if integer else codec.weights, products
        )
        code_errors(products, codec.scale, codec.shift, codes[start : start + 4096], errors[start : start + 4096])
    stretch = float(np.linalg.norm(codec.weights.astype(np.float64) * codec.scale, ord=2))
    return CodeTable(codes, errors, stretch)
