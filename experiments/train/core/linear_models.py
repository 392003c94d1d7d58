"""The linear model y = X w + noise: data with a known truth, losses, fits and the speed of gradient descent.

Conventions: X (n, p), y (n,), no intercept unless X has a column of ones; mse = mean of squared residuals, without 1/2.
Gradient descent minimizes f(w) = |X w - y|^2 / (2 n), whose Hessian is H = X^T X / n; kappa = lambda_max / lambda_min.
With the best constant step 2 / (lambda_max + lambda_min) every error shrinks at least by (kappa - 1) / (kappa + 1).
Sources: Nocedal, Wright, Numerical Optimization, 2006, section 3.3; Huber, Robust Estimation of a Location Parameter,
Annals of Mathematical Statistics 35(1), 1964."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

Array = NDArray[np.float64]

HUBER_WIDTH = 1.345
"""Threshold in units of the residuals' scale: 95 % efficient for normal noise (Huber 1981)."""


def squared_errors(predictions: Array, targets: Array) -> Array:
    """(predictions - targets)^2, entry by entry.

    Raises:
        ValueError: shapes differ; (n, 1) minus (n,) would silently give n x n differences.
    """
    if predictions.shape != targets.shape:
        raise ValueError(f"expected predictions and targets of one shape, got {predictions.shape} and {targets.shape}")
    return (predictions - targets) ** 2


def design_with_condition(n: int, p: int, kappa: float, rng: np.random.Generator) -> Array:
    """X (n, p), p <= n, whose Hessian X^T X / n has eigenvalues from 1 / kappa to 1, evenly spaced in the logarithm."""
    u = np.linalg.qr(rng.standard_normal((n, p)))[0]
    v = np.linalg.qr(rng.standard_normal((p, p)))[0]
    eigenvalues = np.logspace(-math.log10(kappa), 0, p)
    return math.sqrt(n) * (u * np.sqrt(eigenvalues)) @ v.T


def hessian_extremes(X: Array) -> tuple[float, float]:
    """(lambda_min, lambda_max) of X^T X / n."""
    eigenvalues = np.linalg.eigvalsh(X.T @ X / len(X))
    return float(eigenvalues[0]), float(eigenvalues[-1])


def best_step(X: Array) -> float:
    """2 / (lambda_max + lambda_min).

    >>> best_step(np.diag([1.0, 2.0]))  # X^T X / 2 has eigenvalues 1/2 and 2
    0.8
    """
    return 2 / sum(hessian_extremes(X))


def theoretical_rate(X: Array) -> float:
    """(kappa - 1) / (kappa + 1)."""
    low, high = hessian_extremes(X)
    return (high - low) / (high + low)


def descend(X: Array, y: Array, step: float, steps: int) -> Iterator[Array]:
    """The iterates w_0 = 0, w_1, ... of gradient descent on |X w - y|^2 / (2 n); ``steps`` of them after w_0."""
    n = len(y)
    w = np.zeros(X.shape[1])
    yield w
    for _ in range(steps):
        w = w - step * X.T @ (X @ w - y) / n
        yield w


def normal_equations(X: Array, y: Array) -> Array:
    """The w with X^T X w = X^T y."""
    return np.asarray(np.linalg.solve(X.T @ X, X.T @ y), dtype=np.float64)


def measured_rate(distances: Array, low: float = 1e-12, high: float = 1e-9) -> float:
    """Factor per step by which ``distances`` (steps,) fall while they are between ``high`` and ``low`` of the first.

    Early steps still contain fast directions and late ones round-off; nan if fewer than 3 lie between.
    """
    share = distances / distances[0]
    window = np.flatnonzero((share <= high) & (share >= low))
    if len(window) < 3:
        return math.nan
    first, last = window[0], window[-1]
    return float((distances[last] / distances[first]) ** (1 / (last - first)))


