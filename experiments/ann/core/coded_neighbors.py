"""The exact nearest neighbor graph by way of codes: all pairs are compared as short integers, few of them in full.

With y = the projection of x in units of code, c its code, e = ||y - c|| and s the largest factor by which the
projection stretches:

    s ||x_i - x_j|| >= ||y_i - y_j|| >= ||c_i - c_j|| - e_i - e_j

So once k vectors are known within distance D, a vector whose code is further than s D + e_i + e_j away cannot be
nearer: it need not be measured. The graph is that of a scan, ties by id included. Where codes tell too little apart,
``exact.knn_graph_steps`` does the work.

Rows and columns stand in an order that puts near vectors together. A row's first D comes from the columns around it;
it shrinks where more candidates are met than a row has room for, and is final when the nearest by code are measured.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, NamedTuple

import numpy as np

from experiments.ann.core.code_pairs import (
    ROWS,
    TILE,
    TOGETHER,
    Ints,
    Rows,
    column_blocks,
    gather,
    products_of_tile,
    row_codes,
    tile_of,
)
from experiments.ann.core.codes import Codec, Whole
from experiments.ann.core.distance import Floats, Ids, Keys, key_distance, key_node
from experiments.ann.core.kernel import fast_kernel, kernel, run_all, run_chunks
from experiments.ann.core.lanes import BLOCK
from experiments.ann.core.line_codes import Codes
from experiments.ann.core.machine import has_tiles
from experiments.ann.core.projection import Packed, Products
from experiments.ann.core.selection import select_smallest, split
from experiments.ann.core.stored_vector import Stored, keys_of_eight, request_row
from experiments.ann.core.vector import LANES, aligned_rows

ROOM = 2048
"""Candidates per row that wait to be measured together."""
PART = 512
"""Columns whose products stay in the first cache."""
AROUND = 2 * PART
"""Columns around a row that its first distance comes from."""
APART = 32
"""Fewer than so many vectors are measured against every row, since their codes are worse than the others'."""
TRIED = 256
"""Rows of the trial."""
FEWEST = 4 * TILE
"""Vectors below which the matrix product is as fast."""
FARTHEST = 2**29
"""Above every squared distance of codes, and below the terms of the columns behind the last."""
NOTHING = int(np.float32(np.inf).view(np.int32)) << 32
"""A key beyond every vector's."""
SLACK = np.float32(1.0005)
"""Allowance for rounding in the norms and in float32 distances of float32 projections."""


