"""Choosing the edges of an NSG: candidates met by a search, the rule of the MRNG, and reverse edges.

The rule: scan the candidates q of p from the nearest; take q unless an r taken before is strictly nearer to q than p
is. Ties in the scan go by id. With all points as candidates and no limit this is the MRNG itself.
Each node is handled alone, from lists that no longer change, so the result does not depend on threads.

Source: Fu et al., PVLDB 12(5), 2019, Algorithm 2. The original inserts reverse edges one by one under locks; here each
node receives all of them at once.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from experiments.ann.core.codes.line_codes import Codes
from experiments.ann.core.codes.stored_vector import Stored, not_occluded
from experiments.ann.core.nsg.equals import TWINS, followers_first
from experiments.ann.core.nsg.search import Stamps, best_first, next_stamp
from experiments.ann.core.simd.distance import Floats, Ids, Keys, key_distance, key_node, make_key
from experiments.ann.core.simd.kernel import kernel
from experiments.ann.core.simd.lanes import BLOCK
from experiments.ann.core.simd.selection import copy_keys, select_smallest, sort_few, split

CHUNK = 64
"""Candidates that are sorted at once; most of the others are occluded before their turn."""


@kernel
def keep_unoccluded(
    vectors: Stored, codes: Codes | Floats, node: int, candidates: Keys, size: int, others: Keys, kept: Keys
) -> int:
    """Apply the MRNG rule to the candidates of a node p; of those that equal p only ``TWINS`` are looked at.

    The rule alone would let p's equals take all edges, since none occludes another.

    Args:
        vectors: padded (n, d), floats or bytes.
        codes: any array of codes; its element type selects the instructions for bytes.
        candidates: keys with the distance to p (>= size + 8,), in any order, without p and without repetition; they are
            overwritten.
        others: scratch (>= size + 8,).
        kept: out, keys taken (max_degree,), from the nearest.

    Returns:
        Number of keys taken.
    """
    size, taken = take_twins(candidates, size, node, vectors.shape[0], others, kept)
    while size > 0 and taken < kept.shape[0]:
        few, before = min(size, CHUNK), taken
        select_smallest(candidates, size, few, others)
        nearest, left = others, few
        copy_keys(candidates, 0, few, nearest, 0)
        sort_few(nearest, few)
        while left > 0 and taken < kept.shape[0]:
            kept[taken] = nearest[0]
            left = drop_occluded(vectors, codes, key_node(kept[taken]), nearest, 1, left)
            taken += 1
        for i in range(before, taken):
            size = drop_occluded(vectors, codes, key_node(kept[i]), candidates, few if i == before else 0, size)
    return taken


@kernel
def take_twins(candidates: Keys, size: int, node: int, n: int, others: Keys, kept: Keys) -> tuple[int, int]:
    """Move the ``TWINS`` followers of a node from the candidates to ``kept``, and drop its other equals.

    Returns how many candidates are left and how many are kept.
    """
    equals = split(candidates, 0, size, (1 << 32) - 1, others)
    if equals == 0:
        copy_keys(others, 0, size, candidates, 0)
        return size, 0
    followers_first(candidates, equals, node, n)
    taken = min(equals, TWINS, kept.shape[0])
    copy_keys(candidates, 0, taken, kept, 0)
    copy_keys(others, 0, size - equals, candidates, 0)
    return size - equals, taken


@kernel
def drop_occluded(vectors: Stored, codes: Codes | Floats, node: int, keys: Keys, first: int, stop: int) -> int:
    """Write the keys first..stop-1 that are not strictly nearer to a node than their distance says to the front;
    returns their number.
    """
    count = 0
    for place in range(first, stop, BLOCK):
        count = not_occluded(vectors, keys, place, stop, node, codes, keys, count)
    return count


@kernel
def choose_edges(
    vectors: Stored,
    codes: Codes | Floats,
    node: int,
    candidates: Keys,
    size: int,
    most: int,
    others: Keys,
    links: Ids,
    squared: Floats,
) -> None:
    """Write the edges that the rule leaves of a node's ``most`` nearest candidates, and their squared distances, into
    its rows of ``links`` and ``squared``; the other arguments are those of ``keep_unoccluded``.
    """
    if size > most:
        select_smallest(candidates, size, most, others)
    kept = np.empty(links.shape[1], np.int64)
    taken = keep_unoccluded(vectors, codes, node, candidates, min(size, most), others, kept)
    for i in range(taken):
        links[node, i] = key_node(kept[i])
        squared[node, i] = key_distance(kept[i])


@kernel
def link_nodes(
    knn: Ids,
    knn_squared: Floats,
    base: Floats,
    codes: Codes | Floats,
    start: int,
    stop: int,
    entries: Ids,
    capacity: int,
    most: int,
    from_search: bool,
    pool: Keys,
    met: Keys,
    stamps: Stamps,
    stamp: int,
    links: Ids,
    squared: Floats,
) -> int:
    """Choose the out-edges of nodes start..stop-1 before reverse edges.

    Args:
        knn, knn_squared: k nearest neighbor graph (n, k) and its squared distances.
        base: padded vectors (n, d).
        codes: see ``keep_unoccluded``.
        entries: nodes where the searches start; row ``node % len(entries)`` is used.
        capacity: search list size.
        most: candidates that are kept, the nearest first.
        from_search: whether candidates are those met by a search, beside the node's own neighbors.
        pool, met: scratch (>= capacity,) and (>= n + k + 8,).
        links, squared: out, edges (n, max_degree) from the nearest, and their squared distances.

    Returns:
        The last stamp used.
    """
    others = np.empty(met.shape[0], np.int64)
    for node in range(start, stop):
        stamp = next_stamp(stamps, stamp)
        size = 0
        if from_search:
            own_entries = entries[node % entries.shape[0]]
            _, size, _ = best_first(knn, base, base[node], own_entries, pool, capacity, stamps, stamp, met)
            size = without(met, size, node)
        stamps[node] = stamp
        for i in range(knn.shape[1]):
            neighbor = knn[node, i]
            if neighbor >= 0 and stamps[neighbor] != stamp:
                stamps[neighbor] = stamp
                met[size] = make_key(knn_squared[node, i], neighbor)
                size += 1
        choose_edges(base, codes, node, met, size, most, others, links, squared)
    return stamp


@kernel
def without(keys: Keys, size: int, node: int) -> int:
    """Remove a node from unsorted keys; returns the new size."""
    for i in range(size):
        if key_node(keys[i]) == node:
            keys[i] = keys[size - 1]
            return size - 1
    return size


@kernel
def reverse_lists(links: Ids, squared: Floats) -> tuple[NDArray[np.int64], Keys]:
    """Incoming edges of every node: offsets (n + 1,) and keys of the sources, by target and then by source id."""
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

    ``joined`` (n, max_degree) receives the edges, from the nearest.
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
            if not np.any(links[node, :own] == key_node(incoming[i])):
                union[size] = incoming[i]
                size += 1
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
    """The nearest neighbors (n, few) of nodes start..stop-1 that are not in their lists; -1 behind the last."""
    for node in range(start, stop):
        count = 0
        for other in knn[node]:
            if other < 0 or count == spare.shape[1]:
                break
            known = False
            for neighbor in graph[node]:
                known |= neighbor == other
            if not known:
                spare[node, count] = other
                count += 1
        spare[node, count:] = -1
