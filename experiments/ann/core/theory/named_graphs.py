"""The proximity graphs by the names under which experiments compare them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from experiments.ann.core.theory.delaunay import delaunay_graph
from experiments.ann.core.theory.graphs import Neighbors, complete_graph
from experiments.ann.core.theory.monotonic import monotonic_relative_neighborhood_graph
from experiments.ann.core.theory.point_sets import Points
from experiments.ann.core.theory.proximity import gabriel_graph, minimum_spanning_tree, relative_neighborhood_graph

GRAPHS: Mapping[str, Callable[[Points], Neighbors]] = {
    "complete": lambda points: complete_graph(len(points)),
    "delaunay": delaunay_graph,
    "gabriel": gabriel_graph,
    "mrng": monotonic_relative_neighborhood_graph,
    "rng": relative_neighborhood_graph,
    "spanning tree": minimum_spanning_tree,
}
"""Name -> the graph (n, width) of distinct points (n, d)."""
