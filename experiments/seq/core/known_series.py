"""One series of which the best forecast is known at every point: what cannot be known of it has variance 1.

    y_t = m_t + e_t        with m_t fixed by the past and by t, and e_t drawn from N(0, 1) afterwards

A forecast f from the past has the expected squared error E (y_t - f)^2 = 1 + (m_t - f)^2, so m_t is the best one and 1
the Bayes error. Source: Box, Jenkins, Reinsel: Time Series Analysis, 1994, section 5.1.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Process = Literal["random walk", "ar2", "seasonal", "nonlinear"]
PROCESSES: tuple[Process, ...] = get_args(Process)
PHI = (1.5, -0.75)
"""Coefficients of the AR(2): a swing of about 12 steps that fades."""
AMPLITUDE, PERIOD = 3.0, 12
BURN_IN = 100


@dataclass(frozen=True)
class Known:
    """Points (n,) and the best forecast of each from those before it (n,)."""

    y: Floats
    best: Floats


def simulate(process: Process, n: int, rng: np.random.Generator) -> Known:
    """``n`` points after a burn-in."""
    e, phase = rng.standard_normal(n + BURN_IN), rng.uniform(0, 2 * math.pi)
    y, best = np.zeros(n + BURN_IN), np.zeros(n + BURN_IN)
    for t in range(2, len(y)):
        best[t] = expected(process, y[t - 1], y[t - 2], t, phase)
        y[t] = best[t] + e[t]
    return Known(y[BURN_IN:], best[BURN_IN:])


def expected(process: Process, last: float, before: float, t: int, phase: float) -> float:
    """m_t after the values ``last`` at t - 1 and ``before`` at t - 2.

    >>> expected("ar2", 2.0, 1.0, t=0, phase=0.0)
    2.25
    """
    match process:
        case "random walk":
            return last
        case "ar2":
            return PHI[0] * last + PHI[1] * before
        case "seasonal":
            return AMPLITUDE * math.sin(2 * math.pi * t / PERIOD + phase)
        case "nonlinear":
            return 3.0 * math.sin(last)
