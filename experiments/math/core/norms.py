"""Lengths of vectors and matrices, safe from overflow, and the shapes of their unit balls.

Conventions: ||x||_p = (sum |x_i|^p)^(1/p); p = inf is the largest |x_i|; p < 1 gives a length that is no norm; L0
counts the entries that differ from exactly 0, with no threshold. Vectors lie on the last axis.
Source: Horn, Johnson: Matrix Analysis, 2nd edition, 2013, chapter 5.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
MatrixNorm = Literal["frobenius", "spectral", "nuclear", "max_column_sum", "max_row_sum", "entry_sum", "max_entry"]
MATRIX_NORMS: tuple[MatrixNorm, ...] = (
    "frobenius",
    "spectral",
    "nuclear",
    "max_column_sum",
    "max_row_sum",
    "entry_sum",
    "max_entry",
)


def vector_length(vectors: ArrayLike, p: float) -> Floats:
    """||x||_p of vectors (..., n): (...), for p > 0 or inf.

    The largest |x_i| is divided out first, so that neither 1e200 nor 1e-200 leaves the range of float64. Vectors
    without entries and zero vectors have length 0; a NaN makes the length NaN.

    >>> [float(vector_length([3e200, -6e200], p)) for p in (1, np.inf)]
    [9e+200, 6e+200]

    Raises:
        ValueError: p <= 0 or NaN; L0 is ``nonzeros``.
    """
    if not p > 0:
        raise ValueError(f"expected p > 0, got {p}; the L0 count is nonzeros()")
    magnitudes = np.abs(np.asarray(vectors, dtype=np.float64))
    largest = magnitudes.max(axis=-1, initial=0.0)
    if np.isinf(p):
        return largest
    scale = np.where((largest > 0) & np.isfinite(largest), largest, 1.0)
    powers = (magnitudes / scale[..., None]) ** p
    return scale * powers.sum(axis=-1) ** (1 / p)


def naive_length(vectors: ArrayLike) -> Floats:
    """sqrt(sum x_i^2) of vectors (..., n) as the formula stands: infinite from about 1e154, 0 below about 1e-162."""
    with np.errstate(over="ignore", under="ignore"):
        return np.sqrt(np.sum(np.square(np.asarray(vectors, dtype=np.float64)), axis=-1))


def nonzeros(vectors: ArrayLike) -> NDArray[np.int64]:
    """The "L0 norm": how many entries of vectors (..., n) are not exactly 0."""
    return np.count_nonzero(np.asarray(vectors), axis=-1)


def distance(first: ArrayLike, second: ArrayLike, p: float) -> Floats:
    """||x - y||_p of paired vectors (..., n): p = 1 is the Manhattan, p = 2 the Euclidean distance."""
    return vector_length(np.subtract(first, second, dtype=np.float64), p)


def triangle_excess(x: Floats, y: Floats, p: float) -> float:
    """max(0, ||x + y||_p / (||x||_p + ||y||_p) - 1) for vectors (n,): 0 where no detour is shorter.

    >>> triangle_excess(*np.eye(2), 1), triangle_excess(*np.eye(2), 0.5)
    (0.0, 1.0)
    """
    sides = float(vector_length(x, p) + vector_length(y, p))
    return max(0.0, float(vector_length(x + y, p)) / sides - 1)


def matrix_norm(matrix: Floats, name: MatrixNorm) -> float:
    """A norm of a matrix (m, n) by its definition.

    frobenius sqrt(sum a_ij^2), spectral the largest and nuclear the sum of the singular values, max_column_sum and
    max_row_sum of |a_ij|; entry_sum and max_entry treat the matrix as one long vector.

    >>> [matrix_norm(np.array([[1.0, -2.0], [3.0, 4.0]]), name) for name in ("max_column_sum", "max_row_sum")]
    [6.0, 7.0]
    """
    matrix = np.asarray(matrix, np.float64)  # |-128| is -128 in a byte
    magnitudes = np.abs(matrix)
    match name:
        case "spectral" | "nuclear":
            singular = np.linalg.svd(matrix, compute_uv=False)
            return float(singular.max() if name == "spectral" else singular.sum())
        case "frobenius":
            return float(vector_length(matrix.ravel(), 2))
        case "max_column_sum":
            return float(magnitudes.sum(axis=0).max())
        case "max_row_sum":
            return float(magnitudes.sum(axis=1).max())
        case "entry_sum":
            return float(magnitudes.sum())
        case "max_entry":
            return float(magnitudes.max())


def unit_ball(p: float, corners: int = 128) -> Floats:
    """The curve ||x||_p = 1 in the plane as a closed polygon (corners, 2), counterclockwise from (1, 0)."""
    angles = 2 * np.pi * np.arange(corners) / corners
    circle = np.column_stack([np.cos(angles), np.sin(angles)])
    return circle / vector_length(circle, p)[:, None]


def polygon_area(corners: Floats) -> float:
    """Area of a polygon (n, 2) whose corners go counterclockwise, by the shoelace formula.

    >>> float(round(polygon_area(unit_ball(1)), 12)), float(round(polygon_area(unit_ball(2)), 2))
    (2.0, 3.14)
    """
    (x, y), (next_x, next_y) = corners.T, np.roll(corners, -1, axis=0).T
    return float((x * next_y - y * next_x).sum() / 2)


def turns_left(corners: Floats) -> bool:
    """Whether a polygon (n, 2), counterclockwise, never turns right but for rounding, and so is convex.

    >>> turns_left(unit_ball(1)), turns_left(unit_ball(0.5))
    (True, False)
    """
    sides = np.roll(corners, -1, axis=0) - corners
    (x, y), (next_x, next_y) = sides.T, np.roll(sides, -1, axis=0).T
    return bool((x * next_y - y * next_x >= -1e-12).all())