class CodeTable(NamedTuple):
    """A base and its codes in the layout of the products, with what the bound needs."""

    vectors: Stored
    """(n, width) padded, as they are measured."""
    rows: Rows
    norms: Ints
    """See ``row_codes``; in the same order as the columns."""
    blocks: Packed
    terms: Ints
    """See ``column_blocks``."""
    order: Ids
    """Row or column to id (n,), near vectors together."""
    errors: Floats
    """||y - c|| of each vector (n,)."""
    worst: np.float32
    """The largest of them but for the few vectors ``apart``."""
    apart: Keys
    """Keys that name vectors with larger errors, which are measured against every row: one code that is clipped shall
    not weaken the bound of all.
    """
    stretch: np.float32
    instructions: Codes
    """Any array of codes; its element type selects those for bytes."""
    tiles: bool
    """Whether products use tile registers."""


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
    return int(min(bound * bound, float(FARTHEST))) + 1


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
def first_limits(
    table: CodeTable, first: int, stop: int, products: Ints, found: Keys, others: Keys, best: Keys, limits: Keys
) -> None:
    """Limits of the squared code distance for rows first..stop-1, from their nearest among the columns around them."""
    k = best.shape[0]
    last = table.terms.shape[0] - AROUND
    begin = min(max((first + stop - AROUND) // 2, 0), last) // LANES * LANES
    sizes = np.zeros(ROWS, np.int64)
    for group in range(first, stop, TOGETHER):
        rows = table.rows[group : min(group + TOGETHER, stop)]
        for start in range(begin, begin + AROUND, PART):
            products_of_tile(rows, table.blocks, start, PART, products, table.tiles)
            for row in range(group, group + rows.shape[0]):
                slot, norm = row - first, table.norms[row]
                sizes[slot] = gather(
                    products,
                    row - group,
                    table.terms,
                    start,
                    0,
                    PART,
                    FARTHEST,
                    norm,
                    table.order,
                    found[slot],
                    sizes[slot],
                )
    for row in range(first, stop):
        node, own = table.order[row], found[row - first]
        few = min(k + 1, sizes[row - first])
        select_smallest(own, sizes[row - first], few, others)
        best[:] = NOTHING
        measure_all(table, node, own[: name_nodes(table, own, few, np.inf)], best, 0)
        limits[row - first] = limit_of(table, node, best)


@kernel
def limit_of(table: CodeTable, node: int, best: Keys) -> int:
    """The limit of the squared code distance that what is nearest to a node so far sets."""
    return reach(best[best.shape[0] - 1], table.stretch, table.errors[node] + table.worst)


@kernel
def take_nearest(
    table: CodeTable, node: int, found: Keys, size: int, others: Keys, best: Keys, held: int
) -> tuple[int, int]:
    """Offer the nearest candidates by code to the k nearest of a node, which hold some.

    Returns how many they hold, and how many candidates are left, at the front of ``others``: none where k vectors equal
    the node and more than k candidates were taken. What is left of those with the same code comes after them by id.
    """
    k = best.shape[0]
    sure = min(k + k // 2 + 1 if held < k or key_distance(best[k - 1]) == 0 else k // 2, size)
    select_smallest(found, size, sure, others)
    left = size - sure
    others[:left] = found[sure:size]
    held = measure_all(table, node, found[: name_nodes(table, found, sure, np.inf)], best, held)
    return held, 0 if sure > k and key_distance(best[k - 1]) == 0 else left


@kernel
def take_rest(table: CodeTable, node: int, found: Keys, size: int, best: Keys, held: int) -> int:
    """Offer the candidates that may be among the k nearest of a node; returns how many these hold."""
    radius = radius_of(best[best.shape[0] - 1], table.stretch, table.errors[node])
    return measure_all(table, node, found[: name_nodes(table, found, size, radius)], best, held)


@kernel
def name_nodes(table: CodeTable, found: Keys, size: int, radius: float) -> int:
    """Write keys that name the candidates that may be within a radius of code to the front, without those apart;
    returns their number.
    """
    count = 0
    for i in range(size):
        node = found[i] & 0x7FFFFFFF
        error = table.errors[node]
        if error <= table.worst and found[i] >> 32 <= (radius + error) ** 2:
            found[count] = node << 1
            count += 1
    return count


@kernel
def measure_all(table: CodeTable, row: int, nodes: Keys, best: Keys, held: int) -> int:
    """Offer the nodes that keys name to the k nearest of a row, which hold some; returns how many they hold."""
    vectors, size, k = table.vectors, nodes.shape[0], best.shape[0]
    nearer = np.empty(BLOCK, np.int64)
    for first in range(0, size, BLOCK):
        for place in range(first + BLOCK, min(first + 2 * BLOCK, size)):
            request_row(vectors, key_node(nodes[place]))
        count = keys_of_eight(vectors, nodes, first, size, vectors, row, table.instructions, best[k - 1], nearer, 0)
        for i in range(count):
            if key_node(nearer[i]) != row:
                held = offer(best, held, nearer[i])
    return held


@kernel
def graph_rows(
    table: CodeTable,
    tile: int,
    first: int,
    stop: int,
    products: Ints,
    found: Keys,
    best: Keys,
    ids: Ids,
    squared: Floats,
) -> int:
    """The k nearest others of rows first..stop-1 into ``ids`` and ``squared`` (n, k), by id; returns how many vectors
    were candidates.

    Args:
        tile: columns that stay in the second cache.
        products: scratch (TOGETHER, PART).
        found: scratch (ROWS, PART + ROOM + 8).
        best: scratch (ROWS, k).
    """
    k = best.shape[1]
    sizes, limits, held = np.zeros(ROWS, np.int64), np.empty(ROWS, np.int64), np.empty(ROWS, np.int64)
    others = np.empty(found.shape[1], np.int64)
    first_limits(table, first, stop, products, found, others, best[0], limits)
    for row in range(first, stop):
        best[row - first] = NOTHING
        held[row - first] = measure_all(table, table.order[row], table.apart, best[row - first], 0)
    measured, tiles = 0, table.terms.shape[0] // tile
    for number in range(tiles):
        begin = (first // tile + number) % tiles * tile
        for group in range(first, stop, TOGETHER):
            rows = table.rows[group : min(group + TOGETHER, stop)]
            for start in range(begin, begin + tile, PART):
                products_of_tile(rows, table.blocks, start, PART, products, table.tiles)
                for row in range(group, group + rows.shape[0]):
                    slot, norm, node = row - first, table.norms[row], table.order[row]
                    own, size, limit = found[slot], sizes[slot], limits[slot]
                    size = gather(
                        products, row - group, table.terms, start, 0, PART, limit, norm, table.order, own, size
                    )
                    if size > ROOM:
                        held[slot], size = take_nearest(table, node, own, size, others, best[slot], held[slot])
                        limits[slot] = min(limit, limit_of(table, node, best[slot]))
                        size = split(others, 0, size, (limits[slot] << 32) - 1, own)
                        own[:size] = others[:size]
                        if size > ROOM // 2:
                            held[slot] = take_rest(table, node, own, size, best[slot], held[slot])
                            measured += size
                            size = 0
                    sizes[slot] = size
    for row in range(first, stop):
        slot, node = row - first, table.order[row]
        held[slot], size = take_nearest(table, node, found[slot], sizes[slot], others, best[slot], held[slot])
        size = split(others, 0, size, (limit_of(table, node, best[slot]) << 32) - 1, found[slot])
        take_rest(table, node, others, size, best[slot], held[slot])
        measured += size
        for i in range(k):
            ids[node, i] = key_node(best[slot, i])
            squared[node, i] = key_distance(best[slot, i])
    return measured


def coded_graph_steps(
    vectors: Stored, codec: Codec, codes: Whole, order: Ids, k: int, *, most: float, threads: int, vnni: bool
) -> Generator[int, None, tuple[Ids, Floats] | None]:
    """The k nearest others of every vector, by codes, quickest where near vectors stand together in the order.

    Yields the rows done, returns ids and squared distances (n, k); None where a trial shows that the codes tell so
    little apart that more than ``most`` vectors are candidates of a row.
    """
    n, tile = len(vectors), tile_of(vnni=vnni)
    if 2 * k > AROUND:
        return None
    table = table_of(codec, vectors, codes, order, threads, vnni=vnni)
    ids, squared = np.empty((n, k), np.int32), np.empty((n, k), np.float32)
    products = [aligned_rows(TOGETHER, PART, np.int32) for _ in range(threads)]
    found = [np.empty((ROWS, PART + ROOM + BLOCK), np.int64) for _ in range(threads)]
    best = [np.empty((ROWS, k), np.int64) for _ in range(threads)]

    def work(worker: int, start: int, stop: int) -> int:
        return graph_rows(table, tile, start, stop, products[worker], found[worker], best[worker], ids, squared)

    starts = np.linspace(0, n - ROWS, TRIED // ROWS, dtype=np.int64)
    if sum(work(0, start, start + ROWS) for start in starts) > most * TRIED:
        return None
    yield from run_chunks(work, n, chunk=ROWS, threads=threads)
    return ids, squared


def table_of(codec: Codec, vectors: Stored, codes: Whole, order: Ids, threads: int, *, vnni: bool) -> CodeTable:
    """The table of a base and its codes in an order."""
    errors, projection = np.empty(len(codes), np.float32), codec.projection

    def measure(_: int, start: int, stop: int) -> None:
        products, part = projection.products(vectors[start:stop]), slice(start, stop)
        code_errors(products, projection.scale, projection.shift, codes[part], errors[part])

    run_all(measure, len(codes), chunk=512, threads=threads)
    worst = np.sort(errors)[-min(APART, len(errors))]
    instructions: Any = np.empty((0, 0), np.uint8 if vnni else np.int8)
    ordered = codes[order]
    return CodeTable(
        vectors,
        *row_codes(ordered, vnni=vnni),
        *column_blocks(ordered, tile_of(vnni=vnni), vnni=vnni),
        order,
        errors,
        worst,
        np.flatnonzero(errors > worst) << 1,
        np.float32(np.linalg.norm(projection.weights.astype(np.float64) * projection.scale, ord=2)),
        instructions,
        vnni and has_tiles(),
    )
