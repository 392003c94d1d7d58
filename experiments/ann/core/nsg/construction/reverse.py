"""Reverse edges of an NSG: a node receives all edges that lead to it at once, and the rule prunes what does not fit.

Each node is handled alone, from lists that no longer change, so the result does not depend on threads.

Source: Fu et al., PVLDB 12(5), 2019, Algorithm 2; the original inserts reverse edges one by one under locks.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from experiments.ann.core.codes.line_codes import Codes
from experiments.ann.core.codes.stored_vector import Stored
from experiments.ann.core.nsg.construction.pruning import keep_unoccluded
from experiments.ann.core.simd.distance import Floats, Ids, Keys, key_node, make_key
from experiments.ann.core.simd.kernel import kernel
from experiments.ann.core.simd.lanes import BLOCK
from experiments.ann.core.simd.selection import sort_few


@kernel
def reverse_lists(links: Ids, squared: Floats) -> tuple[NDArray[np.int64], Keys]:
    """Incoming edges of every node: offsets (n + 1,) and keys of the sources, by target and then by source id.

    >>> links = np.int32([[1, 2], [2, -1], [-1, -1]])  # 0 -> 1, 0 -> 2, 1 -> 2
    >>> offsets, incoming = reverse_lists(links, np.zeros((3, 2), np.float32))
    >>> offsets.tolist(), [key_node(key) for key in incoming]
    ([0, 0, 1, 3], [0, 0, 1])
    """
    # Counting sort by target: count, sum up, fill. Sources come in their order, so ties go by id.
    n, width = links.shape
    offsets = np.zeros(n + 1, np.int64)
    for source in range(n):
        for i in range(width):
            if links[source, i] < 0:
                break
            offsets[links[source, i] + 1] += 1
    for node in range(n):
        offsets[node + 1] += offsets[node]
    fill = offsets[:-1].copy()
    incoming = np.empty(offsets[n], np.int64)
    for source in range(n):
        for i in range(width):
            target = links[source, i]
            if target < 0:
                break
            incoming[fill[target]] = make_key(squared[source, i], source)
            fill[target] += 1
    return offsets, incoming


@kernel
def join_reverse(
    vectors: Stored,
    codes: Codes | Floats,
    links: Ids,
    squared: Floats,
    offsets: NDArray[np.int64],
    incoming: Keys,
    start: int,
    stop: int,
    joined: Ids,
) -> None:
    """Add to each of the nodes start..stop-1 the reverse of its incoming edges; prune by the rule where they do not
    fit.

    Args:
        vectors, codes: see ``pruning.keep_unoccluded``.
        links, squared: edges (n, max_degree) from the nearest, and their squared distances.
        offsets, incoming: see ``reverse_lists``.
        joined: out (n, max_degree), filled with -1: the edges, from the nearest.
    """
    width = links.shape[1]
    kept = np.empty(width, np.int64)
    for node in range(start, stop):
        union = np.empty(width + offsets[node + 1] - offsets[node] + BLOCK, np.int64)
        size = 0
        while size < width and links[node, size] >= 0:
            union[size] = make_key(squared[node, size], links[node, size])
            size += 1
        own = size
        for i in range(offsets[node], offsets[node + 1]):
            # An edge in both directions is there already. Two sources are never the same, so ``own`` need not grow.
            if not np.any(links[node, :own] == key_node(incoming[i])):
                union[size] = incoming[i]
                size += 1
        # Pruning only where they do not fit: the rule would drop edges that cost nothing to keep.
        chosen = union
        if size > width:
            size = keep_unoccluded(vectors, codes, node, union, size, np.empty_like(union), kept)
            chosen = kept
        else:
            sort_few(union, size)
        for i in range(size):
            joined[node, i] = key_node(chosen[i])


@kernel
def nearest_left_out(graph: Ids, knn: Ids, start: int, stop: int, spare: Ids) -> None:
    """The nearest neighbors of nodes start..stop-1 that are not in their lists into ``spare`` (n, few).

    Args:
        graph: edges (n, R).
        knn: nearest neighbors (n, k).
        spare: out; -1 after the last.
    """
    for node in range(start, stop):
        count = 0
        for other in knn[node]:
            if other < 0 or count == spare.shape[1]:
                break
            # No early end: a loop without one looks at many edges at once.
            known = False
            for neighbor in graph[node]:
                known |= neighbor == other
            if not known:
                spare[node, count] = other
                count += 1
        spare[node, count:] = -1
