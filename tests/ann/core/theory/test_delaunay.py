"""Delaunay graphs against the dual of Voronoi cells, and spheres by hand."""

from __future__ import annotations

import numpy as np
import pytest

from experiments.ann.core.theory.delaunay import (
    circumspheres,
    delaunay_graph,
    delaunay_simplices,
    simplex_edges,
    sphere_intrusions,
)
from experiments.ann.core.theory.graphs import edge_differences, edges_outside
from experiments.ann.core.theory.point_sets import clustered_points, square_lattice, uniform_points
from experiments.ann.core.theory.proximity import gabriel_graph
from experiments.ann.core.theory.voronoi import (
    dual_graph,
)


@pytest.mark.parametrize(("n", "dim"), [(60, 2), (60, 3), (50, 4), (40, 5)])
def test_delaunay_graph_is_the_dual_also_on_the_hull(n, dim):
    points = uniform_points(np.random.default_rng(dim), n, dim)
    assert edge_differences(delaunay_graph(points), dual_graph(points)) == 0


def test_circumsphere_of_a_right_triangle():
    corners = np.array([(0, 0), (6, 0), (0, 8)], float)
    centers, squared_radii = circumspheres(corners, np.array([[0, 1, 2]]))
    assert centers.tolist() == [[3.0, 4.0]]
    assert squared_radii.tolist() == [25.0]


@pytest.mark.parametrize("dim", [2, 3, 5])
def test_spheres_are_empty_and_those_of_shuffled_points_are_not(dim):
    rng = np.random.default_rng(dim)
    points = clustered_points(rng, 60, dim)
    simplices = delaunay_simplices(points)
    assert sphere_intrusions(points, simplices).max() < 1e-10
    assert sphere_intrusions(rng.permutation(points), simplices).max() > 0.1


def test_gabriel_lies_within_delaunay_on_points_without_cocircular_ones():
    points = uniform_points(np.random.default_rng(7), 80, 2)
    assert not len(edges_outside(gabriel_graph(points), delaunay_graph(points)))


def test_simplex_edges_are_listed_once():
    assert simplex_edges(np.array([[0, 1, 2], [2, 1, 3]])).tolist() == [[0, 1], [0, 2], [1, 2], [1, 3], [2, 3]]


def test_repeats_are_refused_and_a_lattice_can_be_joggled():
    with pytest.raises(ValueError, match="got 1 dropped as duplicates"):
        delaunay_graph(np.array([(0, 0), (1, 0), (0, 1), (1, 1), (0, 0)], float))
    assert set(delaunay_simplices(square_lattice(25, 2), joggle=True).ravel()) == set(range(25))
