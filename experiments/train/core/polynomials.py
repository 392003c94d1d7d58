"""Polynomials fitted to a noisy sine, whose least possible error is known: the variance of the noise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.polynomial import Chebyshev


@dataclass(frozen=True, kw_only=True)
class PolynomialFit:
    train_error: float
    """Mean squared error on the points fitted."""
    test_error: float
    """On fresh ones."""


def fit_polynomial(degree: int, n: int, sigma: float, rng: np.random.Generator) -> PolynomialFit:
    """Least squares in Chebyshev's basis on n points of sin(3 x) + sigma e, x uniform in [-1, 1]."""
    x, test_x = rng.uniform(-1, 1, n), rng.uniform(-1, 1, 2000)
    y, test_y = (np.sin(3 * at) + sigma * rng.standard_normal(len(at)) for at in (x, test_x))
    polynomial = Chebyshev.fit(x, y, degree, domain=[-1, 1])
    return PolynomialFit(
        train_error=float(np.mean((polynomial(x) - y) ** 2)),
        test_error=float(np.mean((polynomial(test_x) - test_y) ** 2)),
    )
