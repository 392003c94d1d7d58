"""Taking dead nodes out of a copy of a graph.

Source: Singh et al.: FreshDiskANN, arXiv 2105.09613, 2021, Algorithm 4.
"""

from __future__ import annotations

import numpy as np

from experiments.ann.core.codes.line_codes import Codes
from experiments.ann.core.codes.stored_vector import Stored, measure
from experiments.ann.core.nsg.construction.pruning import keep_unoccluded
from experiments.ann.core.nsg.live.linking import edges_of, fill_up
from experiments.ann.core.simd.distance import Ids, Keys, key_node
from experiments.ann.core.simd.kernel import kernel
from experiments.ann.core.simd.lanes import BLOCK


@kernel
def without_dead(
    lists: Ids,
    vectors: Stored,
    instructions: Codes,
    number: Ids,
    start: int,
    stop: int,
    graph: Ids,
) -> None:
    """Lists of the live nodes start..stop-1 among themselves, in new numbers, into ``graph`` (live, R), -1 after the
    last.

    A node that loses neighbors takes their live neighbors as candidates beside its own, and the rule chooses.

    Args:
        number: new number of every node (n,), -1 for dead ones.
    """
    width = lists.shape[1]
    room = width * (width + 1) + 2 * BLOCK
    candidates, others = np.empty(room, np.int64), np.empty(room, np.int64)
    edges, further, kept = np.empty(width, np.int32), np.empty(width, np.int32), np.empty(width, np.int64)
    for node in range(start, stop):
        if number[node] < 0:
            continue
        row = graph[number[node]]
        row[:] = -1
        count, lost, size = edges_of(lists, node, edges), 0, 0
        for i in range(count):
            lost += number[edges[i]] < 0
        if lost == 0:
            for i in range(count):
                row[i] = number[edges[i]]
            continue
        for i in range(count):
            if number[edges[i]] >= 0:
                candidates[size] = np.int64(edges[i]) << 1
                size += 1
                continue
            more = edges_of(lists, edges[i], further)
            for j in range(more):
                if number[further[j]] >= 0 and further[j] != node:
                    candidates[size] = np.int64(further[j]) << 1
                    size += 1
        size = distinct(candidates, size)
        measure(vectors, candidates, size, vectors, node, instructions, candidates)
        nearest = np.sort(candidates[:size])
        taken = keep_unoccluded(vectors, instructions, node, candidates, size, others, kept)
        for i in range(taken):
            edges[i] = key_node(kept[i])
        # As many edges as before: live ones of its own may be among the nearest that the rule would drop.
        size = fill_up(edges, taken, nearest, max(count, taken + -taken % BLOCK))
        for i in range(size):
            row[i] = number[edges[i]]


@kernel
def distinct(keys: Keys, size: int) -> int:
    """Sort keys[:size] and drop repetitions; returns how many are left.

    >>> keys = np.array([4, 2, 4, 9])
    >>> distinct(keys, 3), keys[:2].tolist()
    (2, [2, 4])
    """
    keys[:size] = np.sort(keys[:size])
    count = 0
    for i in range(size):
        if i == 0 or keys[i] != keys[count - 1]:
            keys[count] = keys[i]
            count += 1
    return count
