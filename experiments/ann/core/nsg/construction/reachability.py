"""Reachability from the navigating node, and the repair that guarantees it without exceeding the out-degree.

The tree of first discovery from the navigating node is grown until it spans all nodes. A node that the tree does not
reach is attached to a near node of the tree. If that node's list is full, the farthest edge that is not in the tree
makes room: nothing that was reachable is lost. A leaf of the tree always has such room, so a place is always found.

Source: Fu et al., PVLDB 12(5), 2019, Algorithm 2, tree spanning; the original lets the out-degree grow instead.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from experiments.ann.core.nsg.searching.search import Visited, best_first, next_mark
from experiments.ann.core.simd.distance import Floats, Ids, Keys, key_node
from experiments.ann.core.simd.kernel import kernel


@kernel
def grow_tree(graph: Ids, root: int, parents: Ids, order: Ids, size: int) -> int:
    """Discover everything reachable from ``root`` breadth first.

    Args:
        graph: out-neighbors (n, R).
        root: a node that is already at ``order[size]``-to-be, with its parent set.
        parents: in and out (n,), -1 where not discovered; the first node is its own parent.
        order: in and out (n,), nodes in the order of discovery.
        size: nodes discovered before ``root``.

    Returns:
        Nodes discovered now.

    >>> graph, parents, order = np.int32([[1], [2], [0], [0]]), np.int32([0, -1, -1, -1]), np.zeros(4, np.int32)
    >>> grow_tree(graph, 0, parents, order, 0), parents.tolist()
    (3, [0, 0, 1, -1])
    """
    # ``order`` is the queue of the search in breadth and its result: from ``head`` on nodes wait for their turn.
    order[size] = root
    head = size
    size += 1
    while head < size:
        node = order[head]
        head += 1
        for i in range(graph.shape[1]):
            neighbor = graph[node, i]
            if neighbor < 0:
                break
            if parents[neighbor] < 0:
                parents[neighbor] = node
                order[size] = neighbor
                size += 1
    return size


@kernel
def count_unreachable(graph: Ids, root: int) -> int:
    """Nodes of a graph (n, R) that no path from ``root`` reaches.

    >>> count_unreachable(np.int32([[1], [2], [0], [0]]), 0)
    1
    """
    n = graph.shape[0]
    parents = np.full(n, -1, np.int32)
    parents[root] = root
    return n - grow_tree(graph, root, parents, np.empty(n, np.int32), 0)


@kernel
def place_in(graph: Ids, node: int, parents: Ids) -> int:
    """Position in a node's list for one more edge: the first free one, else its last edge outside the tree, else -1.

    >>> graph, parents = np.int32([[1, 2]]), np.int32([0, 0, 1])  # 0 -> 1 is in the tree, 2 hangs on 1
    >>> place_in(graph, 0, parents)
    1
    """
    width = graph.shape[1]
    for i in range(width):
        if graph[node, i] < 0:
            return i
    # From the farthest on. An edge outside the tree may go: paths from the root need the tree's edges only.
    for i in range(width - 1, -1, -1):
        if parents[graph[node, i]] != node:
            return i
    return -1


@kernel
def repair(
    graph: Ids, base: Floats, root: int, entries: Ids, capacity: int, pool: Keys, met: Keys, visited: Visited
) -> int:
    """Make every node reachable from ``root``, in place.

    Args:
        graph: out-neighbors (n, R), from the nearest.
        base: vectors (n, d).
        root: the navigating node.
        entries: where the search for an unreached node starts, reachable nodes.
        capacity: its length of the candidate list.
        pool, met: scratch (>= capacity,) and (>= n,).
        visited: the visited set (n,), of zeros.

    Returns:
        Number of edges that were attached.
    """
    n = graph.shape[0]
    parents = np.full(n, -1, np.int32)
    order = np.empty(n, np.int32)
    parents[root] = root
    reached = grow_tree(graph, root, parents, order, 0)
    attached = 0
    mark = 0
    for node in range(n):
        if parents[node] >= 0:
            continue
        mark = next_mark(visited, mark)
        _, size, _ = best_first(graph, base, base[node], entries, pool, capacity, visited, mark, met)
        # The search met reachable nodes only, and all of them are candidates, from the nearest on.
        met[:size].sort()
        # If none has room the node discovered last has: it is a leaf of the tree, so no edge of it is needed.
        source = order[reached - 1]
        for i in range(size):
            if place_in(graph, key_node(met[i]), parents) >= 0:
                source = key_node(met[i])
                break
        graph[source, place_in(graph, source, parents)] = node
        parents[node] = source
        # What hangs on the node is now reachable too, and must not be attached a second time.
        reached = grow_tree(graph, node, parents, order, reached)
        attached += 1
    return attached


def degrees(graph: Ids) -> NDArray[np.int64]:
    """Out-degree of every node (n,) of a graph (n, R).

    >>> degrees(np.int32([[1, 2], [0, -1], [-1, -1]])).tolist()
    [2, 1, 0]
    """
    return (graph >= 0).sum(axis=1)


def mutual_degrees(graph: Ids) -> NDArray[np.int64]:
    """Neighbors of every node (n,) of a graph (n, R) when the reverse of every edge is added.

    >>> mutual_degrees(np.int32([[1, 2], [0, -1], [-1, -1]])).tolist()  # 0-1 in both directions counts once
    [2, 1, 1]
    """
    n = len(graph)
    sources = np.repeat(np.arange(n), degrees(graph))
    targets = graph[graph >= 0].astype(np.int64)
    # An edge as one number, source * n + target: equal ones become one.
    both = np.unique(np.concatenate([sources * n + targets, targets * n + sources]))
    return np.bincount(both // n, minlength=n)
