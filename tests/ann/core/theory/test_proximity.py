"""Proximity graphs against their definitions, scipy and networkx, with ties and repeats."""

from __future__ import annotations

from itertools import combinations

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial import cKDTree

from experiments.ann.core.theory.graphs import directed_edges, edges_outside, undirected_edges
from experiments.ann.core.theory.point_sets import hexagonal_lattice, square_lattice, uniform_points, with_duplicates
from experiments.ann.core.theory.proximity import (
    gabriel_graph,
    knn_graph,
    minimum_spanning_tree,
    nearest_neighbor_graph,
    relative_neighborhood_by_definition,
    relative_neighborhood_graph,
    relative_neighborhood_of_edges,
    squared_distances,
)

whole_points = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=2, max_size=12, unique=True).map(
    lambda points: np.array(points, float)
)


def edges_where_empty(points, region):
    """Pairs (p, q) without a third r for which ``region(d_pr, d_qr, d_pq)`` holds, all squared."""
    squared = ((points[:, None] - points[None]) ** 2).sum(axis=2)
    others = range(len(points))
    return {
        (p, q)
        for p, q in combinations(others, 2)
        if not any(region(squared[p, r], squared[q, r], squared[p, q]) for r in others if r not in (p, q))
    }


def pairs(graph):
    return {tuple(edge) for edge in undirected_edges(graph).tolist()}


@given(whole_points)
@settings(max_examples=60, deadline=None)
def test_rng_and_gabriel_follow_their_definitions_at_ties_too(points):
    assert pairs(relative_neighborhood_graph(points)) == edges_where_empty(points, lambda a, b, c: max(a, b) < c)
    closed = relative_neighborhood_graph(points, "closed")
    assert pairs(closed) == edges_where_empty(points, lambda a, b, c: max(a, b) <= c)
    assert pairs(gabriel_graph(points)) == edges_where_empty(points, lambda a, b, c: a + b < c)
    assert pairs(relative_neighborhood_by_definition(points)) == pairs(relative_neighborhood_graph(points))


@given(whole_points)
@settings(max_examples=60, deadline=None)
def test_nearest_neighbors_and_tree_lie_within_rng_within_gabriel(points):
    lune = relative_neighborhood_graph(points)
    assert not len(edges_outside(nearest_neighbor_graph(points), lune))
    assert not len(edges_outside(minimum_spanning_tree(points), lune))
    assert not len(edges_outside(lune, gabriel_graph(points)))


@pytest.mark.parametrize("dim", [1, 2, 5])
def test_spanning_tree_is_as_short_as_that_of_networkx(dim):
    points = uniform_points(np.random.default_rng(0), 40, dim)
    lengths = np.sqrt(squared_distances(points, points))
    whole = nx.Graph((p, q, {"weight": lengths[p, q]}) for p, q in combinations(range(40), 2))
    tree = undirected_edges(minimum_spanning_tree(points))
    assert nx.is_tree(nx.Graph(tree.tolist()))
    expected = nx.minimum_spanning_tree(whole).size("weight")
    assert lengths[tree[:, 0], tree[:, 1]].sum() == pytest.approx(expected, rel=1e-12)


def test_knn_graph_equals_scipy():
    points = uniform_points(np.random.default_rng(1), 50, 3)
    expected = cKDTree(points).query(points, k=[2, 3, 4, 5])[1]
    assert knn_graph(points, 4).tolist() == expected.tolist()


def test_knn_graph_leaves_out_itself_by_id_and_keeps_repeats():
    points = np.array([(0, 0), (0, 0), (5, 0)], float)
    assert knn_graph(points, 2).tolist() == [[1, 2], [0, 2], [0, 1]]
    assert knn_graph(points, 9).shape == (3, 2)


def test_nearest_neighbor_graph_keeps_all_ties():
    assert directed_edges(nearest_neighbor_graph(np.array([[-1.0], [0.0], [1.0]]))).tolist() == [
        [0, 1],
        [1, 0],
        [1, 2],
        [2, 1],
    ]


def test_closed_lunes_disconnect_a_hexagonal_lattice():
    lattice = hexagonal_lattice(4)
    assert nx.is_connected(nx.Graph(undirected_edges(relative_neighborhood_graph(lattice)).tolist()))
    assert relative_neighborhood_graph(lattice, "closed").shape == (16, 0)


def test_filtering_all_pairs_gives_the_rng():
    points = uniform_points(np.random.default_rng(2), 30, 2)
    every = np.array(list(combinations(range(30), 2)))
    assert pairs(relative_neighborhood_of_edges(points, every)) == pairs(relative_neighborhood_graph(points))


def test_one_point_has_no_edges():
    point = np.zeros((1, 2))
    for graph in (relative_neighborhood_graph, gabriel_graph, minimum_spanning_tree, nearest_neighbor_graph):
        assert graph(point).shape == (1, 0)


def test_point_sets_have_whole_coordinates_and_known_ties():
    rng = np.random.default_rng(3)
    assert (uniform_points(rng, 20, 3) % 1 == 0).all()
    squared = squared_distances(hexagonal_lattice(5), hexagonal_lattice(5))
    assert squared[squared > 0].min() == 2
    assert (squared == 2).sum(axis=1).max() == 6
    square = squared_distances(square_lattice(9, 2), square_lattice(9, 2))
    assert (square == square[square > 0].min()).sum(axis=1).max() == 4
    assert len(np.unique(with_duplicates(rng, square_lattice(9, 2), 3), axis=0)) == 9
