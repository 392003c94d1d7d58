"""What repr.manifold's parts compare, and that a graph in pieces is refused in one line."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.decomposition import PCA

from experiments.lab.errors import InputError
from experiments.repr.core.surfaces import draw_surface
from experiments.repr.manifold import laws, rotations, surfaces
from experiments.repr.manifold.setup import Params, Points, prepare


@pytest.fixture(scope="module")
def points() -> Points:
    return prepare(Params(n=250, steps=10, degrees=(20, 90, 300)), 3)


def test_isomap_with_all_neighbors_is_pca_and_with_squared_ways_it_is_not() -> None:
    trial = laws.isomap_trial("roll", draw_surface("swiss roll", 40, np.random.default_rng(0)).points)
    assert trial.error < 1e-9 < 1e-2 < trial.control_error


def test_every_surface_is_laid_out_by_the_same_methods(points: Points) -> None:
    layouts = dict(surfaces.layouts(points, "flat sheet"))
    assert list(layouts) == [surfaces.PCA_ARM, surfaces.ISOMAP, surfaces.SHORT_CUTS]
    assert all(layout.shape == (250, 2) for layout in layouts.values())
    assert surfaces.AUTOENCODER in dict(surfaces.layouts(points, surfaces.ROLL))


def test_components_of_a_turned_digit_are_sklearns(points: Points) -> None:
    rows = [row for row in rotations.run(points) if isinstance(row, rotations.RotationRow)]
    assert [row.degrees for row in rows] == [20, 90, 300]
    from experiments.repr.core.surfaces import turned_images

    angles = np.random.default_rng([3, 17]).uniform(0, 20, 250)
    turned = turned_images(points.images[0], angles)
    assert rows[0].components == PCA(0.95).fit(turned).n_components_


def test_a_graph_in_pieces_is_refused(points: Points) -> None:
    few = Points(params=points.params, seed=3, name="", images=points.images)
    with pytest.raises(
        InputError, match=r"swiss roll: expected one graph, got .* pieces with 1 neighbors of 250 points"
    ):
        few.isomap("swiss roll", 1)


def test_more_neighbors_than_points_are_refused() -> None:
    with pytest.raises(InputError, match="too_many=60: expected less than n=60, the points of a surface"):
        prepare(Params(n=60, too_many=60), 0)
