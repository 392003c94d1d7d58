"""Which step of unit length raises a linear function most: it depends on how length is measured.

max { g.u : ||u|| <= 1 } is the dual norm of g: l2 for l2 (u = g / |g|), l1 for linf (u = sign g), linf for l1 (u
along the largest coordinate). Source: Boyd, Vandenberghe: Convex Optimization, 2004, section 9.4 (steepest descent
method).
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

Norm = Literal["l1", "l2", "linf"]
ORDERS: dict[str, float] = {"l1": 1.0, "l2": 2.0, "linf": np.inf}
NORMS: tuple[Norm, ...] = ("l2", "linf", "l1")


def unit(vectors: NDArray[np.float64], norm: Norm) -> NDArray[np.float64]:
    """Vectors (..., d) scaled to length 1.

    Raises:
        ValueError: a zero vector, which has no direction.
    """
    lengths = np.linalg.norm(vectors, ord=ORDERS[norm], axis=-1, keepdims=True)
    if np.any(lengths == 0):
        raise ValueError("expected vectors with a direction, got a zero vector")
    return vectors / lengths


def steepest_step(gradient: NDArray[np.float64], norm: Norm) -> NDArray[np.float64]:
    """The step u (d,) of unit length that maximizes gradient . u; ties of l1 go to the first coordinate."""
    if norm == "l2":
        return unit(gradient, "l2")
    if norm == "linf":
        return np.sign(gradient)
    step = np.zeros_like(gradient)
    largest = int(np.argmax(np.abs(gradient)))
    step[largest] = np.sign(gradient[largest])
    return step


def rates_by_angle(gradient: NDArray[np.float64], norm: Norm, count: int) -> NDArray[np.float64]:
    """(count, 2): angle to the gradient (2,) in degrees from -180 to 180, rising, and the derivative along the
    unit step there.

    The derivative is divided by the one along the gradient's direction, so 1 at angle 0; larger values beat the
    gradient.
    """
    turned = directions(count)
    away = np.degrees(np.arctan2(turned[:, 1], turned[:, 0]) - np.arctan2(gradient[1], gradient[0]))
    angles = (away + 180) % 360 - 180
    rates = unit(turned, norm) @ gradient / (unit(gradient, norm) @ gradient)
    return np.column_stack([angles, rates])[np.argsort(angles)]


def directions(count: int) -> NDArray[np.float64]:
    """``count`` vectors (count, 2) at equal angles from 0, counterclockwise."""
    angles = 2 * np.pi * np.arange(count) / count
    return np.column_stack([np.cos(angles), np.sin(angles)])
