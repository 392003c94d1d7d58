"""Two landscapes on which noise decides: a saddle that exact descent never leaves, and a double well.

Saddle: f(x, y) = (x^2 - y^2) / 2. Descent from (1, y_0) multiplies y by 1 + lr, so |y| = 1/2 is reached after
log(0.5 / |y_0|) / log(1 + lr) steps, and never from y_0 = 0.

Double well: f(x) = (x^2 - 1)^2 + tilt x, the global minimum near -1 for tilt > 0. A batch of B sees the gradient plus
normal noise of standard deviation sigma / sqrt(B).
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
class WellOutcome:
    """Many runs from the bottom of one well."""

    left_start: float
    """Share that ends in the other well."""
    in_global: float
    """Share that ends in the basin of the global minimum."""
    excess_loss: float
    """Mean f(end) - min f."""


def run_wells(
    batch_size: float, *, tilt: float, sigma: float, lr: float, steps: int, runs: int, rng: np.random.Generator
) -> WellOutcome:
    """``runs`` descents from the minimum at the right; batch_size = inf is descent without noise.

    With tilt > 0 the runs start in the local well, with tilt < 0, the mirror image, in the global one.
    """
    start = _minimum(1.0, tilt)
    global_minimum = _value(_stationary(tilt), tilt).min()
    x = np.full(runs, start)
    deviation = sigma / math.sqrt(batch_size)
    for _ in range(steps):
        x = x - lr * (4 * x * (x * x - 1) + tilt + deviation * rng.standard_normal(runs))
    left = x < _barrier(tilt)
    return WellOutcome(
        left_start=float(left.mean()),
        in_global=float((left if tilt > 0 else ~left).mean()),
        excess_loss=float((_value(x, tilt) - global_minimum).mean()),
    )


def _value(x: Array, tilt: float) -> Array:
    return (x * x - 1) ** 2 + tilt * x


def _stationary(tilt: float) -> Array:
    """The three real roots of 4 x^3 - 4 x + tilt, rising; |tilt| < 8 / (3 sqrt 3)."""
    return np.sort(np.roots([4, 0, -4, tilt]).real)


def _minimum(side: float, tilt: float) -> float:
    return float(_stationary(tilt)[0 if side < 0 else 2])


def _barrier(tilt: float) -> float:
    return float(_stationary(tilt)[1])
