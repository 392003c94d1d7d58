"""The exponentially weighted average, with and without correction of its start.

v_t = beta v_{t-1} + (1 - beta) x_t with v_0 = 0, so v_t = (1 - beta) sum_i beta^i x_{t-i}: its weights add up to 1
- beta^t, and dividing by that makes it a weighted mean. Conventions: time is the last axis; beta in [0, 1) is the
share that is kept, pandas and textbooks of forecasting call 1 - beta alpha. pandas' ``ewm(alpha=1 - beta,
adjust=True)`` is the corrected form, ``adjust=False`` starts at v_1 = x_1 and is neither. Source: Kingma, Ba:
Adam, ICLR 2015, section 3 (the correction).
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


def ewma(series: ArrayLike, beta: float, *, corrected: bool = True) -> Floats:
    """v_t for every t of series (..., n): (..., n), divided by 1 - beta^t if ``corrected``.

    Raises:
        ValueError: beta outside [0, 1).

    >>> ewma([10.0, 10.0], 0.5, corrected=False), ewma([10.0, 10.0], 0.5)
    (array([5. , 7.5]), array([10., 10.]))
    """
    check_beta(beta)
    x = np.asarray(series, dtype=np.float64)
    averages = np.empty_like(x)
    value = np.zeros(x.shape[:-1])
    for t in range(x.shape[-1]):
        value = beta * value + (1 - beta) * x[..., t]
        averages[..., t] = value
    return averages / start_factors(beta, x.shape[-1]) if corrected else averages


def ewma_from_first(series: ArrayLike, beta: float) -> Floats:
    """The same recursion started at the first value of series (..., n), which then weighs more than its neighbors."""
    check_beta(beta)
    x = np.asarray(series, dtype=np.float64)
    averages = x.copy()
    for t in range(1, x.shape[-1]):
        averages[..., t] = beta * averages[..., t - 1] + (1 - beta) * x[..., t]
    return averages


def start_factors(beta: float, n: int) -> Floats:
    """1 - beta^t for t = 1..n: (n,), the sum of the weights of v_t.

    >>> start_factors(0.5, 3)
    array([0.5  , 0.75 , 0.875])
    """
    return 1 - beta ** np.arange(1, n + 1, dtype=np.float64)


def weights(beta: float, n: int, *, corrected: bool = True) -> Floats:
    """Weight of x_{t-i} in v_t at t = n, for i = 0..n-1: (n,), newest first.

    The one 1 / (1 - beta) steps back is about 1/e of the newest: beta^(1 / (1 - beta)), below 1/e and near it.
    """
    check_beta(beta)
    raw = (1 - beta) * beta ** np.arange(n, dtype=np.float64)
    return raw / (1 - beta**n) if corrected else raw


def weighted_sums(series: ArrayLike, beta: float, *, corrected: bool = True) -> Floats:
    """v_t of series (..., n) as the explicit sum over all values up to t: (..., n); slow, and free of the recursion."""
    x = np.asarray(series, dtype=np.float64)
    sums = [x[..., : t + 1] @ weights(beta, t + 1, corrected=corrected)[::-1] for t in range(x.shape[-1])]
    return np.stack(sums, axis=-1) if sums else x.copy()


def steady_gain(q: float) -> float:
    """The best 1 - beta for a level that moves: (-q + sqrt(q^2 + 4 q)) / 2, from 0 at q = 0 to 1 for large q.

    For x_t = level_t + noise, level_t = level_{t-1} + step, with q = variance of a step / variance of the noise, q
    >= 0: the gain of the steady Kalman filter. Source: Muth: Optimal Properties of Exponentially Weighted
    Forecasts, JASA 55, 1960.

    Raises:
        ValueError: q below 0, infinite or NaN.

    >>> round(steady_gain(0.5), 9), steady_gain(1e300)
    (0.5, 1.0)
    """
    if not 0 <= q < math.inf:
        raise ValueError(f"expected a finite ratio of variances q >= 0, got {q}")
    # The same times its conjugate: the difference cancels for large q, and q^2 overflows.
    return 2 * math.sqrt(q) / (math.sqrt(q) + math.sqrt(q + 4))


def check_beta(beta: float) -> None:
    """ValueError unless 0 <= beta < 1."""
    if not 0 <= beta < 1:
        raise ValueError(f"expected 0 <= beta < 1, got {beta}")
