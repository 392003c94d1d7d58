"""Windows, the linear autoregression against statsmodels, and networks trained side by side."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from experiments.seq.core.forecasters import (
    READINGS,
    Reading,
    Recipe,
    least_squares,
    named_by,
    trained,
    windows,
    with_one,
)
from experiments.seq.core.known_series import simulate


def series(n: int = 300) -> np.ndarray:
    return simulate("ar2", n, np.random.default_rng(1)).y


@pytest.mark.parametrize("reading", READINGS)
def test_the_true_next_value_named_is_the_forecast_that_is_right(reading: Reading) -> None:
    y = series()
    seen = windows(y, 5, reading, fitted=200)
    assert seen.inputs.shape == (len(y) - 5, 5)
    np.testing.assert_allclose(seen.forecasts(seen.targets)[:-1], y[6:], atol=1e-12)
    assert np.isnan(seen.targets[-1])


def test_no_window_sees_what_it_forecasts_or_anything_later() -> None:
    y, changed = series(), series()
    changed[250:] += 7
    for reading in READINGS:
        one, other = (windows(values, 5, reading, fitted=200).inputs for values in (y, changed))
        np.testing.assert_array_equal(one[: 250 - 5], other[: 250 - 5])  # the window before y_250 is row 244
        assert (one[250 - 5] != other[250 - 5]).any()


def test_least_squares_is_statsmodels_autoregression() -> None:
    model = pytest.importorskip("statsmodels.tsa.ar_model", reason="statsmodels is not installed").AutoReg
    y = series()
    seen = windows(y, 4, "levels", fitted=len(y)).part(slice(0, -1))
    ours = seen.forecasts(with_one(seen.inputs) @ least_squares(seen.inputs, seen.targets))
    theirs = model(y[1:], lags=4).fit().fittedvalues
    np.testing.assert_allclose(ours, theirs, atol=1e-8)


def test_networks_side_by_side_learn_their_own_windows() -> None:
    torch.manual_seed(0)
    sets = [windows(y, 6, "levels", 300).part(slice(0, -1)) for y in (series(), -(series() ** 2))]
    idle, learned = trained("gru", sets, [1e-7, 3e-2], Recipe(hidden=8, steps=80, batch_size=32))[1]
    errors = [np.mean((named_by(one, sets[1].inputs) - sets[1].targets) ** 2) for one in (idle, learned)]
    assert errors[1] < 0.7 * errors[0]
