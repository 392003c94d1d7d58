"""Contrast, nearest distances and hubs against closed forms and small examples."""

from __future__ import annotations

import numpy as np
import pytest

from experiments.ann.core.theory.concentration import (
    curved_sheet,
    expected_nearest_distance,
    hubness,
    relative_contrast,
    torus_nearest_distances,
)


def test_contrast_of_three_points_by_hand():
    points = np.array([(3.0, 4.0), (0.0, 10.0), (6.0, 8.0)])
    assert relative_contrast(points, np.zeros((1, 2))).tolist() == [1.0]
    assert relative_contrast(points, points[:1]).tolist() == [np.inf]


def test_torus_joins_opposite_faces():
    assert torus_nearest_distances(np.array([[0.05], [0.95], [0.5]])) == pytest.approx([0.1, 0.1, 0.45])


@pytest.mark.parametrize("dim", [1, 2, 4])
def test_mean_nearest_distance_is_the_closed_form(dim):
    points = np.random.default_rng(dim).random((4000, dim))
    assert torus_nearest_distances(points).mean() == pytest.approx(expected_nearest_distance(4000, dim), rel=0.05)


def test_a_hub_skews_the_counts():
    star = np.vstack([np.eye(12), np.full((1, 12), 1 / 12)])
    assert hubness(star, 1) > 3
    assert abs(hubness(np.random.default_rng(0).random((300, 2)), 5)) < 0.5


def test_curved_sheet_has_its_intrinsic_dimension():
    points = curved_sheet(np.random.default_rng(0), 2000, 30, 2)
    near = np.linalg.norm(points - points[0], axis=1).argsort()[:30]
    spectrum = np.linalg.svd(points[near] - points[near].mean(axis=0), compute_uv=False)
    assert spectrum[2] < 0.1 * spectrum[1]
