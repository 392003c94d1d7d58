"""MRNG and the MSNET check against definitions, naive loops and networkx."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments.ann.core.nsg.index import NSG
from experiments.ann.core.theory.graphs import (
    Neighbors,
    complete_graph,
    directed_edges,
    edge_differences,
    edges_outside,
    graph_from_lists,
    out_degrees,
)
from experiments.ann.core.theory.monotonic import (
    KISSING_NUMBERS,
    monotonic_reachability,
    monotonic_relative_neighborhood_graph,
    narrow_angles,
    removable_edges,
    smallest_angle,
    stalled_pairs,
)
from experiments.ann.core.theory.point_sets import Points, hexagonal_lattice, uniform_points
from experiments.ann.core.theory.proximity import (
    knn_graph,
    nearest_neighbor_graph,
    relative_neighborhood_graph,
    squared_distances,
)

whole_points = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=2, max_size=12, unique=True).map(
    lambda points: np.array(points, float)
)


def mrng_by_definition(points: Points) -> Neighbors:
    """p -> q iff no r in the open lune of p and q has an edge p -> r, decided by recursion on the distance.

    Equal to the scan by rising distance when no two distances from a point tie.
    """
    squared = ((points[:, None] - points[None]) ** 2).sum(axis=2)
    lists: list[list[int]] = []
    for p, near in enumerate(squared):
        taken: list[int] = []
        for q in sorted(set(range(len(points))) - {p}, key=lambda node: (near[node], node)):
            in_lune = [r for r in taken if max(near[r], squared[r, q]) < near[q]]
            taken += [] if in_lune else [q]
        lists.append(taken)
    return graph_from_lists(lists)


@given(whole_points)
@settings(max_examples=60, deadline=None)
def test_mrng_is_an_msnet_with_wide_angles_even_at_ties(points):
    graph = monotonic_relative_neighborhood_graph(points)
    assert not len(stalled_pairs(points, graph))
    assert not len(narrow_angles(points, graph))
    assert out_degrees(graph).max() <= KISSING_NUMBERS[2]


@given(whole_points)
@settings(max_examples=40, deadline=None)
def test_no_edge_of_an_mrng_can_be_spared(points):
    graph = monotonic_relative_neighborhood_graph(points)
    assert not len(removable_edges(points, graph))


def test_of_a_complete_graph_only_edges_from_nearest_neighbors_are_needed():
    points = uniform_points(np.random.default_rng(0), 15, 2)
    nearest = knn_graph(points, 1)[:, 0].tolist()
    spare = {tuple(edge) for edge in removable_edges(points, complete_graph(15)).tolist()}
    assert {tuple(edge) for edge in directed_edges(complete_graph(15)).tolist()} - spare == set(
        zip(nearest, range(15), strict=True)
    )


@pytest.mark.parametrize("dim", [1, 2, 4, 8])
def test_mrng_equals_its_definition_and_holds_the_rng(dim):
    points = uniform_points(np.random.default_rng(dim), 50, dim)
    graph = monotonic_relative_neighborhood_graph(points)
    assert graph.tolist() == mrng_by_definition(points).tolist()
    assert not len(edges_outside(relative_neighborhood_graph(points), graph))
    assert not len(edges_outside(nearest_neighbor_graph(points), graph))
    assert smallest_angle(points, graph) >= 60 - 1e-9


def test_stalled_pairs_are_found_one_by_one():
    points = uniform_points(np.random.default_rng(3), 25, 2)
    graph, squared = relative_neighborhood_graph(points), squared_distances(points, points)
    expected = {
        (p, q)
        for p in range(25)
        for q in range(25)
        if p != q and not any(squared[u, q] < squared[p, q] for u in graph[p] if u >= 0)
    }
    assert {tuple(pair) for pair in stalled_pairs(points, graph).tolist()} == expected != set()


def test_reachability_is_that_of_networkx_on_descending_edges():
    points = uniform_points(np.random.default_rng(4), 20, 2)
    graph, squared = knn_graph(points, 3), squared_distances(points, points)
    connected = monotonic_reachability(points, graph)
    for goal in range(20):
        descending = nx.DiGraph(
            [(p, u) for p, u in directed_edges(graph).tolist() if squared[u, goal] < squared[p, goal]]
        )
        descending.add_nodes_from(range(20))
        assert set(np.flatnonzero(connected[:, goal])) == nx.ancestors(descending, goal) | {goal}


def test_dropping_ties_breaks_the_lattice_and_keeping_them_does_not():
    lattice = hexagonal_lattice(6)
    kept = monotonic_relative_neighborhood_graph(lattice)
    assert (len(stalled_pairs(lattice, kept)), out_degrees(kept).max()) == (0, KISSING_NUMBERS[2])
    assert smallest_angle(lattice, kept) == pytest.approx(60)
    dropped = monotonic_relative_neighborhood_graph(lattice, "drop")
    assert (len(stalled_pairs(lattice, dropped)) > 0, out_degrees(dropped).max()) == (True, 3)


def test_nsg_of_all_candidates_before_reverse_edges_is_the_mrng():
    points = uniform_points(np.random.default_rng(9), 60, 3) / (1 << 10)
    whole = {"knn": 59, "search_list_size": 60, "candidates": 60, "max_degree": 60}
    nsg = NSG.build(points, threads=1, reverse_edges=False, repair=False, **whole).graph
    assert edge_differences(nsg, monotonic_relative_neighborhood_graph(points.astype(np.float32).astype(float))) == 0
