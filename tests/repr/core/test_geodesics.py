"""Isomap, surfaces and dimensions against sklearn, scipy, quadrature and closed forms."""

from __future__ import annotations

import numpy as np
import pytest
import scipy
from sklearn import manifold, neighbors

from experiments.repr.core.geodesics import (
    classical_scaling,
    distance_correlation,
    geodesic_distances,
    isomap,
    squared_distances,
)
from experiments.repr.core.intrinsic_dimension import levina_bickel, nearest_distances, two_nearest
from experiments.repr.core.surfaces import draw_surface, roll_length, swiss_roll, turned_images

ROLL = draw_surface("swiss roll", 300, np.random.default_rng(0))


@pytest.mark.parametrize("near", [8, 20])
def test_isomap_is_sklearns(near: int) -> None:
    theirs = manifold.Isomap(n_neighbors=near, n_components=2, path_method="D", eigen_solver="dense").fit(ROLL.points)
    assert geodesic_distances(ROLL.points, near) == pytest.approx(theirs.dist_matrix_)
    assert np.abs(isomap(ROLL.points, near, 2)) == pytest.approx(np.abs(theirs.embedding_), abs=1e-8)


def test_geodesics_are_scipys_by_floyd_and_warshall() -> None:
    graph = neighbors.kneighbors_graph(ROLL.points, 8, mode="distance")
    expected = scipy.sparse.csgraph.floyd_warshall(graph, directed=False)
    assert geodesic_distances(ROLL.points, 8) == pytest.approx(expected)


def test_a_graph_in_pieces_is_refused() -> None:
    with pytest.raises(ValueError, match=r"expected one graph, got 2 pieces with 2 neighbors of 6 points; take more"):
        geodesic_distances(np.array([[0.0], [1], [2], [100], [101], [102]]), 2)


def test_equal_points_are_connected() -> None:
    assert geodesic_distances(np.array([[0.0], [0.0], [1.0]]), 2).tolist() == [[0, 0, 1], [0, 0, 1], [1, 1, 0]]


def test_classical_scaling_keeps_distances_in_the_plane() -> None:
    points = np.random.default_rng(1).standard_normal((40, 2))
    distances = np.sqrt(squared_distances(points))
    laid = classical_scaling(distances, 2)
    assert np.sqrt(squared_distances(laid)) == pytest.approx(distances)
    assert distance_correlation(laid, distances) == pytest.approx(1.0)


def test_length_of_the_roll_is_its_integral() -> None:
    length = scipy.integrate.quad(lambda t: np.hypot(np.cos(t) - t * np.sin(t), np.sin(t) + t * np.cos(t)), 0, 7)[0]
    assert float(roll_length(7.0)) == pytest.approx(length)
    steps = np.column_stack([np.linspace(roll_length(5.0), roll_length(14.0), 5000), np.zeros(5000)])
    walked = np.linalg.norm(np.diff(swiss_roll(steps), axis=0), axis=1).sum()
    assert walked == pytest.approx(float(roll_length(14.0) - roll_length(5.0)), rel=1e-4)


@pytest.mark.parametrize("name", ["swiss roll", "S curve", "sphere cap", "flat sheet"])
def test_ways_over_many_points_come_near_to_the_closed_form(name: str) -> None:
    surface = draw_surface(name, 1000, np.random.default_rng(2))  # type: ignore[arg-type]
    straight = np.sqrt(squared_distances(surface.points))
    assert (surface.distances >= straight - 1e-9).all()
    ways = geodesic_distances(surface.points, 10)
    far = surface.distances > np.median(surface.distances)
    assert 1 <= np.median(ways[far] / surface.distances[far]) < 1.08  # a way over points zigzags


def test_dimensions_of_a_cube_are_found_where_they_are_few() -> None:
    for dim in (1, 2, 3):
        cube = np.random.default_rng(dim).uniform(size=(1500, dim))
        distances = nearest_distances(np.column_stack([cube, cube**2]), 10)
        assert levina_bickel(distances) == pytest.approx(dim, rel=0.12)
        assert two_nearest(distances) == pytest.approx(dim, rel=0.12)


def test_dimension_of_neighbors_whose_law_is_known() -> None:
    # in d dimensions (r1 / r2)^d is uniform
    ratio = np.random.default_rng(0).uniform(size=20_000) ** (1 / 5)
    assert two_nearest(np.column_stack([ratio, np.ones(20_000)])) == pytest.approx(5, rel=0.03)


def test_a_quarter_turn_is_numpys() -> None:
    image = np.random.default_rng(0).uniform(size=(9, 9))
    turned = turned_images(image, np.array([0.0, 90.0]))
    assert turned[0] == pytest.approx(image.ravel())
    assert turned[1] == pytest.approx(np.rot90(image).ravel())
