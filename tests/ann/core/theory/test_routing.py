"""Greedy walks against single ones, and what they find on each kind of graph."""

from __future__ import annotations

import numpy as np
import pytest

from experiments.ann.core.theory.delaunay import delaunay_graph
from experiments.ann.core.theory.monotonic import (
    monotonic_relative_neighborhood_graph,
)
from experiments.ann.core.theory.point_sets import uniform_points, with_duplicates
from experiments.ann.core.theory.proximity import (
    knn_graph,
)
from experiments.ann.core.theory.routing import arrivals, greedy_from_everywhere, greedy_path, missed_walks


def test_greedy_from_everywhere_equals_single_walks():
    rng = np.random.default_rng(5)
    points, queries = uniform_points(rng, 30, 3), uniform_points(rng, 4, 3)
    graph = knn_graph(points, 4)
    walks = greedy_from_everywhere(points, graph, queries)
    for query in range(4):
        for start in range(30):
            path = greedy_path(points, graph, queries[query], start)
            assert walks.ends[query, start] == path[-1]
            assert walks.hops[query, start] == len(path) - 1
            assert walks.distance_computations[query, start] == 1 + 4 * len(path)


@pytest.mark.parametrize("dim", [2, 4])
def test_delaunay_never_misses_and_mrng_misses_only_outside(dim):
    rng = np.random.default_rng(6)
    points, queries = uniform_points(rng, 60, dim), uniform_points(rng, 40, dim)
    delaunay, monotonic = delaunay_graph(points), monotonic_relative_neighborhood_graph(points)
    assert missed_walks(points, delaunay, points) == missed_walks(points, delaunay, queries) == 0
    assert missed_walks(points, monotonic, points) == 0
    assert missed_walks(points, monotonic, queries) > 0


def test_routing_to_a_repeat_stalls_at_its_twin():
    points = with_duplicates(np.random.default_rng(8), uniform_points(np.random.default_rng(8), 20, 2), 4)
    graph = monotonic_relative_neighborhood_graph(points)
    assert arrivals(greedy_from_everywhere(points, graph, points)).sum() < 24 * 23
    assert missed_walks(points, graph, points) == 0
