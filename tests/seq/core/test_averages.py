"""The exponentially weighted average against pandas, statsmodels, explicit sums and the Riccati equation."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.linalg import solve_discrete_are

from experiments.seq.core.averages import (
    ewma,
    ewma_from_first,
    start_factors,
    steady_gain,
    weighted_sums,
    weights,
)

BETAS = [0.0, 0.3, 0.9, 0.98]


def revenue(seed: int = 0) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return 10 + np.random.default_rng(seed).standard_normal(60).cumsum()


@pytest.mark.parametrize("beta", BETAS)
def test_the_corrected_average_is_pandas_adjusted(beta: float) -> None:
    theirs = pd.Series(revenue()).ewm(alpha=1 - beta, adjust=True).mean()
    np.testing.assert_allclose(ewma(revenue(), beta), theirs, rtol=1e-12)


@pytest.mark.parametrize("beta", BETAS)
def test_starting_at_the_first_value_is_pandas_unadjusted_and_another_average(beta: float) -> None:
    theirs = pd.Series(revenue()).ewm(alpha=1 - beta, adjust=False).mean()
    np.testing.assert_allclose(ewma_from_first(revenue(), beta), theirs, rtol=1e-12)
    if beta > 0:
        assert np.abs(ewma(revenue(), beta, corrected=False) - theirs).max() > 0.1


@pytest.mark.parametrize("beta", [0.3, 0.9])
def test_the_uncorrected_average_is_statsmodels_smoothing_from_zero(beta: float) -> None:
    holtwinters = pytest.importorskip("statsmodels.tsa.holtwinters", reason="statsmodels is not installed")
    model = holtwinters.SimpleExpSmoothing(revenue(), initialization_method="known", initial_level=0.0)
    level = model.fit(smoothing_level=1 - beta, optimized=False).level
    np.testing.assert_allclose(ewma(revenue(), beta, corrected=False), level, rtol=1e-12)


@pytest.mark.parametrize("corrected", [True, False])
@pytest.mark.parametrize("beta", BETAS)
def test_the_recursion_is_the_explicit_sum(beta: float, corrected: bool) -> None:
    series = np.stack([revenue(1), revenue(2)])
    sums = weighted_sums(series, beta, corrected=corrected)
    np.testing.assert_allclose(ewma(series, beta, corrected=corrected), sums, rtol=1e-12)


def test_weights_add_up_to_one_with_correction_and_to_the_start_factor_without() -> None:
    assert weights(0.9, 30).sum() == pytest.approx(1.0)
    assert weights(0.9, 30, corrected=False).sum() == pytest.approx(start_factors(0.9, 30)[-1])
    assert (np.diff(weights(0.9, 30)) < 0).all()


def test_the_catalog_example_starts_at_two_percent() -> None:
    assert ewma(np.full(3, 10.0), 0.98, corrected=False) == pytest.approx([0.2, 0.396, 0.58808])
    assert ewma(np.full(3, 10.0), 0.98) == pytest.approx([10.0] * 3)


def test_beta_zero_is_the_last_value_and_an_empty_series_stays_empty() -> None:
    assert ewma(revenue(), 0.0).tolist() == revenue().tolist()
    assert ewma(np.zeros((2, 0)), 0.5).shape == weighted_sums(np.zeros((2, 0)), 0.5).shape == (2, 0)


def test_a_nan_is_remembered_for_ever() -> None:
    assert np.isnan(ewma([1.0, np.nan, 1.0, 1.0], 0.5)).tolist() == [False, True, True, True]


@pytest.mark.parametrize("beta", [-0.1, 1.0, float("nan")])
def test_beta_outside_its_range_is_refused(beta: float) -> None:
    for function in (lambda: ewma([1.0], beta), lambda: weights(beta, 3), lambda: ewma_from_first([1.0], beta)):
        with pytest.raises(ValueError, match="expected 0 <= beta < 1"):
            function()


def test_memory_approaches_one_over_e_from_below() -> None:
    kept = []
    for beta in (0.5, 0.9, 0.98, 0.9999):
        newest, *_, oldest = weights(beta, round(1 / (1 - beta)) + 1)
        kept.append(oldest / newest)
    assert np.round(kept[1:3], 3).tolist() == [0.349, 0.364]
    assert kept == sorted(kept)
    assert kept[-1] == pytest.approx(np.exp(-1), abs=1e-4)


@pytest.mark.parametrize("q", [0.01, 0.1, 1.0, 10.0])
def test_the_steady_gain_solves_the_riccati_equation(q: float) -> None:
    one = np.eye(1)
    variance = solve_discrete_are(one, one, q * one, one)[0, 0]
    assert steady_gain(q) == pytest.approx(variance / (variance + 1), rel=1e-10)


def test_the_steady_gain_is_zero_without_drift_and_refuses_a_negative_ratio() -> None:
    assert steady_gain(0.0) == 0.0
    with pytest.raises(ValueError, match="q >= 0"):
        steady_gain(-1.0)


def test_statsmodels_estimates_the_same_gain_on_a_local_level() -> None:
    structural = pytest.importorskip("statsmodels.tsa.statespace.structural", reason="statsmodels is not installed")
    rng = np.random.default_rng(3)
    series = np.cumsum(np.sqrt(0.1) * rng.standard_normal(300)) + rng.standard_normal(300)
    model = structural.UnobservedComponents(series, "llevel")
    filtered = model.filter([1.0, 0.1])
    assert float(filtered.filter_results.kalman_gain[0, 0, -1]) == pytest.approx(steady_gain(0.1), rel=1e-6)
