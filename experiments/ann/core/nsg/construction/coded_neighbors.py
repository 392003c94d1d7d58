"""The exact nearest neighbor graph by way of codes: all pairs are compared as short integers, few of them in full.

The graph is that of a scan, ties by id included: ``code_table`` has the bound that proves it. Where codes tell too
little apart, ``exact.knn_graph_steps`` does the work.

Rows and columns stand in an order that puts near vectors together. A row's first bound comes from the columns around
it; it shrinks where more candidates are met than a row has room for, and is final when the nearest by code are
measured.
"""

from __future__ import annotations

from collections.abc import Generator

import numpy as np

from experiments.ann.core.codes.code_pairs import ROWS, TILE, TOGETHER, products_of_tile, tile_of
from experiments.ann.core.codes.code_table import CodeTable, table_of
from experiments.ann.core.codes.codes import Codec, Whole
from experiments.ann.core.codes.stored_vector import Stored
from experiments.ann.core.nsg.searching.coded_rows import (
    AROUND,
    NOTHING,
    PART,
    ROOM,
    RowScratch,
    gather_part,
    make_room,
    measure_all,
    row_scratch,
    set_first_limits,
    take_nearest,
    take_rest,
)
from experiments.ann.core.simd.distance import Floats, Ids, key_distance, key_node
from experiments.ann.core.simd.kernel import kernel, run_chunks

TRIED = 256
"""Rows of the trial."""
FEWEST = 4 * TILE
"""Vectors below which the matrix product is as fast."""


@kernel
def graph_rows(
    table: CodeTable, tile: int, first: int, stop: int, scratch: RowScratch, ids: Ids, squared: Floats
) -> int:
    """The k nearest others of rows first..stop-1 into rows ``order[first:stop]`` of ``ids`` and ``squared`` (n, k).

    Columns are taken in tiles, which stay in the second cache, from the rows' own on. Returns how many vectors were
    candidates beside the nearest by code.
    """
    set_first_limits(table, first, stop, scratch)
    scratch.sizes[:] = 0
    scratch.best[:] = NOTHING
    # Vectors whose codes are worse than the bound allows for are measured against every row, before all others.
    for row in range(first, stop):
        scratch.held[row - first] = measure_all(table, table.order[row], table.apart, scratch.best[row - first], 0)
    rest, tiles = 0, table.terms.shape[0] // tile
    for number in range(tiles):
        # From the rows' own tile on, where near vectors stand: limits shrink before most columns are compared.
        begin = (first // tile + number) % tiles * tile
        for group in range(first, stop, TOGETHER):
            rows = table.rows[group : min(group + TOGETHER, stop)]
            for start in range(begin, begin + tile, PART):
                products_of_tile(rows, table.blocks, start, PART, scratch.products, table.tiles)
                for row in range(group, group + rows.shape[0]):
                    slot = row - first
                    gather_part(table, row, slot, row - group, start, scratch.limits[slot], scratch)
                    # A part adds at most 512, for which there is room after these.
                    if scratch.sizes[slot] > ROOM:
                        rest += make_room(table, table.order[row], slot, scratch)
    for row in range(first, stop):
        slot, node = row - first, table.order[row]
        left = take_nearest(table, node, slot, scratch)
        take_rest(table, node, slot, left, scratch)
        rest += left
        for i in range(ids.shape[1]):
            ids[node, i] = key_node(scratch.best[slot, i])
            squared[node, i] = key_distance(scratch.best[slot, i])
    return rest


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
    scratch = [row_scratch(k) for _ in range(threads)]

    def work(worker: int, start: int, stop: int) -> int:
        return graph_rows(table, tile, start, stop, scratch[worker], ids, squared)

    # The trial: blocks of rows spread over the base. The rows that it makes are made again, to the same values.
    starts = np.linspace(0, n - ROWS, TRIED // ROWS, dtype=np.int64)
    if sum(work(0, start, start + ROWS) for start in starts) > most * TRIED:
        return None
    yield from run_chunks(work, n, chunk=ROWS, threads=threads)
    return ids, squared
