"""Widths of the hidden layers of a perceptron: shapes along depth, scaled to a given number of parameters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from experiments.foundation.costs.parameter_counts import perceptron

Shape = Literal["decreasing", "constant", "increasing", "hourglass", "diamond"]
STEP = 0.05
"""By how much the width of a layer of relative width 1 grows from one candidate to the next."""


def profile(shape: Shape, layers: int, taper: float) -> list[float]:
    """Relative width of every layer, from 1 to ``taper``, geometrically spaced; an hourglass is narrow in the middle.

    Raises:
        ValueError: fewer than two layers.
    """
    if layers < 2:
        raise ValueError(f"expected at least two layers, got {layers}")
    depths = [layer / (layers - 1) for layer in range(layers)]
    exponents = {
        "constant": [0.0 for _ in depths],
        "decreasing": [1 - t for t in depths],
        "increasing": depths,
        "hourglass": [abs(2 * t - 1) for t in depths],
        "diamond": [1 - abs(2 * t - 1) for t in depths],
    }
    return [taper**exponent for exponent in exponents[shape]]


def widths_for(
    shape: Shape, *, n_in: int, n_out: int, layers: int, taper: float, parameters: int, tolerance: float
) -> tuple[int, ...]:
    """Hidden widths whose perceptron comes nearest to ``parameters``, at most ``tolerance`` (relative) off.

    Raises:
        ValueError: widths are whole numbers, and none of them comes near enough.
    """
    relative = profile(shape, layers, taper)
    best: tuple[int, ...] = ()
    off, scale = float("inf"), STEP
    while True:
        widths = tuple(max(1, round(scale * width)) for width in relative)
        count = perceptron((n_in, *widths, n_out))
        if abs(count - parameters) < off:
            best, off = widths, abs(count - parameters)
        if count > parameters:
            break
        scale += STEP
    if off > tolerance * parameters:
        raise ValueError(
            f"expected {parameters} parameters within {tolerance:.0%}, the nearest {shape} widths {list(best)} have "
            f"{perceptron((n_in, *best, n_out))}; ask for more parameters or fewer layers"
        )
    return best


def unscaled_widths(shape: Shape, widest: int, *, layers: int, taper: float) -> tuple[int, ...]:
    """Widths of the shape with a given widest layer: equal depth, but not equal numbers of parameters."""
    relative = profile(shape, layers, taper)
    return tuple(max(1, round(widest * width / max(relative))) for width in relative)


def relative_excess(widths: Sequence[int], *, n_in: int, n_out: int, parameters: int) -> float:
    """How far the perceptron's number of parameters is from ``parameters``, relative to it."""
    return abs(perceptron((n_in, *widths, n_out)) / parameters - 1)
