"""Graphs on numbered points as padded arrays, and the set algebra of their edges.

A graph of n nodes is an int32 array (n, width): row p holds the out-neighbors of p and then -1. It is directed; an
undirected graph holds each edge in both rows. Knows nothing of coordinates.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Neighbors = NDArray[np.int32]
"""Padded out-neighbors (n, width), -1 after the last."""
Edges = NDArray[np.int64]
"""Pairs of node ids (m, 2), from and to."""


def graph_from_lists(lists: Sequence[Sequence[int]]) -> Neighbors:
    """The graph whose node p has the out-neighbors ``lists[p]``, in that order.

    >>> graph_from_lists([[2, 1], [], [0]]).tolist()
    [[2, 1], [-1, -1], [0, -1]]
    """
    width = max((len(row) for row in lists), default=0)
    neighbors = np.full((len(lists), width), -1, np.int32)
    for node, row in enumerate(lists):
        neighbors[node, : len(row)] = row
    return neighbors


def graph_from_edges(edges: Edges, n: int, *, directed: bool = False) -> Neighbors:
    """The graph of n nodes with these edges (m, 2), each in both rows unless ``directed``.

    Rows ascend, repeats are dropped.

    >>> graph_from_edges(np.array([[0, 2], [0, 1]]), 3).tolist()
    [[1, 2], [0, -1], [0, -1]]
    """
    pairs = np.asarray(edges, np.int64).reshape(-1, 2)
    keys = pairs[:, 0] * n + pairs[:, 1]  # one number per edge, so that sorting puts rows and columns in order
    if not directed:
        keys = np.concatenate([keys, pairs[:, 1] * n + pairs[:, 0]])
    sources, targets = np.divmod(np.unique(keys), n)
    counts = np.bincount(sources, minlength=n)
    # place of an edge within its row: its place in the list less where the row starts
    columns = np.arange(len(sources)) - np.repeat(np.cumsum(counts) - counts, counts)
    neighbors = np.full((n, counts.max(initial=0)), -1, np.int32)
    neighbors[sources, columns] = targets
    return neighbors


def complete_graph(n: int) -> Neighbors:
    """Every node points to every other, ids ascending: (n, n - 1).

    >>> complete_graph(3).tolist()
    [[1, 2], [0, 2], [0, 1]]
    """
    # 0 .. n - 2 in every row, and 1 more from the node itself on, which so is left out
    others = np.arange(n - 1)[None, :] + (np.arange(n - 1)[None, :] >= np.arange(n)[:, None])
    return others.astype(np.int32)


def directed_edges(neighbors: Neighbors) -> Edges:
    """Edges (m, 2) row by row.

    >>> directed_edges(graph_from_lists([[2, 1], [], [0]])).tolist()
    [[0, 2], [0, 1], [2, 0]]
    """
    sources, columns = np.nonzero(neighbors >= 0)
    return np.stack([sources, neighbors[sources, columns].astype(np.int64)], axis=1)


def undirected_edges(neighbors: Neighbors) -> Edges:
    """Edges (m, 2) without direction: each once, smaller id first, in ascending order."""
    edges = np.sort(directed_edges(neighbors), axis=1)
    return np.unique(edges, axis=0)


def edges_outside(inner: Neighbors, outer: Neighbors) -> Edges:
    """The directed edges (m, 2) of ``inner`` that ``outer`` lacks; empty iff ``inner`` is a subgraph."""
    n = len(inner)
    mine, theirs = directed_edges(inner), directed_edges(outer)
    keys = np.setdiff1d(mine[:, 0] * n + mine[:, 1], theirs[:, 0] * n + theirs[:, 1])
    return np.stack(np.divmod(keys, n), axis=1)


def edge_differences(first: Neighbors, second: Neighbors) -> int:
    """Number of directed edges that exactly one of two graphs has.

    >>> edge_differences(graph_from_lists([[1], [0], []]), graph_from_lists([[1, 2], [], []]))
    2
    """
    return len(edges_outside(first, second)) + len(edges_outside(second, first))


def union(first: Neighbors, second: Neighbors) -> Neighbors:
    """The graph with the edges of both, rows ascending.

    >>> union(graph_from_lists([[1], [], []]), graph_from_lists([[2], [], [0]])).tolist()
    [[1, 2], [-1, -1], [0, -1]]
    """
    return graph_from_edges(np.concatenate([directed_edges(first), directed_edges(second)]), len(first), directed=True)


def reversed_edges(neighbors: Neighbors) -> Neighbors:
    """The graph with every edge turned round, rows ascending."""
    return graph_from_edges(directed_edges(neighbors)[:, ::-1], len(neighbors), directed=True)


def without_edge(neighbors: Neighbors, source: int, target: int) -> Neighbors:
    """A copy (n, width) without the edge from ``source`` to ``target``.

    >>> without_edge(complete_graph(3), 0, 1).tolist()
    [[2, -1], [0, 2], [0, 1]]
    """
    copy = neighbors.copy()
    row = neighbors[source]
    kept = row[(row != target) & (row >= 0)]
    copy[source] = -1
    copy[source, : len(kept)] = kept
    return copy


def out_degrees(neighbors: Neighbors) -> NDArray[np.int64]:
    """Out-degree of every node (n,)."""
    return (neighbors >= 0).sum(axis=1)
