"""Groups of near vectors, and the neighbors that they find within them: the first half of ``grouped_neighbors``.

Centers are drawn by k-means of a sample, one for a thousand vectors; every vector joins the groups of its nearest four.
Within a group all pairs are compared by code.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from experiments.ann.core.codes.centers import draw_centers, nearest_centers, order_by_center
from experiments.ann.core.codes.code_pairs import (
    ROWS,
    TOGETHER,
    Ints,
    Rows,
    candidates_of_rows,
    column_blocks,
    row_codes,
    tile_of,
)
from experiments.ann.core.codes.codes import Whole
from experiments.ann.core.codes.projection import Packed
from experiments.ann.core.simd.distance import Ids, Keys, key_node
from experiments.ann.core.simd.kernel import kernel, run_chunks
from experiments.ann.core.simd.lanes import BLOCK
from experiments.ann.core.simd.machine import has_tiles
from experiments.ann.core.simd.selection import select_smallest
from experiments.ann.core.simd.vector import aligned_rows

GROUP = 1000
"""Vectors per center."""
JOINED = 4
"""Groups that a vector joins."""
TAKEN = 24
"""Nearest of each group that a vector keeps."""
WALKED = 32
"""Neighbors per node that the searches walk along."""
COLUMNS = 64
"""Columns per step of the products."""


class Groups(NamedTuple):
    """Which vectors belong to which center."""

    joined: Ids
    """(n, 4) centers of each vector, the nearest first."""
    offsets: NDArray[np.int64]
    """(centers + 1,) where the members of a center begin."""
    members: Ids
    """(4 n,) ids of the members, ascending within a center."""
    together: Ids
    """(n,) ids such that near vectors stand together."""


def form_groups(codes: Whole, threads: int, seed: int = 0) -> Groups:
    """Groups of codes (n, width), one center for a thousand of them."""
    n = len(codes)
    count = max(JOINED, n // GROUP)
    centers = draw_centers(codes, count, threads, seed)
    joined = nearest_centers(codes, centers, min(JOINED, count), threads)
    sizes = np.bincount(joined.ravel(), minlength=count)
    # Places of the flat list (n * 4,) by center; place // 4 is the vector. Stable, so ids ascend within a center.
    order = np.argsort(joined.ravel(), kind="stable")
    offsets = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    members = (order // joined.shape[1]).astype(np.int32)
    return Groups(joined, offsets, members, order_by_center(joined[:, 0], centers))


@kernel
def nearest_in_group(
    rows: Rows,
    norms: Ints,
    members: Ids,
    ranks: Ids,
    blocks: Packed,
    terms: Ints,
    products: Ints,
    found: Keys,
    nearest: Keys,
    tiles: bool,
) -> None:
    """The nearest members of a group by code of each of its members.

    Args:
        rows, norms: codes of the members, see ``row_codes``, and their squared lengths.
        members, ranks: their ids (m,), and which of its groups this is for each.
        blocks, terms: the same codes as columns, see ``column_blocks``.
        products, found: scratch.
        nearest: out (n, 4, TAKEN) keys ``distance << 32 | id << 1``, in no order; -1 after the last.
    """
    sizes, limits = np.empty(ROWS, np.int64), np.empty(ROWS, np.int64)
    others = np.empty(found.shape[1] + BLOCK, np.int64)
    for first in range(0, rows.shape[0], ROWS):
        stop = min(first + ROWS, rows.shape[0])
        candidates_of_rows(
            rows, norms, blocks, terms, members, first, stop, 2 * TAKEN, products, found, sizes, limits, tiles
        )
        for row in range(first, stop):
            slot, own = row - first, members[row]
            # Twice as many as are kept were asked for, and one of them is the row itself.
            size = 0
            for i in range(sizes[slot]):
                if found[slot, i] & 0x7FFFFFFF != own:
                    found[slot, size] = found[slot, i]
                    size += 1
            kept = min(size, TAKEN)
            if size > kept:
                select_smallest(found[slot], size, kept, others)
            for i in range(kept):
                key = found[slot, i]
                # distance << 32 | id becomes distance << 32 | id << 1, the form of all other keys.
                nearest[own, ranks[row], i] = (key >> 32) << 32 | (key & 0x7FFFFFFF) << 1


@kernel
def merge_groups(nearest: Keys, start: int, stop: int, lists: Ids) -> None:
    """The nearest of all groups of nodes start..stop-1 into ``lists`` (n, WALKED), -1 after the last."""
    for node in range(start, stop):
        keys = nearest[node].ravel()
        keys.sort()
        # A vector that shares two groups with the node has the same key twice, side by side.
        count = 0
        last = -1
        for key in keys:
            if key >= 0 and key != last and count < lists.shape[1]:
                lists[node, count] = key_node(key)
                count += 1
                last = key
        lists[node, count:] = -1


def rough_graph_steps(codes: Whole, groups: Groups, threads: int, *, vnni: bool) -> Generator[int, None, Ids]:
    """Neighbors within groups (n, WALKED) of codes (n, width); yields the members done, of 4 n."""
    n = len(codes)
    count = len(groups.offsets) - 1
    nearest = np.full((n, groups.joined.shape[1], TAKEN), -1, np.int64)
    widest = int(np.diff(groups.offsets).max())
    # Small groups do without most of a tile; its width stays a multiple of 64 columns.
    tile = min(tile_of(vnni=vnni), -(-widest // COLUMNS) * COLUMNS)
    products = [aligned_rows(TOGETHER, tile, np.int32) for _ in range(threads)]
    found = [np.empty((ROWS, tile + 8 * TAKEN), np.int64) for _ in range(threads)]

    def work(worker: int, start: int, stop: int) -> None:
        for center in range(start, stop):
            members = groups.members[groups.offsets[center] : groups.offsets[center + 1]]
            if not len(members):
                continue
            own = codes[members]
            # The same codes in both layouts: every member is a row and a column.
            blocks, terms = column_blocks(own, COLUMNS, vnni=vnni)
            ranks = (groups.joined[members] == center).argmax(axis=1).astype(np.int32)
            rows, norms = row_codes(own, vnni=vnni)
            scratch = (products[worker], found[worker])
            nearest_in_group(rows, norms, members, ranks, blocks, terms, *scratch, nearest, vnni and has_tiles())

    for done in run_chunks(work, count, chunk=1, threads=threads):
        yield n * done // (2 * count)  # half of the progress; the searches are the other half
    # 32 ids are two cache lines, which a search asks for.
    lists: Ids = aligned_rows(n, WALKED, np.int32)
    for _ in run_chunks(
        lambda _, start, stop: merge_groups(nearest, start, stop, lists), n, chunk=4096, threads=threads
    ):
        pass
    return lists
