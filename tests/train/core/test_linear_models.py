"""Linear models against numpy, scikit-learn, statsmodels and their own algebra."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.linear_model import QuantileRegressor
from statsmodels.robust.norms import HuberT
from statsmodels.robust.robust_linear_model import RLM

from experiments.train.core import linear_models as linear
from experiments.train.core.linear_models import gradient_after


def noisy_line(seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    X = np.column_stack([np.ones(60), rng.standard_normal((60, 2))])
    return X, X @ np.array([1.0, 2.0, -3.0]) + rng.laplace(size=60)


def test_a_design_has_the_condition_number_asked_for() -> None:
    low, high = linear.hessian_extremes(linear.design_with_condition(50, 4, 1e3, np.random.default_rng(0)))
    assert high / low == pytest.approx(1e3)


def test_descent_at_the_best_step_shrinks_at_the_rate_of_theory() -> None:
    rng = np.random.default_rng(1)
    X = linear.design_with_condition(40, 4, 20, rng)
    y = rng.standard_normal(40)
    iterates = np.stack(list(linear.descend(X, y, linear.best_step(X), 400)))
    distances = np.linalg.norm(iterates - np.linalg.lstsq(X, y, rcond=None)[0], axis=1)
    assert linear.measured_rate(distances) == pytest.approx(19 / 21, rel=1e-2)
    assert distances[-1] < 1e-10


def test_a_window_without_steps_has_no_rate() -> None:
    assert np.isnan(linear.measured_rate(np.ones(10)))


def test_huber_fit_is_that_of_statsmodels() -> None:
    X, y = noisy_line()
    theirs = RLM(y, X, M=HuberT(linear.HUBER_WIDTH)).fit(scale_est="mad", update_scale=True, maxiter=500, tol=1e-12)
    # statsmodels centers the residuals' median for its scale, we do not
    np.testing.assert_allclose(linear.fit_huber(X, y), theirs.params, atol=0.02)


def test_absolute_fit_is_the_median_regression_of_scikit_learn() -> None:
    X, y = noisy_line(2)
    theirs = QuantileRegressor(quantile=0.5, alpha=0, fit_intercept=False, solver="highs").fit(X, y)
    ours = np.abs(y - X @ linear.fit_absolute(X, y)).sum()
    assert ours == pytest.approx(np.abs(y - X @ theirs.coef_).sum(), rel=1e-4)


def test_a_row_against_a_column_is_refused() -> None:
    with pytest.raises(ValueError, match=r"got \(3, 1\) and \(3,\)"):
        linear.squared_errors(np.zeros((3, 1)), np.zeros(3))


def test_bias_and_variance_add_up_on_a_hand_computed_example() -> None:
    assert linear.bias_and_variance(np.array([[1.0], [3.0]]), np.array([0.0])) == (5.0, 4.0, 1.0)


def test_a_saturated_sigmoid_stalls() -> None:
    assert linear.sigmoid_steps(1000, start=-8.0, step=1.0) == 1000
    assert linear.sigmoid_steps(1000, start=0.0, step=10.0) < 1000


def test_gradients_accumulate_unless_they_are_zeroed() -> None:
    x, y = torch.tensor([[1.0], [2.0]]), torch.tensor([0.0, 0.0])
    assert gradient_after(1, x, y, zero_grad=False).item() == 5  # mean of 2 * 1 * 1 and 2 * 2 * 2
    assert gradient_after(3, x, y, zero_grad=False).item() == 15
    assert gradient_after(3, x, y, zero_grad=True).item() == 5
