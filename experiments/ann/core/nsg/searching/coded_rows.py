"""The candidates of some rows of the exact neighbor graph by codes: how they are gathered, limited and measured.

A row has a limit, the squared code distance from which on nothing can be among its k nearest. It comes from the columns
around the row, shrinks where more candidates are met than the row has room for, and is final when the nearest by code
are measured. ``coded_neighbors`` makes the graph of such rows.

Throughout, ``row`` counts rows in the order of the table, ``node`` is the id of a row's vector, and ``slot`` the place
of the row in the scratch.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from experiments.ann.core.codes.code_pairs import ROWS, TOGETHER, Ints, gather, products_of_tile
from experiments.ann.core.codes.code_table import FARTHEST, CodeTable, radius_of, reach
from experiments.ann.core.codes.stored_vector import keys_of_eight, request_row
from experiments.ann.core.simd.distance import Keys, key_distance, key_node
from experiments.ann.core.simd.kernel import kernel
from experiments.ann.core.simd.lanes import BLOCK
from experiments.ann.core.simd.selection import copy_keys, select_smallest, split
from experiments.ann.core.simd.vector import LANES, aligned_rows

ROOM = 2048
"""Candidates per row that wait to be measured together."""
PART = 512
"""Columns whose products stay in the first cache."""
AROUND = 2 * PART
"""Columns around a row that its first distance comes from."""
NOTHING = int(np.float32(np.inf).view(np.int32)) << 32
"""A key beyond every vector's."""


@kernel
def offer(best: Keys, size: int, key: int) -> int:
    """Insert a key into the sorted k nearest (k,), of which ``size`` are there; returns the new number.

    >>> best = np.array([2, 8, 0])
    >>> offer(best, 2, 4), best.tolist()
    (3, [2, 4, 8])
    """
    k = best.shape[0]
    if size == k and key >= best[k - 1]:
        return size
    i = min(size, k - 1)
    while i > 0 and best[i - 1] > key:
        best[i] = best[i - 1]
        i -= 1
    best[i] = key
    return min(size + 1, k)


class RowScratch(NamedTuple):
    """Scratch of one thread for ``ROWS`` rows."""

    products: Ints
    """(TOGETHER, PART) on cache lines."""
    found: Keys
    """(ROWS, PART + ROOM + 8), candidates of each row as keys ``squared code distance << 32 | id``, in no order."""
    others: Keys
    """(PART + ROOM + 8,)."""
    sizes: Keys
    """(ROWS,) how many candidates each row has."""
    limits: Keys
    """(ROWS,) squared code distances from which on nothing can be near enough."""
    best: Keys
    """(ROWS, k), the nearest so far as keys by exact distance, ascending."""
    held: Keys
    """(ROWS,) how many these are."""


def row_scratch(k: int) -> RowScratch:
    """Room for k neighbors of each row."""
    room = PART + ROOM + BLOCK
    sizes, limits, held = (np.empty(ROWS, np.int64) for _ in range(3))
    products = aligned_rows(TOGETHER, PART, np.int32)
    found, others, best = np.empty((ROWS, room), np.int64), np.empty(room, np.int64), np.empty((ROWS, k), np.int64)
    return RowScratch(products, found, others, sizes, limits, best, held)


@kernel
def gather_part(table: CodeTable, row: int, slot: int, local: int, start: int, limit: int, scratch: RowScratch) -> None:
    """Add the columns of the part at ``start`` whose squared code distance is below a limit to a row's candidates.

    ``local`` is the place of the row in ``scratch.products``.
    """
    scratch.sizes[slot] = gather(
        scratch.products,
        local,
        table.terms,
        start,
        0,
        PART,
        limit,
        table.norms[row],
        table.order,
        scratch.found[slot],
        scratch.sizes[slot],
    )


