"""Choosing the edges of an NSG: candidates met by a search, the rule of the MRNG, and reverse edges.

The rule: scan the candidates q of p from the nearest; take q unless an r taken before is strictly nearer to q than p
is. Ties in the scan go by id. With all points as candidates and no limit this is the MRNG itself.
Each node is handled alone, from lists that no longer change, so the result does not depend on threads.

Source: Fu et al., PVLDB 12(5), 2019, Algorithm 2. The original inserts reverse edges one by one under locks; here each
node receives all of them at once.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from experiments.ann.core.codes.line_codes import Codes
from experiments.ann.core.codes.stored_vector import Stored, not_occluded
from experiments.ann.core.nsg.construction.equals import TWINS, followers_first
from experiments.ann.core.nsg.searching.search import Visited, best_first, next_mark
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
    # The rule wants all candidates sorted, but most are occluded early. So the nearest 64 are sorted and thinned by
    # each other; then those kept thin the rest, from which the next 64 come. The edges are those of one long sort.
    size, taken = take_twins(candidates, size, node, vectors.shape[0], others, kept)
    while size > 0 and taken < kept.shape[0]:
        few, before = min(size, CHUNK), taken
        select_smallest(candidates, size, few, others)
        nearest, left = others, few
        copy_keys(candidates, 0, few, nearest, 0)
        sort_few(nearest, few)
        while left > 0 and taken < kept.shape[0]:
            kept[taken] = nearest[0]
            # From place 1 on: the taken one leaves the list, and so does what it occludes.
            left = drop_occluded(vectors, codes, key_node(kept[taken]), nearest, 1, left)
            taken += 1
        for i in range(before, taken):
            # The first pass starts after the sorted ones and writes over them; then what is left begins at the front.
            size = drop_occluded(vectors, codes, key_node(kept[i]), candidates, few if i == before else 0, size)
    return taken


@kernel
def take_twins(candidates: Keys, size: int, node: int, n: int, others: Keys, kept: Keys) -> tuple[int, int]:
    """Move the ``TWINS`` followers of a node from the candidates to ``kept``, and drop its other equals.

    Arguments as in ``keep_unoccluded``; ``n`` is the number of all nodes.

    Returns:
        How many candidates are left, and how many are kept.

    >>> candidates, kept = np.array([2, 6, 8, make_key(1.0, 5)] + [0] * 8), np.zeros(4, np.int64)
    >>> left, taken = take_twins(candidates, 4, 2, 10, np.zeros(12, np.int64), kept)  # node 2 equals 1, 3 and 4
    >>> left, taken, [key_node(key) for key in kept[:taken]]
    (1, 2, [3, 4])
    """
    # Distance 0 is 32 zero bits above the id: all such keys, and no others, are below 2^32.
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
    """Write the keys first..stop-1 whose nodes are not strictly nearer to ``node`` than their distance to the front.

    Args:
        vectors, codes: see ``keep_unoccluded``.
        keys: keys of candidates by their distance to another node (>= stop + 8,).

    Returns:
        Their number.
    """
    count = 0
    # In place: ``count`` never passes ``place``, and the eight that are overwritten have been read.
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
    its rows of ``links`` and ``squared`` (n, max_degree); the other arguments are those of ``keep_unoccluded``.
    """
    if size > most:
        select_smallest(candidates, size, most, others)
    kept = np.empty(links.shape[1], np.int64)
    taken = keep_unoccluded(vectors, codes, node, candidates, min(size, most), others, kept)
    for i in range(taken):
        links[node, i] = key_node(kept[i])
        squared[node, i] = key_distance(kept[i])


class LinkScratch(NamedTuple):
    """Scratch of one thread for ``link_nodes``."""

    pool: Keys
    """(length of the candidate list,)."""
    met: Keys
    """(n + k + 8,), keys of the nodes that a search measures, then of all candidates."""
    others: Keys
    """As long as ``met``, for selections."""
    visited: Visited
    """(n,) marks of the visited set."""
    mark: Keys
    """(1,) the last mark used."""


def link_scratch(list_size: int, n: int, k: int) -> LinkScratch:
    """Room for searches with a candidate list of some length among n nodes with k neighbors."""
    met, others = np.empty((2, n + k + BLOCK), np.int64)
    return LinkScratch(np.empty(list_size, np.int64), met, others, np.zeros(n, np.uint8), np.zeros(1, np.int64))


@kernel
def link_nodes(
    knn: Ids,
    knn_squared: Floats,
    base: Floats,
    codes: Codes | Floats,
    start: int,
    stop: int,
    entries: Ids,
    most: int,
    scratch: LinkScratch,
    links: Ids,
    squared: Floats,
) -> None:
    """Choose the out-edges of nodes start..stop-1 before reverse edges.

    Args:
        knn, knn_squared: k nearest neighbor graph (n, k) and its squared distances.
        base: padded vectors (n, d).
        codes: see ``keep_unoccluded``.
        entries: nodes where the searches start; row ``node % len(entries)`` is used. Without columns nothing is
            searched, and candidates are the node's own neighbors.
        most: candidates that are kept, the nearest first.
        links, squared: out, edges (n, max_degree) from the nearest, and their squared distances.
    """
    pool, met, visited = scratch.pool, scratch.met, scratch.visited
    mark = scratch.mark[0]
    for node in range(start, stop):
        mark = next_mark(visited, mark)
        own_entries = entries[node % entries.shape[0]]
        _, size, _ = best_first(knn, base, base[node], own_entries, pool, pool.shape[0], visited, mark, met)
        size = without(met, size, node)
        # The search has marked what it met; neighbors that it did not meet are added, with distances that are known.
        visited[node] = mark
        for i in range(knn.shape[1]):
            neighbor = knn[node, i]
            if neighbor >= 0 and visited[neighbor] != mark:
                visited[neighbor] = mark
                met[size] = make_key(knn_squared[node, i], neighbor)
                size += 1
        choose_edges(base, codes, node, met, size, most, scratch.others, links, squared)
    scratch.mark[0] = mark


@kernel
def without(keys: Keys, size: int, node: int) -> int:
    """Remove a node from unsorted keys; returns the new size.

    >>> keys = np.array([2, 4, 6])  # nodes 1, 2 and 3
    >>> without(keys, 3, 1), keys[:2].tolist()
    (2, [6, 4])
    """
    for i in range(size):
        if key_node(keys[i]) == node:
            keys[i] = keys[size - 1]
            return size - 1
    return size