def fit_squared(X: Array, y: Array) -> Array:
    """Least squares by numpy's lstsq."""
    return np.asarray(np.linalg.lstsq(X, y, rcond=None)[0], dtype=np.float64)


def fit_absolute(X: Array, y: Array, iterations: int = 200) -> Array:
    """Least absolute deviations by reweighted least squares, weights 1 / max(|r|, 1e-6 scale)."""
    floor = 1e-6 * float(np.abs(y).max())
    return _reweighted(X, y, lambda r: 1 / np.maximum(np.abs(r), floor), iterations)


def fit_huber(X: Array, y: Array, iterations: int = 100) -> Array:
    """Huber's M-estimate by reweighted least squares, weights min(1, c s / |r|).

    c = 1.345; s, the scale of the residuals, is 1.4826 times their median absolute value in every iteration.
    """

    def weights(r: Array) -> Array:
        threshold = HUBER_WIDTH * 1.4826 * float(np.median(np.abs(r)))
        return np.minimum(1.0, threshold / np.maximum(np.abs(r), 1e-300))

    return _reweighted(X, y, weights, iterations)


def _reweighted(X: Array, y: Array, weights_of: Callable[[Array], Array], iterations: int) -> Array:
    w = fit_squared(X, y)
    for _ in range(iterations):
        root = np.sqrt(weights_of(y - X @ w))
        w = fit_squared(X * root[:, None], y * root)
    return w


def sigmoid_steps(n_steps: int, start: float, step: float, target: float = 1e-3) -> int:
    """Steps of gradient descent on (sigmoid(a) - 1)^2 / 2 from a = ``start`` until it is below ``target`` of its
    start; ``n_steps`` if never."""
    a = start
    first = 0.5 * (_sigmoid(a) - 1) ** 2
    for done in range(n_steps):
        s = _sigmoid(a)
        if 0.5 * (s - 1) ** 2 <= target * first:
            return done
        # d/da (s - 1)^2 / 2 = (s - 1) s (1 - s), which vanishes at both ends
        a -= step * (s - 1) * s * (1 - s)
    return n_steps


def _sigmoid(a: float) -> float:
    return 1 / (1 + math.exp(-a))


def bias_and_variance(predictions: Array, truth: Array, *, degrees_lost: int = 0) -> tuple[float, float, float]:
    """(mean squared error, squared bias, variance) of ``predictions`` (repetitions, points) of ``truth`` (points,).

    mse = bias^2 + variance holds exactly for the variance with denominator n (``degrees_lost`` = 0).

    >>> bias_and_variance(np.array([[1.0], [3.0]]), np.array([0.0]))
    (5.0, 4.0, 1.0)
    """
    mse = float(np.mean((predictions - truth) ** 2))
    bias = float(np.mean((predictions.mean(0) - truth) ** 2))
    return mse, bias, float(np.mean(predictions.var(0, ddof=degrees_lost)))


def with_outliers(y: Array, fraction: float, size: float, rng: np.random.Generator) -> Array:
    """A copy of y with ``size`` added to a random ``fraction`` of it."""
    broken = y.copy()
    broken[rng.permutation(len(y))[: round(fraction * len(y))]] += size
    return broken


def gradient_after(passes: int, inputs: Tensor, targets: Tensor, *, zero_grad: bool) -> Tensor:
    """Gradient (p,) of the squared error of one linear model at its initial weights, after ``passes`` backward passes.

    ``inputs`` (n, p) and ``targets`` (n,); the weights are all ones and are not updated.

    >>> x, y = torch.tensor([[1.0], [2.0]]), torch.zeros(2)
    >>> [gradient_after(3, x, y, zero_grad=zeroed).item() for zeroed in (True, False)]
    [5.0, 15.0]
    """
    weights = nn.Parameter(torch.ones(inputs.shape[1], dtype=inputs.dtype))
    for _ in range(passes):
        if zero_grad:
            weights.grad = None
        nn.functional.mse_loss(inputs @ weights, targets).backward()
    assert weights.grad is not None
    return weights.grad
