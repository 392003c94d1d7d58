"""Rising, flat, continuous: the functions on which the usual readings of a derivative are right, and those on
which they fail.

A sample of values refutes and never proves: a pair of points is a counterexample, its absence is no proof.
Source: Gelbaum, Olmsted: Counterexamples in Analysis, 1964, chapters 3 and 9.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Function = Callable[[Floats], Floats]


def not_rising_pair(f: Function, points: Floats) -> tuple[float, float] | None:
    """Neighbors a < b among ``points`` (n,) with f(a) >= f(b), the first there is; None if f rises along all of
    them.
    """
    points = np.unique(points)
    fails = np.flatnonzero(np.diff(f(points)) <= 0)
    return None if len(fails) == 0 else (float(points[fails[0]]), float(points[fails[0] + 1]))


def around_zero(radius: float, count: int = 400) -> Floats:
    """``count`` points of both signs with |x| < radius at equal steps of 1/|x|, which resolve sin(1/x)."""
    inverse = 1 / radius + np.linspace(0.01, 8 * np.pi, count // 2)
    return np.sort(np.concatenate([-1 / inverse, 1 / inverse]))


def largest_jump(f: Callable[[float, float], float], radius: float, count: int = 72) -> tuple[float, float, float]:
    """Where f differs most from f(0, 0) on a circle around 0, and by how much: (difference, x, y).

    A function that is continuous in 0 has a difference that goes to 0 with the radius. The directions start at pi/4.
    """
    angles = np.pi / 4 + 2 * np.pi * np.arange(count) / count
    around = [(radius * float(np.cos(angle)), radius * float(np.sin(angle))) for angle in angles]
    return max(((abs(f(x, y) - f(0.0, 0.0)), x, y) for x, y in around), key=lambda jump: jump[0])


def wavy(x: Floats) -> Floats:
    """x/2 + x^2 sin(1/x), 0 at 0: its derivative at 0 is 1/2, and near 0 it is about 1/2 - cos(1/x), of either sign."""
    return x / 2 + x**2 * np.sin(1 / x)