@kernel
def set_first_limits(table: CodeTable, first: int, stop: int, scratch: RowScratch) -> None:
    """Limits for rows first..stop-1, from their nearest among the columns around them."""
    last = table.terms.shape[0] - AROUND
    # 1024 columns with the rows in their middle, from a multiple of 16 on, where a panel begins.
    begin = min(max((first + stop - AROUND) // 2, 0), last) // LANES * LANES
    scratch.sizes[:] = 0
    for group in range(first, stop, TOGETHER):
        rows = table.rows[group : min(group + TOGETHER, stop)]
        for start in range(begin, begin + AROUND, PART):
            products_of_tile(rows, table.blocks, start, PART, scratch.products, table.tiles)
            for row in range(group, group + rows.shape[0]):
                # No limit yet: only columns that are none stay out.
                gather_part(table, row, row - first, row - group, start, FARTHEST, scratch)
    for row in range(first, stop):
        slot, node = row - first, table.order[row]
        found, best = scratch.found[slot], scratch.best[slot]
        # The row itself and k others, whose farthest distance is one that k vectors keep to.
        few = min(best.shape[0] + 1, scratch.sizes[slot])
        select_smallest(found, scratch.sizes[slot], few, scratch.others)
        best[:] = NOTHING
        measure_all(table, node, found[: name_nodes(table, found, few, np.inf)], best, 0)
        scratch.limits[slot] = limit_of(table, node, best)


@kernel
def limit_of(table: CodeTable, node: int, best: Keys) -> int:
    """The limit of the squared code distance that what is nearest to a node so far sets."""
    return reach(best[best.shape[0] - 1], table.stretch, table.errors[node] + table.worst)


@kernel
def take_nearest(table: CodeTable, node: int, slot: int, scratch: RowScratch) -> int:
    """Offer the nearest candidates by code to the nearest so far of a node.

    Returns how many of the others, at the front of ``scratch.others``, are still within the limit, which this lowers.
    None is where k vectors equal the node and more than k candidates were taken: what is left of those with the same
    code comes after them by id.
    """
    found, others, best, size = scratch.found[slot], scratch.others, scratch.best[slot], scratch.sizes[slot]
    k = best.shape[0]
    equal = key_distance(best[k - 1]) == 0
    # For a k-th that says anything k others must be measured: half as many more since codes err, and the row itself.
    # Later ones only improve it: half of k.
    sure = min(k + k // 2 + 1 if scratch.held[slot] < k or equal else k // 2, size)
    select_smallest(found, size, sure, others)
    left = size - sure
    copy_keys(found, sure, size, others, 0)
    nodes = found[: name_nodes(table, found, sure, np.inf)]
    scratch.held[slot] = measure_all(table, node, nodes, best, scratch.held[slot])
    scratch.limits[slot] = min(scratch.limits[slot], limit_of(table, node, best))
    # Keys of one code distance are ordered by id, and the k that were taken are equals: later ids come after them.
    if sure > k and key_distance(best[k - 1]) == 0:
        return 0
    # Keys below ``limit << 32`` have a code distance below the limit.
    return split(others, 0, left, (scratch.limits[slot] << 32) - 1, found)


@kernel
def take_rest(table: CodeTable, node: int, slot: int, left: int, scratch: RowScratch) -> None:
    """Offer what ``take_nearest`` has left to the nearest so far of a node, where it may be nearer."""
    # Each with its own error now, instead of the worst that the limit was set for.
    best = scratch.best[slot]
    radius = radius_of(best[best.shape[0] - 1], table.stretch, table.errors[node])
    nodes = scratch.others[: name_nodes(table, scratch.others, left, radius)]
    scratch.held[slot] = measure_all(table, node, nodes, best, scratch.held[slot])


@kernel
def make_room(table: CodeTable, node: int, slot: int, scratch: RowScratch) -> int:
    """Measure the nearest candidates of a node, and the others too where a lower limit leaves too many of them; returns
    how many those were.
    """
    left = take_nearest(table, node, slot, scratch)
    if left > ROOM // 2:
        take_rest(table, node, slot, left, scratch)
        scratch.sizes[slot] = 0
        return left
    copy_keys(scratch.others, 0, left, scratch.found[slot], 0)
    scratch.sizes[slot] = left
    return 0


@kernel
def name_nodes(table: CodeTable, found: Keys, size: int, radius: float) -> int:
    """Write keys that name the candidates that may be within a radius of code to the front, without those apart;
    returns their number.
    """
    count = 0
    for i in range(size):
        node = found[i] & 0x7FFFFFFF
        error = table.errors[node]
        # ||c_i - c_j|| <= s D + e_i + e_j, squared; those apart have been measured before.
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
        # The next eight are asked for before these are measured.
        for place in range(first + BLOCK, min(first + 2 * BLOCK, size)):
            request_row(vectors, key_node(nodes[place]))
        # Only keys below the k-th so far come back: mostly none.
        count = keys_of_eight(vectors, nodes, first, size, vectors, row, table.instructions, best[k - 1], nearer, 0)
        for i in range(count):
            if key_node(nearer[i]) != row:
                held = offer(best, held, nearer[i])
    return held
