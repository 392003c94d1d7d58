"""Padded graphs against sets of pairs in plain Python."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from experiments.ann.core.theory.graphs import (
    complete_graph,
    directed_edges,
    edge_differences,
    edges_outside,
    graph_from_edges,
    graph_from_lists,
    out_degrees,
    undirected_edges,
    union,
    without_edge,
)

NODES = 6
edge_sets = st.sets(
    st.tuples(st.integers(0, NODES - 1), st.integers(0, NODES - 1)).filter(lambda edge: edge[0] != edge[1])
)


def as_array(edges: set[tuple[int, int]]) -> np.ndarray:
    return np.array(sorted(edges), np.int64).reshape(-1, 2)


def as_set(edges: np.ndarray) -> set[tuple[int, int]]:
    return {(int(p), int(q)) for p, q in edges}


@given(edge_sets)
def test_directed_edges_survive_the_padded_form(edges):
    graph = graph_from_edges(as_array(edges), NODES, directed=True)
    assert as_set(directed_edges(graph)) == edges
    assert out_degrees(graph).tolist() == [sum(p == node for p, _ in edges) for node in range(NODES)]


@given(edge_sets)
def test_undirected_graph_holds_every_edge_in_both_rows(edges):
    graph = graph_from_edges(as_array(edges), NODES)
    one_way = graph_from_edges(as_array(edges), NODES, directed=True)
    both = edges | {(q, p) for p, q in edges}
    assert as_set(directed_edges(graph)) == both
    assert as_set(undirected_edges(graph)) == {edge for edge in both if edge[0] < edge[1]}
    assert as_set(directed_edges(graph_from_edges(directed_edges(one_way), NODES))) == both


@given(edge_sets, edge_sets)
def test_set_algebra_is_that_of_python_sets(first, second):
    graphs = [graph_from_edges(as_array(edges), NODES, directed=True) for edges in (first, second)]
    assert as_set(edges_outside(*graphs)) == first - second
    assert edge_differences(*graphs) == len(first ^ second)
    assert as_set(directed_edges(union(*graphs))) == first | second


def test_lists_keep_their_order_and_are_padded_after_the_last():
    assert graph_from_lists([[2, 1], [], [0]]).tolist() == [[2, 1], [-1, -1], [0, -1]]


def test_no_nodes_and_no_edges_keep_the_shape():
    assert graph_from_lists([]).shape == (0, 0)
    empty = graph_from_edges(np.empty((0, 2), np.int64), 3)
    assert empty.shape == (3, 0)
    assert directed_edges(empty).shape == (0, 2)


def test_complete_graph_joins_all_but_itself():
    assert complete_graph(3).tolist() == [[1, 2], [0, 2], [0, 1]]


def test_removing_an_edge_leaves_the_original_alone():
    graph = graph_from_lists([[1, 2], [0], [0]])
    assert without_edge(graph, 0, 1).tolist() == [[2, -1], [0, -1], [0, -1]]
    assert graph[0].tolist() == [1, 2]
