"""Regression tasks by their moments, and the risk of least squares against many fits."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression

from experiments.ann.core.theory.regression import hidden_task, linear_task, random_design_risk


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
