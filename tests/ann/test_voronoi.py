"""The laws of a diagram on every kind of sites, and sites from a file."""

from __future__ import annotations

import numpy as np
import pytest

from experiments.ann.voronoi import cells, laws
from experiments.ann.voronoi.setup import Params, prepare
from experiments.lab.errors import InputError


@pytest.mark.parametrize("dim", [2, 3])
@pytest.mark.parametrize("points", ["uniform", "lattice", "clustered"])
def test_no_law_is_broken(points, dim):
    tried = list(laws.run(prepare(Params(points=points, dim=dim, n=30, queries=300), 1)))
    assert [row.statement for row in tried] == ["cell of the nearest site", "convex", "fill the box", "linear size"]
    assert max(row.error for row in tried) < 1e-9


def test_controls_break_every_law_on_uniform_sites():
    assert min(row.control_error for row in laws.run(prepare(Params(), 0))) > 0.1


def test_a_file_of_sites_has_its_own_box(tmp_path):
    file = tmp_path / "sites.csv"
    np.savetxt(file, np.random.default_rng(0).random((20, 2)) * [100, 1], delimiter=",")
    diagram = prepare(Params(points="csv", csv=file, queries=100), 0)
    (row, drawing) = cells.run(diagram)
    assert row.n == len(drawing.cells) == 20
    assert row.smallest_area < diagram.box_size / 20 < row.largest_area


def test_a_file_of_other_dimension_or_without_points_csv_is_refused(tmp_path):
    file = tmp_path / "sites.csv"
    np.savetxt(file, np.eye(3), delimiter=",")
    with pytest.raises(InputError, match="expected at least 4 distinct points of 2 columns, found 3 of 3"):
        prepare(Params(points="csv", csv=file), 0)
    with pytest.raises(InputError, match="expected a file exactly when points=csv"):
        prepare(Params(csv=file), 0)
