"""Voronoi cells against scipy and areas by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial import Voronoi, cKDTree

from experiments.ann.core.theory.graphs import edge_differences, graph_from_edges
from experiments.ann.core.theory.point_sets import square_lattice, uniform_points
from experiments.ann.core.theory.voronoi import (
    bounded_volume,
    cell_neighbors,
    cell_volumes,
    cells_containing,
    clipped_cells,
    dented_corners,
    diagram_counts,
    dual_graph,
    ordered_corners,
)

UNIT = np.zeros(2), np.ones(2)


def sites_in_unit_box(seed: int, n: int, dim: int) -> np.ndarray:
    return np.random.default_rng(seed).random((n, dim))


def test_two_sites_halve_the_box():
    sites = np.array([(0.25, 0.5), (0.75, 0.5), (0.5, 0.9), (0.5, 0.1)])
    volumes = cell_volumes(clipped_cells(sites, *UNIT))
    assert volumes[0] == pytest.approx(volumes[1])
    assert volumes[2] == pytest.approx(volumes[3])
    assert volumes.sum() == pytest.approx(1)


@pytest.mark.parametrize("dim", [2, 3])
def test_cells_fill_the_box_and_are_convex(dim):
    cells = clipped_cells(sites_in_unit_box(1, 40, dim), np.zeros(dim), np.ones(dim))
    assert cell_volumes(cells).sum() == pytest.approx(1, rel=1e-12)
    assert sum(dented_corners(corners, 1e-12) for corners in cells.corners) == 0


def test_areas_are_those_of_the_shoelace_formula():
    cells = clipped_cells(sites_in_unit_box(2, 30, 2), *UNIT)
    for corners, volume in zip(cells.corners, cell_volumes(cells), strict=True):
        x, y = ordered_corners(corners).T
        assert (x * np.roll(y, -1) - y * np.roll(x, -1)).sum() / 2 == pytest.approx(volume)


@pytest.mark.parametrize("dim", [2, 3])
def test_a_place_lies_in_the_cell_of_its_nearest_site_only(dim):
    sites, places = sites_in_unit_box(3, 25, dim), sites_in_unit_box(4, 300, dim)
    inside = cells_containing(clipped_cells(sites, np.zeros(dim), np.ones(dim)), places)
    assert inside.sum(axis=1).tolist() == [1] * 300
    assert inside.argmax(axis=1).tolist() == cKDTree(sites).query(places)[1].tolist()


def test_a_dent_is_seen():
    square = np.array([(0, 0), (2, 0), (2, 2), (0, 2)], float)
    assert dented_corners(square, 1e-9) == 0
    assert dented_corners(np.vstack([square, (1.0, 1.5)]), 1e-9) == 1


def test_cells_of_a_lattice_are_squares():
    sites = (square_lattice(16, 2) + 0.5) / (1 << 20)
    volumes = cell_volumes(clipped_cells(sites, *UNIT))
    assert volumes == pytest.approx(np.full(16, 1 / 16), rel=1e-4)


def test_counts_and_bounded_volume_are_those_of_scipy():
    sites = sites_in_unit_box(5, 30, 2)
    diagram, counts = Voronoi(sites), diagram_counts(sites)
    assert (counts.vertices, counts.facets) == (len(diagram.vertices), len(diagram.ridge_points))
    assert counts.facets - counts.vertices == 30 - 1  # Euler, with the corner at infinity
    assert bounded_volume(np.array([(0, 0), (1, 1), (1, -1), (-1, 1), (-1, -1)], float)) == pytest.approx(2)


def test_dual_in_the_plane_has_the_ridges_of_scipy():
    sites = uniform_points(np.random.default_rng(6), 60, 2)
    assert edge_differences(dual_graph(sites), graph_from_edges(Voronoi(sites).ridge_points, 60)) == 0


def test_neighbors_of_the_middle_of_a_cross():
    cross = np.array([(0, 0), (2, 0), (0, 2), (-2, 0), (0, -2), (5, 5)], float)
    assert cell_neighbors(cross, 0).tolist() == [1, 2, 3, 4]
