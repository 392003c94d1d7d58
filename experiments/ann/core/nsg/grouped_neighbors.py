"""A neighbor graph of many vectors in almost linear time: groups first, then every vector searches for itself.

1. Centers are drawn by k-means of a sample, one for a thousand vectors; every vector joins the groups of its nearest
   four. Within a group all pairs are compared by code, as in ``coded_neighbors``.
2. On the graph of what the groups have found, every vector searches for itself by code. What its list holds at the end
   is measured exactly, and the nearest are kept.

The graph is not exact: a neighbor that shares no group and is never met is missed. Two builds are equal bit for bit for
any number of threads: groups and searches write to places of their own.

The idea to refine a rough graph by its own edges is that of NN-descent (Dong, Moses, Li: Efficient k-Nearest Neighbor
Graph Construction for Generic Similarity Measures, WWW 2011).
"""

from __future__ import annotations

from collections.abc import Generator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from experiments.ann.core.codes.centers import drawn_centers, nearest_centers, order_by_center
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
from experiments.ann.core.codes.line_codes import Codes, QueryCodes
from experiments.ann.core.codes.projection import Packed
from experiments.ann.core.codes.short_codes import ShortCodes
from experiments.ann.core.codes.stored_vector import Stored, measure
from experiments.ann.core.nsg.coded_linking import AT_ONCE, Collectors, collect, collectors
from experiments.ann.core.nsg.lists import in_blocks
from experiments.ann.core.simd.distance import Floats, Ids, Keys, key_distance, key_node
from experiments.ann.core.simd.kernel import kernel, run_chunks
from experiments.ann.core.simd.lanes import BLOCK
from experiments.ann.core.simd.machine import has_tiles
from experiments.ann.core.simd.pool_vector import NO_KEY
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
SEARCHED = 96
"""List size of the searches, or k + 1 where that is more."""
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
    """Groups of codes (n, width)."""
    n = len(codes)
    count = max(JOINED, n // GROUP)
    centers = drawn_centers(codes, count, threads, seed)
    joined = nearest_centers(codes, centers, min(JOINED, count), threads)
    sizes = np.bincount(joined.ravel(), minlength=count)
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
        nearest: out (n, 4, TAKEN) keys ``distance << 32 | id << 1``, in no order; -1 behind the last.
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
                nearest[own, ranks[row], i] = (key >> 32) << 32 | (key & 0x7FFFFFFF) << 1


@kernel
def merge_groups(nearest: Keys, start: int, stop: int, lists: Ids) -> None:
    """The nearest of all groups of nodes start..stop-1 into ``lists`` (n, WALKED), -1 behind the last."""
    for node in range(start, stop):
        keys = nearest[node].ravel()
        keys.sort()
        count = 0
        last = -1
        for key in keys:
            if key >= 0 and key != last and count < lists.shape[1]:
                lists[node, count] = key_node(key)
                count += 1
                last = key
        lists[node, count:] = -1


@kernel
def search_for_themselves(
    lists: Ids,
    vectors: Stored,
    codes: Codes | Floats,
    queries: QueryCodes | Floats,
    nodes: Ids,
    size: int,
    scratch: Collectors,
    ids: Ids,
    squared: Floats,
) -> None:
    """The nearest others of some nodes, among those that a search from each finds; -1 behind the last.

    ``queries`` has the rows of these nodes only; the other arguments are those of ``coded_linking.collect``.
    """
    for first in range(0, nodes.shape[0], AT_ONCE):
        some = nodes[first : first + AT_ONCE]
        collect(lists, codes, queries, first, some, size, scratch)
        for slot in range(some.shape[0]):
            node, met = some[slot], scratch.met[slot]
            count = 0
            for key in scratch.pools[slot, :size]:
                if key != NO_KEY and key_node(key) != node:
                    met[count] = key
                    count += 1
            measure(vectors, met, count, vectors, node, codes, met)
            met[:count].sort()
            for i in range(min(count, ids.shape[1])):
                ids[node, i] = key_node(met[i])
                squared[node, i] = key_distance(met[i])


def rough_graph_steps(codes: Whole, groups: Groups, threads: int, *, vnni: bool) -> Generator[int, None, Ids]:
    """Neighbors within groups (n, WALKED) of codes (n, width); yields the members done, of 4 n."""
    n = len(codes)
    count = len(groups.offsets) - 1
    nearest = np.full((n, groups.joined.shape[1], TAKEN), -1, np.int64)
    widest = int(np.diff(groups.offsets).max())
    tile = min(tile_of(vnni=vnni), -(-widest // COLUMNS) * COLUMNS)
    products = [aligned_rows(TOGETHER, tile, np.int32) for _ in range(threads)]
    found = [np.empty((ROWS, tile + 8 * TAKEN), np.int64) for _ in range(threads)]

    def work(worker: int, start: int, stop: int) -> None:
        for center in range(start, stop):
            members = groups.members[groups.offsets[center] : groups.offsets[center + 1]]
            if not len(members):
                continue
            own = codes[members]
            blocks, terms = column_blocks(own, COLUMNS, vnni=vnni)
            ranks = (groups.joined[members] == center).argmax(axis=1).astype(np.int32)
            rows, norms = row_codes(own, vnni=vnni)
            scratch = (products[worker], found[worker])
            nearest_in_group(rows, norms, members, ranks, blocks, terms, *scratch, nearest, vnni and has_tiles())

    for done in run_chunks(work, count, chunk=1, threads=threads):
        yield n * done // (2 * count)
    lists: Ids = aligned_rows(n, WALKED, np.int32)
    for _ in run_chunks(
        lambda _, start, stop: merge_groups(nearest, start, stop, lists), n, chunk=4096, threads=threads
    ):
        pass
    return lists


def grouped_graph_steps(
    vectors: Stored, codes: Whole, short: ShortCodes, k: int, *, threads: int, vnni: bool
) -> Generator[int, None, tuple[Ids, Floats, Ids]]:
    """Near neighbors of every vector, most of them its k nearest.

    Args:
        vectors: padded, as they are measured.
        codes: of ``codes.Codec``, for the groups.
        short: codes for the searches.

    Yields the vectors done, returns ids (n, k) and squared distances (n, k), -1 and infinity behind the last, and ids
    such that near vectors stand together.
    """
    n = len(vectors)
    groups = form_groups(codes, threads)
    lists = yield from rough_graph_steps(codes, groups, threads, vnni=vnni)
    size = min(max(k + 1, SEARCHED), n)
    ids, squared = np.full((n, k), -1, np.int32), np.full((n, k), np.inf, np.float32)
    scratch = [collectors(WALKED, size, size) for _ in range(threads)]
    walked = in_blocks(lists)

    def work(worker: int, start: int, stop: int) -> None:
        nodes = groups.together[start:stop]
        queries = short.of_queries(vectors[nodes])
        search_for_themselves(walked, vectors, short.codes, queries, nodes, size, scratch[worker], ids, squared)

    for done in run_chunks(work, n, chunk=256, threads=threads):
        yield n // 2 + done // 2
    return ids, squared, groups.together
