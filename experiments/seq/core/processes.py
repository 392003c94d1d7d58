"""Series of which the truth is known, around 10, with noise of variance 1: what a shop's revenue might do.

Conventions: (series, time); the generator of random numbers is an argument.
Source: Harvey: Forecasting, Structural Time Series Models and the Kalman Filter, 1989.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Process = Literal["iid", "random_walk", "local_level", "trend", "seasonal", "ar_negative"]
LEVEL = 10.0
SLOPE = 0.5
AMPLITUDE = 12.0
REVERSAL = -0.6


def simulate(process: Process, series: int, n: int, rng: np.random.Generator, *, q: float, period: int) -> Floats:
    """Series (series, n) of a process, with the noise e and ``q`` the variance of a step of the local level."""
    e = rng.standard_normal((series, n))
    match process:
        case "iid":
            return LEVEL + e
        case "random_walk":
            return LEVEL + np.cumsum(e, axis=1)
        case "local_level":
            return LEVEL + np.cumsum(np.sqrt(q) * rng.standard_normal((series, n)), axis=1) + e
        case "trend":
            return LEVEL + SLOPE * np.arange(n) + e
        case "seasonal":
            phase = rng.uniform(0, 2 * np.pi, (series, 1))
            return LEVEL + AMPLITUDE * np.sin(2 * np.pi * np.arange(n) / period + phase) + e
        case "ar_negative":
            y = e.copy()  # y_t = REVERSAL y_{t-1} + e_t
            y[:, 0] /= np.sqrt(1 - REVERSAL**2)  # the variance at which it is stationary
            for t in range(1, n):
                y[:, t] += REVERSAL * y[:, t - 1]
            return LEVEL + y
