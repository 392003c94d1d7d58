"""Inserting nodes into a graph that is searched meanwhile.

Two things hold after every insertion, so also after any number of them. *Degree*: a list never exceeds its width.
*Reach*: every node has a parent, an edge parent -> node that no pruning drops, and parents lead back to the root; so
every node is reachable. The lists are those of ``lists.in_blocks``; the last row holds the nodes to start from.

A list that another thread reads while it is written may show old and new ids side by side. All are nodes that have been
written before, and ``code_vector`` reads what is -1 as node 0: such a search measures a node too many or too few.

Source: Singh et al.: FreshDiskANN, arXiv 2105.09613, 2021, Algorithm 2, here with the rule of the MRNG and parents.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from experiments.ann.core.codes.line_codes import Codes, QueryCodes
from experiments.ann.core.codes.stored_vector import Stored, measure
from experiments.ann.core.nsg.construction.pruning import keep_unoccluded
from experiments.ann.core.nsg.searching.batch_search import Mask, key_rows
from experiments.ann.core.nsg.searching.coded_search import search_alone
from experiments.ann.core.simd.distance import Floats, Ids, Keys, key_node
from experiments.ann.core.simd.kernel import kernel
from experiments.ann.core.simd.lanes import BLOCK
from experiments.ann.core.simd.selection import sort_few


class InsertScratch(NamedTuple):
    """Scratch of the one thread that inserts."""

    pools: Keys
    seen: Ids
    keys: Keys
    fresh: Ids
    found: Ids
    """(1, length of the candidate list), for ``search_alone`` like those before."""
    candidates: Keys
    others: Keys
    kept: Keys
    """For ``keep_unoccluded``."""
    edges: Ids
    """(R,)"""


def insert_scratch(size: int, width: int) -> InsertScratch:
    """Room for searches with a list of ``size`` in lists of some width."""
    room = 2 * BLOCK + max(size, width) + 1
    room += -room % BLOCK
    return InsertScratch(
        key_rows(1, size),
        np.empty((1, 4096), np.int32),
        key_rows(1, width + BLOCK)[0],
        np.empty((4, width + BLOCK), np.int32),
        np.empty((1, size), np.int32),
        key_rows(1, room)[0],
        key_rows(1, room)[0],
        np.empty(width, np.int64),
        np.empty(width, np.int32),
    )


@kernel
def edges_of(lists: Ids, node: int, edges: Ids) -> int:
    """Write the neighbors of a node (R,), without what fills gaps; returns their number.

    >>> edges = np.zeros(16, np.int32)
    >>> count = edges_of(np.int32([[4, 7, 4, 4, 4, 4, 4, 4, -1, 4, 4, 4, 4, 4, 4, 4]]), 0, edges)
    >>> edges[:count].tolist()
    [4, 7]
    """
    count = 0
    for first in range(0, lists.shape[1], BLOCK):
        if lists[node, first] < 0:
            break
        for i in range(first, first + BLOCK):
            if i == first or lists[node, i] != lists[node, first]:
                edges[count] = lists[node, i]
                count += 1
    return count


@kernel
def write_edges(lists: Ids, node: int, edges: Ids, count: int) -> None:
    """Write a node's list, gaps filled by the first id of their block; after it, a -1 at the start of each block."""
    for first in range(0, lists.shape[1], BLOCK):
        for i in range(first + BLOCK - 1, first, -1):
            # An unused block holds ids too: a reader that takes it for used finds nodes in it.
            lists[node, i] = edges[i] if i < count else edges[first] if first < count else edges[0]
        lists[node, first] = edges[first] if first < count else -1


@kernel
def insert_rows(
    lists: Ids,
    codes: Codes | Floats,
    queries: QueryCodes | Floats,
    vectors: Stored,
    instructions: Codes,
    alive: Mask,
    parents: Ids,
    start: int,
    stop: int,
    scratch: InsertScratch,
) -> None:
    """Link nodes start..stop-1, whose vectors and codes are in place, one after the other.

    Args:
        queries: what codes are compared with, of these nodes.
        alive: which nodes may be results (capacity,); the new ones become so.
        parents: of every node (capacity,); the root is its own.
    """
    for node in range(start, stop):
        row = queries[node - start : node - start + 1]
        size = scratch.found.shape[1]
        search_alone(lists, codes, row, size, scratch.pools, scratch.seen, scratch.keys, scratch.fresh, scratch.found)
        link_node(lists, vectors, instructions, alive, parents, node, scratch)
        alive[node] = True


