"""The exact nearest neighbor graph by way of codes: all pairs are compared as short integers, few of them in full.

With y = the projection of x in units of code, c its code, e = ||y - c|| and s the largest factor by which the
projection stretches:

    s ||x_i - x_j|| >= ||y_i - y_j|| >= ||c_i - c_j|| - e_i - e_j

So once k vectors are known within distance D, a vector whose code is further than s D + e_i + e_j away cannot be
nearer: it need not be measured. The graph is that of a scan, ties by id included. Where codes tell too little apart,
``exact.knn_graph_steps`` does the work.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, NamedTuple

import numpy as np

from experiments.ann.core.code_pairs import (
    ROWS,
    TILE,
    Ints,
    Rows,
    candidates_of_rows,
    column_blocks,
    gather,
    products_of_tile,
    row_codes,
    select_smallest,
    tile_of,
)
from experiments.ann.core.code_vector import stored_distance
from experiments.ann.core.coded_search import AHEAD, request_row
from experiments.ann.core.codes import Codec, Whole
from experiments.ann.core.distance import Floats, Ids, Keys, key_distance, key_node, make_key
from experiments.ann.core.kernel import fast_kernel, kernel, run_all, run_chunks
from experiments.ann.core.line_codes import Codes
from experiments.ann.core.projection import Packed, Products
from experiments.ann.core.pruning import Stored
from experiments.ann.core.vector import aligned_rows

KEPT = 1024
"""Candidates per row before a second pass is needed."""
APART = 32
"""Fewer than so many vectors are measured against every row, since their codes are worse than the others'."""
RETRIED = 0.2
"""Share of rows with a second pass, which is alone as long as four others, from which twice as long codes pay."""
FEWEST = 4 * TILE
"""Vectors below which the matrix product is as fast."""
FARTHEST = 2.0**29
"""Above every squared distance of codes, and below the terms of the columns behind the last."""
SLACK = np.float32(1.0005)
"""Allowance for rounding in the norms and in float32 distances of float32 projections."""


class CodeTable(NamedTuple):
    """A base and its codes in the layout of the products, with what the bound needs."""

    vectors: Stored
    """(n, width) padded, as they are measured."""
    rows: Rows
    norms: Ints
    """See ``row_codes``."""
    blocks: Packed
    terms: Ints
    """See ``column_blocks``."""
    order: Ids
    """Column to id (n,). Columns are shuffled, so that the first tile is a sample."""
    errors: Floats
    """||y - c|| of each vector (n,)."""
    worst: np.float32
    """The largest of them but for the few vectors ``apart``."""
    apart: Keys
    """Ids of vectors with larger errors, which are measured against every row: one code that is clipped shall not
    weaken the bound of all.
    """
    stretch: np.float32
    instructions: Codes
    """Any array of codes; its element type selects those for bytes."""


@fast_kernel
def code_errors(products: Products, scale: Floats, shift: Floats, codes: Whole, errors: Floats) -> None:
    """||y - c|| of each row, where y = products * scale - shift."""
    for i in range(products.shape[0]):
        total = np.float32(0)
        for j in range(products.shape[1]):
            difference = np.float32(products[i, j]) * scale[j] - shift[j] - np.float32(codes[i, j])
            total += difference * difference
        errors[i] = np.sqrt(total)


@kernel
def radius_of(kth: int, stretch: np.float32, error: np.float32) -> float:
    """Code distance, less the error of the other, beyond which nothing is nearer to a vector than the key ``kth``."""
    return float(stretch * np.sqrt(np.float64(key_distance(kth))) * SLACK + error + 0.02)


