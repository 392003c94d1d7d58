"""Rising, flat, continuous: the functions on which the usual readings of a derivative are right, and those on
which they fail.

A sample of values refutes and never proves: a pair of points is a counterexample, its absence is no proof.
Source: Gelbaum, Olmsted: Counterexamples in Analysis, 1964, chapters 3 and 9.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from experiments.foundation.statements.trial import Trial

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


def sign_trials() -> list[Trial]:
    """The sign of the derivative read as "rises" or "is flat", on an interval and at a point; error 1 where that
    is wrong.
    """
    grid = np.linspace(0.05, 3.0, 2000)
    rising: dict[str, Function] = {"exp(x)": np.exp, "x + sin(x)/2": lambda x: x + np.sin(x) / 2, "log(x)": np.log}
    dips = float(not_rising_pair(np.sin, grid) is not None)  # sin' changes its sign on the grid, so sin has to fail
    trials = [
        Trial(
            part="sign",
            case="positive on an interval",
            error=float(not_rising_pair(f, grid) is not None),
            control_error=dips,
        )
        for f in rising.values()
    ]
    around = around_zero(1.0)
    cube_rises = float(not_rising_pair(lambda x: x**3, around) is None)
    line_rises = float(not_rising_pair(lambda x: x, around) is None)
    cube = f"x^3 has derivative 0 at 0 and rises all the same: {(-0.1) ** 3:.3g} at -0.1, 0 at 0, {0.1**3:.3g} at 0.1"
    trials.append(Trial(part="sign", case="zero at a point", error=cube_rises, control_error=line_rises, witness=cube))
    for radius in (1e-1, 1e-3, 1e-6):
        pair = not_rising_pair(wavy, around_zero(radius))
        witness = "" if pair is None else _falls(*pair)
        error = float(pair is not None)
        trials.append(Trial(part="sign", case="positive at a point", error=error, control_error=dips, witness=witness))
    return trials


def continuity_trials(radius: float = 1e-9) -> list[Trial]:
    """Functions of (x, y) with both partial derivatives at 0; the error is how far they stay from f(0, 0) at
    ``radius``.
    """
    functions: dict[str, Callable[[float, float], float]] = {
        "x y": lambda x, y: x * y,
        "sin(x + 2 y)": lambda x, y: math.sin(x + 2 * y),
        "x y / (x^2 + y^2)": lambda x, y: x * y / (x * x + y * y) if x or y else 0.0,
    }
    step, _, _ = largest_jump(lambda x, y: float(x + y > 0), radius)
    trials = []
    for name, f in functions.items():
        jump, x, y = largest_jump(f, radius)
        quotients = f"{f(radius, 0.0) / radius:g} and {f(0.0, radius) / radius:g}"
        witness = (
            f"{name}, 0 at 0, has difference quotients {quotients} there, yet is {f(x, y):g} at ({x:.3g}, {y:.3g})"
        )
        trials.append(Trial(part="continuity", case=name, error=jump, control_error=step, witness=witness))
    return trials


def _falls(a: float, b: float) -> str:
    low, high = wavy(np.array([a, b]))
    return f"x/2 + x^2 sin(1/x) has derivative 1/2 at 0, but falls from {low:.9g} at {a:.9g} to {high:.9g} at {b:.9g}"
