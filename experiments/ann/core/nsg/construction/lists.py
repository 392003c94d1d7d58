"""Neighbor lists in the layout of the searches by codes: whole blocks of eight ids on cache lines."""

from __future__ import annotations

import numpy as np

from experiments.ann.core.simd.distance import Ids
from experiments.ann.core.simd.lanes import BLOCK
from experiments.ann.core.simd.vector import aligned_rows

STARTS = 8
"""Nodes that a search by codes starts from: what they cost as one block is less than the hops that they save."""


def in_blocks(graph: Ids, spare: Ids | None = None) -> Ids:
    """A padded graph (n, R) on cache lines, R a multiple of 8, without gaps in a block of 8.

    Gaps are filled from ``spare`` (n, any), neighbors to measure along since a block costs the same, and where that
    holds -1 by the first id of the block.

    >>> in_blocks(np.int32([[4, 7, -1]]), np.int32([[9]])).tolist()
    [[4, 7, 9, 4, 4, 4, 4, 4]]
    """
    n, width = graph.shape
    lists: Ids = aligned_rows(n, -(-width // BLOCK) * BLOCK, np.int32)
    lists[:] = -1
    lists[:, :width] = graph
    blocks = lists.reshape(n, -1, BLOCK)
    if spare is not None and spare.shape[1]:
        gaps = ((blocks < 0) & (blocks[:, :, :1] >= 0)).reshape(lists.shape)
        rows, columns = np.nonzero(gaps)
        # The i-th gap of a row takes its i-th spare neighbor, while there are any.
        which = (np.cumsum(gaps, axis=1) - 1)[rows, columns]
        lists[rows, columns] = np.where(which < spare.shape[1], spare[rows, which % spare.shape[1]], -1)
    gaps = (blocks < 0) & (blocks[:, :, :1] >= 0)
    blocks[gaps] = np.broadcast_to(blocks[:, :, :1], blocks.shape)[gaps]
    return lists


def lists_with_start(graph: Ids, navigating_node: int, spare: Ids | None = None, starts: int = 1) -> Ids:
    """A padded graph (n, R) in the layout of ``search_codes``, with the nodes to start from in one more row.

    These are the navigating node and others spread evenly over the ids; the graph must have room for them.

    >>> lists_with_start(np.int32([[1, 2], [0, 2], [0, 1]]), navigating_node=1, starts=2)[3].tolist()
    [1, 0, 1, 1, 1, 1, 1, 1]
    """
    n, width = graph.shape
    # dict.fromkeys drops repetitions and keeps the order, the navigating node first.
    others = np.linspace(0, n - 1, starts).astype(np.int32)
    chosen = list(dict.fromkeys([navigating_node, *others.tolist()]))[: min(starts, width)]
    start = np.full((1, width), -1, np.int32)
    start[0, : len(chosen)] = chosen
    fill = None if spare is None else np.vstack([spare, np.full_like(spare[:1], -1)])
    return in_blocks(np.vstack([graph, start]), fill)


def whole_blocks(lists: Ids) -> bool:
    """Whether every block of 8 is full or empty, and the last row, where a search starts, is not empty.

    >>> whole_blocks(np.int32([[0] * 8])), whole_blocks(np.int32([[0, -1] * 4]))
    (True, False)
    """
    empty = lists.reshape(len(lists), -1, BLOCK) < 0
    return bool((empty == empty[:, :, :1]).all() and not empty[-1, 0].any())
