"""Least squares with an L0, L1 or L2 penalty: proximal, coordinate and subgradient solvers, exhaustive search, ridge.

The objective of the L1 solvers is that of scikit-learn's Lasso without intercept,

    F(w) = |y - X w|^2 / (2 n) + lam |w|_1,        X (n, d), y (n,), w (d,),

and that of ridge |y - X w|^2 / (2 n) + lam |w|^2 / 2. Nothing is centered or scaled here.
Sources: Beck, Teboulle, A Fast Iterative Shrinkage-Thresholding Algorithm, SIAM Journal on Imaging Sciences 2(1), 2009;
Friedman, Hastie, Tibshirani, Regularization Paths for Generalized Linear Models via Coordinate Descent, 2010;
Zhao, Yu, On Model Selection Consistency of Lasso, JMLR 7, 2006.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Problem = tuple[Array, Array, Array]
"""X (n, d), y (n,) and the true weights w (d,)."""


def soft_threshold(w: Array, threshold: float) -> Array:
    """sign(w) max(|w| - threshold, 0), the proximal map of threshold * |w|_1.

    >>> soft_threshold(np.array([3.0, -0.5]), 1.0).tolist()
    [2.0, -0.0]
    """
    return np.sign(w) * np.maximum(np.abs(w) - threshold, 0)


def lipschitz(X: Array) -> float:
    """Largest eigenvalue of X^T X / n: the Lipschitz constant of the gradient of the smooth part."""
    return float(np.linalg.norm(X, 2) ** 2 / len(X))


def ista(X: Array, y: Array, lam: float, steps: int, start: Array | None = None) -> Array:
    """w (d,) after ``steps`` of w <- soft_threshold(w - grad / L, lam / L)."""
    L = lipschitz(X)
    w = np.zeros(X.shape[1]) if start is None else start
    for _ in range(steps):
        w = soft_threshold(w - X.T @ (X @ w - y) / (len(y) * L), lam / L)
    return w


def fista(X: Array, y: Array, lam: float, steps: int, start: Array | None = None) -> Array:
    """w (d,) after ``steps`` of the accelerated method, restarted where the momentum points uphill."""
    L = lipschitz(X)
    w = np.zeros(X.shape[1]) if start is None else start
    v, t = w, 1.0
    for _ in range(steps):
        new = soft_threshold(v - X.T @ (X @ v - y) / (len(y) * L), lam / L)
        t_new = (1 + math.sqrt(1 + 4 * t * t)) / 2
        if float((v - new) @ (new - w)) > 0:
            t_new, v = 1.0, new
        else:
            v = new + (t - 1) / t_new * (new - w)
        w, t = new, t_new
    return w


def coordinate_descent(X: Array, y: Array, lam: float, sweeps: int) -> Array:
    """w (d,) after ``sweeps`` exact minimizations along every coordinate in turn."""
    n, d = X.shape
    squares = (X * X).sum(0) / n
    w, r = np.zeros(d), y.copy()
    for _ in range(sweeps):
        for j in range(d):
            old = w[j]
            correlation = X[:, j] @ r / n + squares[j] * old
            w[j] = math.copysign(max(abs(correlation) - lam, 0.0), correlation) / squares[j]
            if w[j] != old:
                r -= X[:, j] * (w[j] - old)
    return w


def subgradient(X: Array, y: Array, lam: float, steps: int) -> Array:
    """w (d,) after ``steps`` of gradient descent on F with sign(w) for the gradient of |w|, step 1 / (L sqrt(t))."""
    L = lipschitz(X)
    w = np.zeros(X.shape[1])
    for t in range(1, steps + 1):
        w = w - (X.T @ (X @ w - y) / len(y) + lam * np.sign(w)) / (L * math.sqrt(t))
    return w


def ridge(X: Array, y: Array, lam: float) -> Array:
    """The minimizer (d,) of |y - X w|^2 / (2 n) + lam |w|^2 / 2, from (X^T X / n + lam I) w = X^T y / n."""
    n, d = X.shape
    return np.asarray(np.linalg.solve(X.T @ X / n + lam * np.eye(d), X.T @ y / n), dtype=np.float64)


def optimality_gap(X: Array, y: Array, lam: float, w: Array) -> float:
    """Largest violation of the conditions of a minimum of F: with g = X^T (y - X w) / n,

    g_j = lam sign(w_j) where w_j is not 0, and |g_j| <= lam where it is.
    """
    g = X.T @ (y - X @ w) / len(y)
    gap = np.where(w != 0, np.abs(g - lam * np.sign(w)), np.maximum(np.abs(g) - lam, 0))
    return float(gap.max())


def sparse_problem(n: int, d: int, k: int, noise: float, rng: np.random.Generator) -> Problem:
    """(X (n, d) standard normal, y (n,), w (d,)): the first k weights are +-1, others 0; ``noise``: deviation."""
    X = rng.standard_normal((n, d))
    w = np.zeros(d)
    w[:k] = rng.choice([-1.0, 1.0], k)
    return X, X @ w + noise * rng.standard_normal(n), w


def irrepresentable_problem(n: int, d: int, k: int, noise: float, rng: np.random.Generator) -> Problem:
    """As ``sparse_problem``, all non-zero weights +1, and a last column that resembles their sum.

    x_d = 0.9 / sqrt(k) (x_1 + ... + x_k) + sqrt(1 - 0.81) e has variance 1, and regressed on the first k it has
    coefficients that add up to 0.9 sqrt(k) > 1 for k >= 2: the irrepresentable condition fails.
    """
    X = rng.standard_normal((n, d))
    share = 0.9 / math.sqrt(k)
    X[:, -1] = share * X[:, :k].sum(1) + math.sqrt(1 - 0.81) * rng.standard_normal(n)
    w = np.zeros(d)
    w[:k] = 1.0
    return X, X @ w + noise * rng.standard_normal(n), w


def irrepresentability(X: Array, w: Array) -> float:
    """max |X_out^T X_in (X_in^T X_in)^-1 sign(w_in)|: support recovery by L1 needs at most 1 (Zhao and Yu)."""
    inside = w != 0
    weights = np.linalg.solve(X[:, inside].T @ X[:, inside], np.sign(w[inside]))
    return float(np.abs(X[:, ~inside].T @ X[:, inside] @ weights).max())


def best_subset(X: Array, y: Array, k: int) -> tuple[tuple[int, ...], int]:
    """(columns of the k-subset with the least squared error, subsets tried), by trying all of them."""
    G, b = X.T @ X, X.T @ y
    best, explained, tried = tuple(range(k)), -math.inf, 0
    for columns in combinations(range(X.shape[1]), k):
        chosen = np.array(columns)
        part = b[chosen]
        gain = float(part @ np.linalg.solve(G[np.ix_(chosen, chosen)], part))
        tried += 1
        if gain > explained:
            best, explained = columns, gain
    return best, tried


def on_path(X: Array, y: Array, support: Array, lams: Sequence[float], steps: int) -> bool:
    """Whether some point of the L1 path has exactly the non-zeros ``support`` (d,) bool; from large to small lam."""
    w = np.zeros(X.shape[1])
    for lam in sorted(lams, reverse=True):
        w = fista(X, y, lam, steps, start=w)
        if np.array_equal(w != 0, support):
            return True
    return False


def biconjugate(values: Array, points: Array, slopes: Array) -> Array:
    """f** at ``points`` (m,) from f at ``points``: sup_s (s x - f*(s)), f*(s) = sup_x (s x - f(x)) over ``slopes``."""
    conjugate = (slopes[:, None] * points - values).max(1)
    return np.asarray((slopes[:, None] * points - conjugate[:, None]).max(0), dtype=np.float64)


def envelope_error(box: float, cells: int) -> float:
    """max over a grid of [-box, box] of | |x| - f**(x) |, f = 1 for x != 0 and 0 at 0.

    The convex envelope is |x| / box, so it is the L1 norm on the unit box alone. In d dimensions f is a sum over
    coordinates, and so is its envelope on a box.

    >>> envelope_error(1.0, 10) < 1e-12, envelope_error(2.0, 10)
    (True, 1.0)
    """
    points = np.linspace(-box, box, 2 * cells + 1)
    slopes = np.linspace(-4, 4, 8 * cells + 1)
    envelope = biconjugate((points != 0).astype(np.float64), points, slopes)
    return float(np.abs(np.abs(points) - envelope).max())
