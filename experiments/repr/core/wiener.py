"""Wiener's filter: the linear map that takes most of the noise off vectors whose covariance is known.

A vector x of mean 0 and covariance C is seen as y = x + sigma n, n standard normal. Any linear answer W y is wrong by

    E |x - W y|^2 = tr((I - W) C (I - W)') + sigma^2 |W|^2

which is least for W = C (C + sigma^2 I)^-1. For Gaussian vectors W y is the mean of x given y, the best of all answers.
Source: Wiener: Extrapolation, Interpolation, and Smoothing of Stationary Time Series, 1949.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def wiener_filter(covariance: Floats, sigma: float) -> Floats:
    """W (d, d) for a covariance (d, d) and noise of deviation ``sigma``; it is symmetric.

    >>> wiener_filter(np.diag([3.0, 1.0]), 1.0).tolist()
    [[0.75, 0.0], [0.0, 0.5]]
    """
    noisy = covariance + sigma**2 * np.eye(len(covariance))
    return np.asarray(np.linalg.solve(noisy, covariance), np.float64)


def squared_error(linear: Floats, covariance: Floats, sigma: float) -> float:
    """E |x - W y|^2 of a map W (d, d).

    >>> squared_error(np.eye(2), np.eye(2), 0.5)        # nothing done: the noise
    0.5
    """
    left = np.eye(len(covariance)) - linear
    return float(np.trace(left @ covariance @ left.T) + sigma**2 * np.square(linear).sum())
