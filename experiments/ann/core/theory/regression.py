"""Regression tasks in which dimension is the difficulty, and what least squares is expected to make of one.

All targets are a signal of variance 1 and normal noise, rows are drawn independently, and the random generator is an
argument.
"""

from __future__ import annotations

import math
from itertools import count
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

RELEVANT = 5
"""Features that a linear truth depends on."""


class Task(NamedTuple):
    """Features (n, p), targets (n,), and the targets without their noise (n,)."""

    features: NDArray[np.float64]
    targets: NDArray[np.float64]
    signal: NDArray[np.float64]


def linear_task(rng: np.random.Generator, n: int, irrelevant: int, noise: float) -> Task:
    """y = (x_1 + ... + x_5) / sqrt(5) + noise e, with ``irrelevant`` more features; all features and e standard normal.

    >>> linear_task(np.random.default_rng(0), 50, 20, 0.3).features.shape
    (50, 25)
    """
    # signal and noise first: two tasks from equal generators differ in the irrelevant features alone
    relevant, errors = rng.standard_normal((n, RELEVANT)), noise * rng.standard_normal(n)
    signal = relevant.sum(axis=1) / math.sqrt(RELEVANT)
    return Task(np.hstack([relevant, rng.standard_normal((n, irrelevant))]), signal + errors, signal)


def hidden_task(rng: np.random.Generator, n: int, relevant: int, irrelevant: int, spread: float, noise: float) -> Task:
    """A wave over ``relevant`` normal directions of standard deviation ``spread`` among ``irrelevant`` ones of 1.

    y = sum_i sin(2 u_i) / sqrt(relevant v) + noise e with u standard normal and v = Var sin(2 u) = (1 - e^-8) / 2. All
    directions are rotated at random, so that no single feature holds the signal.
    """
    directions = rng.standard_normal((n, relevant + irrelevant))
    waves = np.sin(2 * directions[:, :relevant]).sum(axis=1) / math.sqrt(relevant * (1 - math.exp(-8)) / 2)
    scale = np.where(np.arange(relevant + irrelevant) < relevant, spread, 1.0)
    rotation = np.linalg.qr(rng.standard_normal((relevant + irrelevant, relevant + irrelevant)))[0]
    return Task((directions * scale) @ rotation, waves + noise * rng.standard_normal(n), waves)


def random_design_risk(noise_variance: float, n: int, features: int) -> float:
    """Expected squared error of least squares with intercept on a new point: s^2 (n + 1)(n - 2) / (n (n - p - 2)).

    For n independent Gaussian rows of p features and a linear truth; infinite for n <= p + 2.

    >>> round(random_design_risk(0.09, 200, 5), 4), random_design_risk(0.09, 10, 8)
    (0.0928, inf)
    """
    if n <= features + 2:
        return math.inf
    return noise_variance * (n + 1) * (n - 2) / (n * (n - features - 2))


def least_squares_samples(noise_variance: float, features: int, excess: float) -> int:
    """The fewest samples with which ``random_design_risk`` exceeds the noise by no more than ``excess``.

    >>> least_squares_samples(1.0, 5, 0.5), least_squares_samples(1.0, 50, 0.5)
    (19, 154)
    """
    enough = (
        n for n in count(features + 3) if random_design_risk(noise_variance, n, features) <= noise_variance + excess
    )
    return next(enough)
