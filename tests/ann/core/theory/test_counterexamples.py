"""Every small set of points shows what it is there for."""

from __future__ import annotations

from experiments.ann.core.theory.counterexamples import (
    GABRIEL_STALLS,
    MISSED_QUERY,
    MRNG_IS_DIRECTED,
    MRNG_LEAVES_DELAUNAY,
    MRNG_MISSES_QUERY,
    RNG_STALLS,
    TIED_EDGES,
    describe_edges,
    describe_walk,
)
from experiments.ann.core.theory.delaunay import delaunay_graph
from experiments.ann.core.theory.graphs import (
    edges_outside,
    reversed_edges,
)
from experiments.ann.core.theory.monotonic import (
    monotonic_relative_neighborhood_graph,
    stalled_pairs,
)
from experiments.ann.core.theory.proximity import (
    gabriel_graph,
    relative_neighborhood_graph,
)
from experiments.ann.core.theory.routing import greedy_path, missed_walks


def test_rng_of_four_points_stalls():
    graph = relative_neighborhood_graph(RNG_STALLS)
    assert stalled_pairs(RNG_STALLS, graph).tolist() == [[2, 0]]
    assert describe_walk(RNG_STALLS, graph, 2, RNG_STALLS[0]) == (
        "in {(1, 6), (8, 2), (6, 0), (6, 6)} greedy to (1, 6) walks (6, 0) at 61 and stops, as its nearest neighbors "
        "are "
        "(8, 2) at 65; the nearest point is (1, 6) at 0 (squared distances)"
    )


def test_gabriel_graph_of_four_points_stalls():
    assert stalled_pairs(GABRIEL_STALLS, gabriel_graph(GABRIEL_STALLS)).tolist() == [[0, 1]]


def test_mrng_of_three_points_misses_a_query_outside():
    graph = monotonic_relative_neighborhood_graph(MRNG_MISSES_QUERY)
    assert greedy_path(MRNG_MISSES_QUERY, graph, MISSED_QUERY, 2) == [2]
    assert missed_walks(MRNG_MISSES_QUERY, graph, MISSED_QUERY[None, :]) == 1


def test_mrng_is_not_within_delaunay():
    graph = monotonic_relative_neighborhood_graph(MRNG_LEAVES_DELAUNAY)
    assert [1, 3] in edges_outside(graph, delaunay_graph(MRNG_LEAVES_DELAUNAY)).tolist()


def test_mrng_is_directed():
    graph = monotonic_relative_neighborhood_graph(MRNG_IS_DIRECTED)
    single = edges_outside(graph, reversed_edges(graph))
    assert describe_edges(MRNG_IS_DIRECTED, single) == "in {(0, 2), (7, 3), (3, 8), (5, 8)} (7, 3) -> (0, 2)"


def test_of_two_tied_rng_edges_at_a_narrow_angle_mrng_keeps_one():
    lune, monotonic = relative_neighborhood_graph(TIED_EDGES), monotonic_relative_neighborhood_graph(TIED_EDGES)
    assert lune[0].tolist() == [1, 2]
    assert monotonic[0].tolist() == [1, -1]
    assert not len(stalled_pairs(TIED_EDGES, monotonic))
