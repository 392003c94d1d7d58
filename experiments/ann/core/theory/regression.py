"""Regression tasks in which dimension is the difficulty, and the regressions that meet them.

All targets are a signal of variance 1 and normal noise. Rows are drawn independently; the first are for fitting, the
rest for the error. The random generator is an argument.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.decomposition import PCA
from sklearn.linear_model import LassoCV, LinearRegression
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.random_projection import GaussianRandomProjection

RELEVANT = 5
"""Features that a linear truth depends on."""


class Task(NamedTuple):
    """Features (n, p) and targets (n,)."""

    features: NDArray[np.float64]
    targets: NDArray[np.float64]


def linear_task(rng: np.random.Generator, n: int, irrelevant: int, noise: float) -> Task:
    """y = (x_1 + ... + x_5) / sqrt(5) + noise e, with ``irrelevant`` more features; all features and e standard normal.

    Signal and noise are drawn first: two tasks from equal generators differ in the irrelevant features alone.
    """
    signal, errors = rng.standard_normal((n, RELEVANT)), noise * rng.standard_normal(n)
    features = np.hstack([signal, rng.standard_normal((n, irrelevant))])
    return Task(features, signal.sum(axis=1) / math.sqrt(RELEVANT) + errors)


def hidden_task(rng: np.random.Generator, n: int, relevant: int, irrelevant: int, spread: float, noise: float) -> Task:
    """A wave over ``relevant`` normal directions of standard deviation ``spread`` among others of 1, all rotated at
    random.

    y = sum_i sin(2 u_i) / sqrt(relevant v) + noise e with u standard normal and v = Var sin(2 u) = (1 - e^-8) / 2.
    """
    directions = rng.standard_normal((n, relevant + irrelevant))
    waves = np.sin(2 * directions[:, :relevant]).sum(axis=1) / math.sqrt(relevant * (1 - math.exp(-8)) / 2)
    scale = np.where(np.arange(relevant + irrelevant) < relevant, spread, 1.0)
    rotation = np.linalg.qr(rng.standard_normal((relevant + irrelevant, relevant + irrelevant)))[0]
    return Task((directions * scale) @ rotation, waves + noise * rng.standard_normal(n))


def regressor(model: str, k: int) -> Any:
    """knn: mean of the k nearest; ols: least squares; lasso: its penalty chosen by 5-fold cross-validation."""
    if model == "knn":
        return KNeighborsRegressor(n_neighbors=k)
    return LinearRegression() if model == "ols" else LassoCV(cv=5, max_iter=10_000)


def projected_neighbors(k: int, components: int, seed: int) -> dict[str, Any]:
    """Nearest-neighbor regression on all features, after PCA, and after a random projection, each to ``components``."""
    random = GaussianRandomProjection(components, random_state=seed)
    return {
        "all features": regressor("knn", k),
        "PCA": make_pipeline(PCA(components), regressor("knn", k)),
        "random projection": make_pipeline(random, regressor("knn", k)),
    }


def held_out_error(model: Any, task: Task, samples: int) -> float:
    """Mean squared error on the rows behind the first ``samples``, on which the model is fitted."""
    model.fit(task.features[:samples], task.targets[:samples])
    return float(((model.predict(task.features[samples:]) - task.targets[samples:]) ** 2).mean())
