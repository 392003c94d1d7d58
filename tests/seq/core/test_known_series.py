"""Series of which the best forecast is known, against statsmodels' processes."""

from __future__ import annotations

import numpy as np
import pytest

from experiments.seq.core.known_series import AMPLITUDE, PERIOD, PHI, PROCESSES, Process, simulate


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


@pytest.mark.parametrize("process", PROCESSES)
def test_what_the_best_forecast_leaves_is_noise_of_variance_1(process: Process) -> None:
    known = simulate(process, 20_000, rng())
    e = known.y - known.best
    assert e.var() == pytest.approx(1, abs=0.03)  # three standard errors of 0.01
    assert abs(e.mean()) < 0.022
    assert abs(np.corrcoef(e[1:], known.best[1:])[0, 1]) < 0.022


def test_the_autoregression_has_statsmodels_autocovariance() -> None:
    process = pytest.importorskip("statsmodels.tsa.arima_process", reason="statsmodels is not installed").ArmaProcess
    theory = process([1, -PHI[0], -PHI[1]]).acovf(3)
    y = simulate("ar2", 100_000, rng()).y
    measured = [np.mean(y[lag:] * y[: len(y) - lag]) for lag in range(3)]
    np.testing.assert_allclose(measured, theory, rtol=0.05)


def test_a_season_repeats_and_a_walk_stays() -> None:
    season, walk = simulate("seasonal", 60, rng()), simulate("random walk", 60, rng())
    np.testing.assert_allclose(season.best[PERIOD:], season.best[:-PERIOD], atol=1e-9)
    assert np.abs(season.best).max() <= AMPLITUDE
    np.testing.assert_array_equal(walk.best[1:], walk.y[:-1])
