"""Polynomials fitted to a noisy sine, whose least possible error is known: the variance of the noise."""

from __future__ import annotations

import numpy as np
from numpy.polynomial import Chebyshev


def fit_polynomial(degree: int, n: int, sigma: float, rng: np.random.Generator) -> tuple[float, float]:
    """Mean squared error on the points fitted, and on fresh ones.

    Least squares in Chebyshev's basis on n points of sin(3 x) + sigma e, x uniform in [-1, 1].
    """
    x, test_x = rng.uniform(-1, 1, n), rng.uniform(-1, 1, 2000)
    y, test_y = (np.sin(3 * at) + sigma * rng.standard_normal(len(at)) for at in (x, test_x))
    polynomial = Chebyshev.fit(x, y, degree, domain=[-1, 1])
    return float(np.mean((polynomial(x) - y) ** 2)), float(np.mean((polynomial(test_x) - test_y) ** 2))
