"""Contrast, nearest distances, hubs and metrics against closed forms and small examples."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression

from experiments.ann.core.theory.concentration import (
    curved_sheet,
    expected_nearest_distance,
    hubness,
    random_design_risk,
    relative_contrast,
    torus_nearest_distances,
)
from experiments.ann.core.theory.regression import (
    held_out_error,
    hidden_task,
    linear_task,
    projected_neighbors,
    regressor,
)
from experiments.ann.core.theory.similarity import jaccard, top_k, unit_rows


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


def test_least_squares_risk_is_the_closed_form():
    rng, errors = np.random.default_rng(1), []
    for _ in range(400):
        x = rng.standard_normal((40, 8))
        fitted = LinearRegression().fit(x, rng.standard_normal(40))
        errors.append(1 + (fitted.coef_**2).sum() + fitted.intercept_**2)
    assert np.mean(errors) == pytest.approx(random_design_risk(1.0, 40, 8), rel=0.03)
    assert random_design_risk(1.0, 10, 8) == np.inf


def test_linear_tasks_differ_in_irrelevant_features_alone():
    few, many = (linear_task(np.random.default_rng(3), 50, irrelevant, 0.3) for irrelevant in (0, 20))
    assert many.features.shape == (50, 25)
    assert (many.features[:, :5] == few.features).all()
    assert (many.targets == few.targets).all()


@pytest.mark.parametrize("relevant", [1, 2, 3])
def test_hidden_signal_has_variance_one_and_its_spread(relevant):
    task = hidden_task(np.random.default_rng(4), 40_000, relevant, 4, 3.0, 0.3)
    assert task.targets.var() == pytest.approx(1 + 0.3**2, rel=0.03)
    spectrum = np.sort(np.linalg.eigvalsh(np.cov(task.features.T)))[::-1]
    assert spectrum[:relevant] == pytest.approx(np.full(relevant, 9.0), rel=0.05)
    assert spectrum[relevant:] == pytest.approx(np.ones(4), rel=0.05)


def test_held_out_error_is_that_of_a_fit_by_hand():
    task = linear_task(np.random.default_rng(5), 60, 2, 0.3)
    x = np.hstack([task.features, np.ones((60, 1))])
    weights = np.linalg.lstsq(x[:40], task.targets[:40], rcond=None)[0]
    expected = ((x[40:] @ weights - task.targets[40:]) ** 2).mean()
    assert held_out_error(regressor("ols", 5), task, 40) == pytest.approx(expected)


def test_projections_keep_the_wanted_components():
    arms = projected_neighbors(3, 2, seed=0)
    task = hidden_task(np.random.default_rng(6), 100, 2, 6, 3.0, 0.1)
    assert list(arms) == ["all features", "PCA", "random projection"]
    assert held_out_error(arms["PCA"], task, 80) != held_out_error(arms["all features"], task, 80)
    assert arms["PCA"][0].n_components == arms["random projection"][0].n_components == 2


def test_metrics_choose_different_neighbors():
    base = np.array([(1.0, 0.0), (0.6, 0.6), (9.0, 9.0)])
    query = np.array([(0.0, 0.0), (1.0, 0.9)])
    assert top_k(base, query, 1, "l1")[0].tolist() == [0]
    assert top_k(base, query, 1, "l2")[0].tolist() == [1]
    assert top_k(base, query, 1, "ip")[1].tolist() == [2]
    assert set(top_k(base, query, 2, "cosine")[1]) == {1, 2}


def test_at_unit_length_l2_ip_and_cosine_agree():
    rng = np.random.default_rng(2)
    base, queries = unit_rows(rng.standard_normal((50, 6))), unit_rows(rng.standard_normal((9, 6)))
    nearest = top_k(base, queries, 10, "l2")
    assert nearest.tolist() == top_k(base, queries, 10, "ip").tolist() == top_k(base, queries, 10, "cosine").tolist()


def test_jaccard_by_hand_and_zero_rows_stay():
    first, second = np.array([[1, 2, 3], [1, 2, 3]]), np.array([[3, 2, 1], [3, 4, 5]])
    assert jaccard(first, second).tolist() == [1.0, 0.2]
    assert unit_rows(np.array([(0.0, 0.0), (0.0, 2.0)])).tolist() == [[0.0, 0.0], [0.0, 1.0]]
