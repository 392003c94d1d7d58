"""Two landscapes on which noise decides: a saddle that exact descent never leaves, and a sine of unknown frequency.

Saddle: f(x, y) = (x^2 - y^2) / 2. Descent from (1, y_0) multiplies y by 1 + lr, so |y| = 1/2 is reached after
log(0.5 / |y_0|) / log(1 + lr) steps, and never from y_0 = 0.

Frequency: the squared error of sin(w x) on noisy points of sin(3 x), a loss of one weight with several minima, whose
noise is that of real batches.
Source: Lee et al., Gradient Descent Only Converges to Minimizers, COLT 2016.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def steps_off_saddle(y0: float, lr: float, most_steps: int, *, noise: float, rng: np.random.Generator) -> int:
    """Steps until |y| >= 1/2 from (1, y0), with normal ``noise`` on every gradient; ``most_steps`` if never."""
    y = y0
    for done in range(most_steps):
        if abs(y) >= 0.5:
            return done
        y += lr * (y + (noise * float(rng.standard_normal()) if noise else 0.0))
    return most_steps


def steps_in_theory(y0: float, lr: float) -> float:
    """log(0.5 / |y0|) / log(1 + lr), infinite for y0 = 0.

    >>> steps_in_theory(0.125, 1.0)  # 1/8, 1/4, 1/2
    2.0
    """
    return math.log(0.5 / abs(y0)) / math.log1p(lr) if y0 else math.inf


@dataclass(frozen=True, kw_only=True)
class Wells:
    """The squared error of sin(w x) on points (x, y), and its minima for w in [-2, 8]."""

    x: Array
    y: Array
    minima: Array
    """Rising."""
    barriers: Array
    """Maxima between them, rising."""

    @classmethod
    def draw(cls, points: int, rng: np.random.Generator) -> Wells:
        """Points of sin(3 x), x uniform in [-3, 3], with normal noise of 0.3."""
        x = rng.uniform(-3, 3, points)
        y = np.sin(3 * x) + 0.3 * rng.standard_normal(points)
        grid = np.linspace(-2, 8, 4001)
        rises = np.diff(((np.sin(grid[:, None] * x) - y) ** 2).mean(1)) > 0
        turns = rises[1:].astype(int) - rises[:-1]
        return cls(x=x, y=y, minima=grid[1:-1][turns > 0], barriers=grid[1:-1][turns < 0])

    def losses(self, w: Array) -> Array:
        """Of weights (runs,), on all points."""
        return np.asarray(((np.sin(w[:, None] * self.x) - self.y) ** 2).mean(1))

    @property
    def best(self) -> float:
        """The global minimum."""
        return float(self.minima[self.losses(self.minima).argmin()])

    @property
    def local(self) -> float:
        """The next minimum above the global one."""
        return float(self.minima[self.minima > self.best][0])

    def share_beside(self, w: Array, minimum: float) -> float:
        """Share of the weights ``w`` (runs,) that lie between the barriers around ``minimum``."""
        return float((np.searchsorted(self.barriers, w) == np.searchsorted(self.barriers, minimum)).mean())

    def descend(self, batch_size: int, *, lr: float, steps: int, runs: int, rng: np.random.Generator) -> Array:
        """Weights (runs,) after descent from the local minimum; every run draws its own batches, with replacement."""
        w = np.full(runs, self.local)
        for _ in range(steps):
            chosen = rng.integers(len(self.x), size=(runs, batch_size))
            x, angle = self.x[chosen], w[:, None] * self.x[chosen]
            w = w - lr * 2 * ((np.sin(angle) - self.y[chosen]) * np.cos(angle) * x).mean(1)
        return w
