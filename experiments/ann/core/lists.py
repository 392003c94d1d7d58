"""Neighbor lists in the layout of the searches by codes: whole blocks of eight ids on cache lines."""

from __future__ import annotations

import numpy as np

from experiments.ann.core.code_vector import BLOCK
from experiments.ann.core.distance import Ids
from experiments.ann.core.vector import aligned_rows


def in_blocks(graph: Ids) -> Ids:
    """A padded graph (n, R) on cache lines, R a multiple of 8: gaps in a block of 8 repeat its first id."""
    n, width = graph.shape
    lists: Ids = aligned_rows(n, -(-width // BLOCK) * BLOCK, np.int32)
    lists[:] = -1
    lists[:, :width] = graph
    blocks = lists.reshape(n, -1, BLOCK)
    gaps = (blocks < 0) & (blocks[:, :, :1] >= 0)
    blocks[gaps] = np.broadcast_to(blocks[:, :, :1], blocks.shape)[gaps]
    return lists


def lists_with_start(graph: Ids, navigating_node: int) -> Ids:
    """A padded graph (n, R) in the layout of ``search_codes``, with the navigating node in one more row."""
    start = np.full((1, graph.shape[1]), -1, np.int32)
    start[0, 0] = navigating_node
    return in_blocks(np.vstack([graph, start]))