@kernel
def reach(kth: int, stretch: np.float32, error: np.float32) -> int:
    """Squared code distance beyond which nothing is nearer than the key ``kth``, for both errors together."""
    bound = radius_of(kth, stretch, error)
    return int(min(bound * bound, FARTHEST)) + 1


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
def nearest_of_row(table: CodeTable, row: int, found: Keys, size: int, limit: int, best: Keys) -> bool:
    """The k nearest of a row among its candidates; keys of infinite distance where there are fewer.

    Says whether it is proved that no other vector is nearer: by the bound, or because k vectors equal this one. Then
    their codes are equal too, and the first of those by id are candidates.
    """
    k = best.shape[0]
    best[:] = make_key(np.float32(np.inf), 0)
    sure = min(k + k // 2 + 1, size)
    select_smallest(found, size, sure)
    held = measure_all(table, row, table.apart, best, 0)
    held = measure_all(table, row, found[: keep_within(table, found, 0, sure, np.inf)], best, held)
    radius = radius_of(best[k - 1], table.stretch, table.errors[row])
    measure_all(table, row, found[: keep_within(table, found, sure, size, radius)], best, held)
    proved = limit - 2 >= reach(best[k - 1], table.stretch, table.errors[row] + table.worst)
    return proved or key_distance(best[k - 1]) == 0


@kernel
def keep_within(table: CodeTable, found: Keys, first: int, stop: int, radius: float) -> int:
    """Write the ids of the keys first..stop-1 that may be within a radius of code to the front, without those apart;
    returns their number.
    """
    count = 0
    for i in range(first, stop):
        node = found[i] & 0x7FFFFFFF
        error = table.errors[node]
        if error <= table.worst and found[i] >> 32 <= (radius + error) ** 2:
            found[count] = node
            count += 1
    return count


@kernel
def measure_all(table: CodeTable, row: int, nodes: Keys, best: Keys, held: int) -> int:
    """Offer the nodes to the k nearest of a row, which hold some; returns how many they hold."""
    vectors = table.vectors
    for i in range(nodes.shape[0]):
        if i + AHEAD < nodes.shape[0]:
            request_row(vectors, nodes[i + AHEAD])
        if nodes[i] != row:
            distance = stored_distance(vectors, nodes[i], vectors, row, table.instructions)
            held = offer(best, held, make_key(distance, nodes[i]))
    return held


@kernel
def rescan_row(table: CodeTable, row: int, products: Ints, found: Keys, best: Keys) -> None:
    """Second pass for a row whose candidates did not suffice: everything within reach of its known k-th neighbor."""
    tile, kth = products.shape[1], best[best.shape[0] - 1]
    radius = radius_of(kth, table.stretch, table.errors[row])
    limit = reach(kth, table.stretch, table.errors[row] + table.worst) + 1
    held = measure_all(table, row, table.apart, best, 0)
    for start in range(0, table.terms.shape[0], tile):
        products_of_tile(table.rows[row : row + 1], table.blocks, start, tile, products)
        size = gather(products, 0, table.terms, start, 0, tile, limit, table.norms[row], table.order, found, 0)
        held = measure_all(table, row, found[: keep_within(table, found, 0, size, radius)], best, held)


@kernel
def graph_rows(table: CodeTable, first: int, stop: int, products: Ints, found: Keys, ids: Ids, squared: Floats) -> int:
    """The k nearest others of rows first..stop-1; returns how many rows took a second pass."""
    sizes, limits = np.empty(ROWS, np.int64), np.empty(ROWS, np.int64)
    best = np.empty(ids.shape[1], np.int64)
    candidates_of_rows(
        table.rows,
        table.norms,
        table.blocks,
        table.terms,
        table.order,
        first,
        stop,
        KEPT,
        products,
        found,
        sizes,
        limits,
    )
    again = 0
    for row in range(first, stop):
        slot = row - first
        if not nearest_of_row(table, row, found[slot], sizes[slot], limits[slot], best):
            again += 1
            rescan_row(table, row, products, found[slot], best)
        for i in range(ids.shape[1]):
            ids[row, i] = key_node(best[i])
            squared[row, i] = key_distance(best[i])
    return again


def coded_graph_steps(
    vectors: Stored, codec: Codec, codes: Whole, k: int, *, threads: int, vnni: bool
) -> Generator[int, None, tuple[Ids, Floats] | None]:
    """The k nearest others of every vector, by codes.

    Yields the rows done, returns ids and squared distances (n, k); None where a trial shows that the codes tell too
    little apart.
    """
    table, tile, n = table_of(codec, vectors, codes, threads, vnni=vnni), tile_of(vnni=vnni), len(vectors)
    ids, squared = np.empty((n, k), np.int32), np.empty((n, k), np.float32)
    products = [aligned_rows(4, tile, np.int32) for _ in range(threads)]
    found = [np.empty((ROWS, tile + 2 * KEPT), np.int64) for _ in range(threads)]

    def work(worker: int, start: int, stop: int) -> int:
        return graph_rows(table, start, stop, products[worker], found[worker], ids, squared)

    if 2 * k > KEPT or sum(work(0, start, start + ROWS) for start in (0, n // 2)) > RETRIED * 2 * ROWS:
        return None
    yield from run_chunks(work, n, chunk=ROWS, threads=threads)
    return ids, squared


def table_of(codec: Codec, vectors: Stored, codes: Whole, threads: int, *, vnni: bool, seed: int = 0) -> CodeTable:
    """The table of a base and its codes."""
    errors, projection = np.empty(len(codes), np.float32), codec.projection

    def measure(_: int, start: int, stop: int) -> None:
        products, part = projection.products(vectors[start:stop]), slice(start, stop)
        code_errors(products, projection.scale, projection.shift, codes[part], errors[part])

    run_all(measure, len(codes), chunk=512, threads=threads)
    worst = np.sort(errors)[-min(APART, len(errors))]
    instructions: Any = np.empty((0, 0), np.uint8 if vnni else np.int8)
    order = np.random.default_rng(seed).permutation(len(codes)).astype(np.int32)
    return CodeTable(
        vectors,
        *row_codes(codes, vnni=vnni),
        *column_blocks(codes[order], tile_of(vnni=vnni), vnni=vnni),
        order,
        errors,
        worst,
        np.flatnonzero(errors > worst),
        np.float32(np.linalg.norm(projection.weights.astype(np.float64) * projection.scale, ord=2)),
        instructions,
    )