@kernel
def link_node(
    lists: Ids, vectors: Stored, instructions: Codes, alive: Mask, parents: Ids, node: int, scratch: InsertScratch
) -> None:
    """Give a node edges to the found nodes by the rule, and the reverse of each; one of these is its parent's."""
    found, candidates, edges = scratch.found, scratch.candidates, scratch.edges
    count = 0
    # Edges to nodes that are to go would go with them. Only where no other was found are they better than none.
    for wanted in (True, False):
        if count == 0:
            for other in found[0]:
                if other >= 0 and other != node and alive[other] == wanted:
                    candidates[count] = np.int64(other) << 1
                    count += 1
    measure(vectors, candidates, count, vectors, node, instructions, candidates)
    near = np.sort(candidates[:count])
    taken = keep_unoccluded(vectors, instructions, node, candidates, count, scratch.others, scratch.kept)
    for i in range(taken):
        edges[i] = key_node(scratch.kept[i])
    own = edges[: fill_up(edges, taken, near, max(2 * BLOCK, taken + -taken % BLOCK))].copy()
    write_edges(lists, node, own, len(own))
    parents[node] = -1
    for other in own:
        if add_edge(lists, vectors, instructions, parents, other, node, scratch) and parents[node] < 0:
            parents[node] = other
    # No neighbor kept the edge: the nearest that has an edge which is no parent's gives that one up.
    for i in range(count):
        if parents[node] >= 0:
            break
        adopt(lists, parents, key_node(near[i]), node, edges)
    for other in range(node - 1, -1, -1):  # a node without children has such room, so this ends
        if parents[node] >= 0:
            break
        adopt(lists, parents, other, node, edges)


@kernel
def add_edge(
    lists: Ids, vectors: Stored, instructions: Codes, parents: Ids, node: int, other: int, scratch: InsertScratch
) -> bool:
    """Add the edge node -> other; where the list is full the rule prunes it. Returns whether the edge is there."""
    edges, width = scratch.edges, lists.shape[1]
    count = edges_of(lists, node, edges)
    if count < width:
        edges[count] = other
        write_edges(lists, node, edges, count + 1)
        return True
    candidates = scratch.candidates
    for i in range(count):
        candidates[i] = np.int64(edges[i]) << 1
    candidates[count] = np.int64(other) << 1
    count += 1
    measure(vectors, candidates, count, vectors, node, instructions, candidates)
    sort_few(candidates, count)
    ordered = candidates[:count].copy()
    kept = scratch.kept
    taken = keep_unoccluded(vectors, instructions, node, candidates, count, scratch.others, kept)
    # Children stay whatever the rule says; then what it chose, as far as there is room.
    size = 0
    for key in ordered:
        if parents[key_node(key)] == node:
            edges[size] = key_node(key)
            size += 1
    for i in range(taken):
        chosen = key_node(kept[i])
        if size < width and parents[chosen] != node:
            edges[size] = chosen
            size += 1
    size = fill_up(edges, size, ordered, size + -size % BLOCK)
    write_edges(lists, node, edges, size)
    return bool(np.any(edges[:size] == other))


@kernel
def fill_up(edges: Ids, size: int, nearest: Keys, target: int) -> int:
    """Add the nearest that are no edges yet until there are ``target`` edges, since a block costs the same full or not;
    returns how many there are.

    >>> edges = np.int32([7, 0, 0, 0])
    >>> fill_up(edges, 1, np.array([2 * 5, 2 * 7, 2 * 9]), 4), edges.tolist()
    (3, [7, 5, 9, 0])
    """
    for key in nearest:
        if size >= min(target, edges.shape[0]):
            break
        if not np.any(edges[:size] == key_node(key)):
            edges[size] = key_node(key)
            size += 1
    return size


@kernel
def adopt(lists: Ids, parents: Ids, node: int, child: int, edges: Ids) -> None:
    """Make a node the parent of another if its list has room, or an edge that is no parent's: the last such goes."""
    count, place = edges_of(lists, node, edges), -1
    if count < lists.shape[1]:
        place, count = count, count + 1
    else:
        for i in range(count):
            if parents[edges[i]] != node:
                place = i
    if place >= 0:
        edges[place] = child
        write_edges(lists, node, edges, count)
        parents[child] = node
