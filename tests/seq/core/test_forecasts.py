"""Forecasts see nothing of the future, and errors are those of scikit-learn."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import mean_squared_error as sklearn_mse

from experiments.seq.core import forecasts as f
from experiments.seq.core.averages import steady_gain
from experiments.seq.core.processes import simulate

SERIES = np.random.default_rng(0).standard_normal((3, 30)).cumsum(axis=1)
BETA = np.array([0.5, 0.9, 0.5])


def forecast(series: np.ndarray, method: f.Method, start: int = 20, horizon: int = 1) -> np.ndarray:
    return f.forecasts(series, method, start=start, horizon=horizon, period=4, beta=BETA)


@pytest.mark.parametrize("horizon", [1, 3])
@pytest.mark.parametrize("method", f.METHODS)
def test_a_forecast_does_not_change_with_the_future(method: f.Method, horizon: int) -> None:
    changed = SERIES.copy()
    changed[:, 25 - horizon + 1 :] += 100  # the forecast of point 25 knows points up to 25 - horizon
    before, after = (forecast(series, method, horizon=horizon) for series in (SERIES, changed))
    assert before.shape == (3, 10)
    np.testing.assert_array_equal(before[:, :6], after[:, :6])
    assert method == "last season" or np.abs(before[:, 6] - after[:, 6]).min() > 0.1


def test_forecasts_are_pandas_shifted_statistics() -> None:
    frame = pd.Series(SERIES[0])
    expected = {
        "mean": frame.expanding().mean().shift(1),
        "last value": frame.shift(1),
        "last season": frame.shift(4),
        "ewma": frame.ewm(alpha=0.5).mean().shift(1),
    }
    for method in f.METHODS:
        np.testing.assert_allclose(forecast(SERIES, method)[0], expected[method][20:], rtol=1e-12)


def test_the_last_season_skips_as_many_periods_as_the_horizon_needs() -> None:
    assert forecast(SERIES, "last season", horizon=5)[0].tolist() == SERIES[0, 12:22].tolist()


def test_a_forecast_without_a_past_is_refused() -> None:
    with pytest.raises(ValueError, match="expected a start of at least 4 for last season, got 3"):
        forecast(SERIES, "last season", start=3)


def test_errors_are_sklearns_and_mase_is_one_for_the_typical_step() -> None:
    predicted = forecast(SERIES, "last value")
    assert f.mean_squared_error(SERIES, predicted) == pytest.approx(sklearn_mse(SERIES[:, 20:], predicted))
    line = np.arange(12.0)[None, :]
    assert f.mean_scaled_error(line, line[:, 7:-1]) == pytest.approx(1.0)
    assert np.isnan(f.mean_scaled_error(np.ones((1, 12)), np.ones((1, 4))))


def test_tuning_picks_the_last_value_on_a_walk_without_noise_and_long_memory_on_noise() -> None:
    rng = np.random.default_rng(1)
    walk, noise = rng.standard_normal((2, 20, 400))
    assert np.median(f.tuned_betas(walk.cumsum(axis=1), horizon=1)) == 0.0
    assert np.median(f.tuned_betas(noise, horizon=1)) >= 0.95


def test_tuning_is_a_search_over_the_grid() -> None:
    history = SERIES[:1, :20]
    errors = []
    for beta in f.BETAS:
        average = pd.Series(history[0]).ewm(alpha=1 - beta).mean().shift(1)
        errors.append(float(((history[0] - average)[f.BURN_IN :] ** 2).mean()))
    assert f.tuned_betas(history, horizon=1)[0] == f.BETAS[int(np.argmin(errors))]


def test_the_best_gain_of_a_long_local_level_is_near_theory() -> None:
    series = simulate("local_level", 4, 4000, np.random.default_rng(2), q=0.1, period=4)
    assert f.best_gain(series, 100) == pytest.approx(steady_gain(0.1), abs=0.03)


def test_lag_errors_by_hand() -> None:
    series = np.array([[0.0, 1.0, 3.0, 6.0]])
    assert f.lag_error(series, 1, 2) == (2**2 + 3**2) / 2
    assert f.lag_error(series, 2, 2) == (3**2 + 5**2) / 2
