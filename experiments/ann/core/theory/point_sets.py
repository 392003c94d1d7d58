"""Point sets whose squared distances are exact, and patterns with known ties.

Coordinates are whole numbers of at most 2^20 kept in float64, so squared differences and their sums (up to 2^12
dimensions) are exact: whether an edge belongs to a graph is then decided by the geometry and never by rounding.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]
"""Coordinates (n, dim)."""

GRID = 1 << 20
"""Side of the integer grid that random points are drawn from."""


def uniform_points(rng: np.random.Generator, n: int, dim: int) -> Points:
    """Independent uniform points (n, dim) of the integer grid, all distinct."""
    points = rng.integers(0, GRID, (n, dim)).astype(np.float64)
    while len(np.unique(points, axis=0)) < n:
        points = rng.integers(0, GRID, (n, dim)).astype(np.float64)
    return points


def clustered_points(rng: np.random.Generator, n: int, dim: int, clusters: int = 8) -> Points:
    """Distinct grid points (n, dim) around ``clusters`` uniform centers, 1/32 of the side in standard deviation."""
    found = np.empty((0, dim))
    centers = rng.uniform(GRID / 8, GRID * 7 / 8, (clusters, dim))
    while len(found) < n:
        drawn = centers[rng.integers(0, clusters, 2 * n)] + rng.normal(0, GRID / 32, (2 * n, dim))
        inside = np.rint(drawn[((drawn > 0) & (drawn < GRID)).all(axis=1)])
        found = np.unique(np.concatenate([found, inside]), axis=0)
    return rng.permutation(found)[:n]


def square_lattice(n: int, dim: int) -> Points:
    """The first n points (n, dim) of a cubic lattice with equal steps inside the grid: cocircular everywhere.

    >>> (square_lattice(4, 2) / GRID).tolist()
    [[0.25, 0.25], [0.25, 0.75], [0.75, 0.25], [0.75, 0.75]]
    """
    side = int(np.ceil(round(n ** (1 / dim), 9)))  # the fifth root of 5^5 comes out a little above 5
    step = GRID // side
    cells = np.stack(np.unravel_index(np.arange(n), (side,) * dim), axis=1)
    return (cells * step + step // 2).astype(np.float64)


def hexagonal_lattice(side: int) -> Points:
    """A triangular lattice of side x side points as integers (side^2, 3) in the plane x + y + z = 0.

    Neighbors are at squared distance 2 and the six directions meet at exactly 60 degrees, which no integer lattice of
    the plane itself has.

    >>> hexagonal_lattice(2).tolist()
    [[0.0, 0.0, 0.0], [1.0, 0.0, -1.0], [0.0, 1.0, -1.0], [1.0, 1.0, -2.0]]
    """
    rows, columns = np.divmod(np.arange(side * side), side)
    first = columns - rows // 2  # every second row starts half a step to the left, so the rhombus becomes a square
    return np.stack([first, rows, -first - rows], axis=1).astype(np.float64)


def with_duplicates(rng: np.random.Generator, points: Points, copies: int) -> Points:
    """The points (n, dim), then ``copies`` repeats of randomly chosen ones: (n + copies, dim)."""
    return np.concatenate([points, points[rng.choice(len(points), copies, replace=False)]])
