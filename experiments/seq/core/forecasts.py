"""Forecasts a few steps ahead from the past alone, and their errors: mean, last value, last season, EWMA.

Conventions: time is the last axis; a forecast for t from ``horizon`` steps before uses x_1..x_{t - horizon} and
nothing later. MASE is the mean absolute error over that of the last value one step ahead within the history.
Source: Hyndman, Athanasopoulos: Forecasting: Principles and Practice, 3rd edition, 2021, sections 5.2, 5.8 and 8.1.
"""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from experiments.seq.core.averages import ewma

Floats = NDArray[np.float64]
Method = Literal["mean", "last value", "last season", "ewma"]
METHODS: tuple[Method, ...] = get_args(Method)
BETAS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 0.98, 0.99)
"""What tuning chooses from; 0 is the last value, and 0.99 with correction nearly the mean."""
BURN_IN = 3
"""Forecasts of the first points, from fewer values than this, do not count in tuning."""


def forecasts(
    series: Floats, method: Method, *, start: int, horizon: int, period: int, beta: Floats, corrected: bool = True
) -> Floats:
    """Forecasts of x_start..x_{n-1} (counted from 0) of series (m, n), from ``horizon`` steps before: (m, n - start).

    ``beta`` (m,) is each series' own. The last season is the nearest whole number of periods that lies in the past.

    Raises:
        ValueError: the first forecast has no past to stand on.
    """
    least = period * -(-horizon // period) if method == "last season" else horizon
    if start < least:
        raise ValueError(f"expected a start of at least {least} for {method}, got {start}")
    known = slice(start - horizon, series.shape[1] - horizon)
    match method:
        case "last value":
            return series[:, known]
        case "last season":
            return series[:, start - least : series.shape[1] - least]
        case "mean":
            return (np.cumsum(series, axis=1) / np.arange(1, series.shape[1] + 1))[:, known]
        case "ewma":
            averages = np.empty_like(series)
            for value in np.unique(beta):
                averages[beta == value] = ewma(series[beta == value], float(value), corrected=corrected)
            return averages[:, known]


def tuned_betas(history: Floats, *, horizon: int, corrected: bool = True) -> Floats:
    """For each series of history (m, h) the beta of ``BETAS`` of smallest squared error within the history: (m,)."""
    start = min(BURN_IN + horizon - 1, history.shape[1] - 1)
    errors = []
    for beta in BETAS:
        averages = ewma(history, beta, corrected=corrected)[:, start - horizon : history.shape[1] - horizon]
        errors.append(np.mean((history[:, start:] - averages) ** 2, axis=1))
    return np.array(BETAS)[np.argmin(errors, axis=0)]


def mean_squared_error(series: Floats, predicted: Floats) -> float:
    """Over all series (m, n) and their last predicted points (m, k). Raises ValueError where there is no point."""
    series, predicted = np.asarray(series, np.float64), np.asarray(predicted, np.float64)
    if predicted.size == 0:
        raise ValueError(f"expected at least one prediction, got {predicted.shape}")
    return float(np.mean((series[:, -predicted.shape[1] :] - predicted) ** 2))


def mean_scaled_error(series: Floats, predicted: Floats) -> float:
    """MASE of series (m, n) and their last predicted points (m, k), the mean over series.

    Below 1 beats the last value's typical step in the history; NaN if a history never moves. Source: Hyndman, Koehler:
    Another look at measures of forecast accuracy, International Journal of Forecasting 22, 2006.
    """
    count = predicted.shape[1]
    steps = np.abs(np.diff(series[:, :-count], axis=1)).mean(axis=1)
    errors = np.abs(series[:, -count:] - predicted).mean(axis=1)
    return float(np.mean(errors / steps)) if (steps > 0).all() else float("nan")


def lag_error(series: Floats, lag: int, start: int) -> float:
    """Mean squared error over series (m, n) of x_{t-lag} as the forecast of x_t, for t >= start >= lag.

    >>> lag_error(np.array([[0.0, 1.0, 3.0, 6.0]]), lag=1, start=2)
    6.5
    """
    return float(np.mean((series[:, start:] - series[:, start - lag : series.shape[1] - lag]) ** 2))


def best_gain(series: Floats, burn_in: int) -> float:
    """The 1 - beta in (0.001, 0.999) of smallest one-step squared error over series (m, n) after ``burn_in`` points."""
    from scipy.optimize import minimize_scalar

    def error(gain: float) -> float:
        averages = ewma(series, 1 - gain)
        return float(np.mean((series[:, burn_in:] - averages[:, burn_in - 1 : -1]) ** 2))

    return float(minimize_scalar(error, bounds=(0.001, 0.999), method="bounded", options={"xatol": 1e-4}).x)
