"""Squared Euclidean distance, the keys that order neighbors, and the metrics that reduce to it.

Conventions: squared distances throughout; sums of squared differences, never ||x||^2 - 2xy + ||y||^2 (which cancels
where it matters); a *key* is one int64, ``bits(distance) << 32 | id << 1 | expanded``, whose order is by distance and
then by id. Ids are below 2**31.
"""

from __future__ import annotations

from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from experiments.ann.core.simd.kernel import fast_kernel, kernel

Metric = Literal["l2", "cosine", "ip"]
Floats = NDArray[np.float32]
Ids = NDArray[np.int32]
Keys = NDArray[np.int64]


@fast_kernel
def squared_l2_double(x: Floats, y: Floats | NDArray[np.float64]) -> float:
    """sum_i (x_i - y_i)^2 in float64, for x and y (d,): ground truth.

    >>> squared_l2_double(np.float32([1, 2]), np.float32([4, 6]))
    25.0
    """
    total = 0.0
    for i in range(x.shape[0]):
        # The difference of two float32 is rounded in float32; in float64 it almost never is.
        difference = np.float64(x[i]) - np.float64(y[i])
        total += difference * difference
    return total


@kernel
def make_key(distance: np.float32, node: int) -> int:
    """Key of a node at a squared distance >= 0; the bits of non-negative floats are ordered like the floats.

    >>> make_key(1.0, 5) == (0x3F800000 << 32) + 2 * 5
    True
    >>> make_key(0.5, 9) < make_key(1.0, 5) < make_key(1.0, 6)
    True
    """
    return int((np.int64(np.float32(distance).view(np.int32)) << 32) | (np.int64(node) << 1))


@kernel
def key_distance(key: int) -> np.float32:
    """Squared distance in a key.

    >>> float(key_distance(make_key(2.25, 7)))
    2.25
    """
    return np.int32(key >> 32).view(np.float32)


@kernel
def key_node(key: int) -> int:
    """Id in a key, whether it is marked as expanded or not.

    >>> key_node(make_key(2.25, 7)), key_node(make_key(2.25, 7) | 1)
    (7, 7)
    """
    return (key & 0xFFFFFFFF) >> 1


class MetricSpace:
    """Maps vectors into a space where squared Euclidean distance has the order of the metric.

    ``l2`` maps to itself. ``cosine`` scales to length 1, where d^2 = 2 - 2 cos; zero vectors have cosine 0 with
    everything and get a coordinate of their own if the base has any. ``ip`` adds the coordinate sqrt(M^2 - ||x||^2) to
    base vectors and 0 to queries, where d^2 = M^2 + ||q||^2 - 2 q.x: the reduction of maximum inner product search is
    exact in the order of each query's neighbors, but base vectors are not close to themselves, so self-search does not
    find a vector first. M is the largest length, but for few vectors that are far longer (``nsg.products``).

    Source: Bachrach et al.: Speeding Up the Xbox Recommender System Using a Euclidean Transformation for Inner-Product
    Spaces, RecSys 2014.
    """

    def __init__(self, metric: Metric, dim: int, *, radius: float = 0.0, has_zeros: bool = False) -> None:
        self.metric = metric
        self.dim = dim
        self.radius = radius
        self.has_zeros = has_zeros

    @classmethod
    def of_base(cls, base: Floats, metric: Metric) -> MetricSpace:
        """The space that a base (n, dim) spans under a metric."""
        if metric == "l2":
            return cls(metric, base.shape[1])
        lengths = np.sqrt(np.einsum("ij,ij->i", base, base, dtype=np.float64))
        if metric == "ip":
            return cls(metric, base.shape[1], radius=_ordinary_length(lengths))
        return cls(metric, base.shape[1], has_zeros=bool((lengths == 0).any()))

    def to_json(self) -> dict[str, str | int | float | bool]:
        """The arguments that make this space again."""
        return {"metric": self.metric, "dim": self.dim, "radius": self.radius, "has_zeros": self.has_zeros}

    @classmethod
    def from_json(cls, values: Any) -> MetricSpace:
        """The space that ``to_json`` describes, ValueError or TypeError for anything else."""
        space = cls(**values)
        sound = type(space.dim) is int and type(space.has_zeros) is bool and type(space.radius) in (int, float)
        if space.metric not in get_args(Metric) or not sound or space.dim < 1 or not 0 <= space.radius < np.inf:
            raise ValueError("no metric space")
        return space

    @property
    def placed_dim(self) -> int:
        """Coordinates of a vector in the space."""
        return self.dim + (self.metric == "ip" or self.has_zeros)

    def place_base(self, base: Floats) -> Floats:
        """Base vectors (n, dim) in the space: (n, dim) or (n, dim + 1).

        >>> base = np.float32([[3, 4], [4, 0]])
        >>> MetricSpace.of_base(base, "ip").place_base(base)[:, 2]  # sqrt(5^2 - |x|^2)
        array([0., 3.], dtype=float32)
        """
        if self.metric == "l2":
            return base
        lengths = np.sqrt(np.einsum("ij,ij->i", base, base, dtype=np.float64))
        if self.metric == "ip":
            # M^2 - |x|^2 of the longest vector may come out a little below 0.
            extra = np.sqrt(np.maximum(self.radius**2 - lengths**2, 0.0))
            return np.hstack([base, extra[:, None]]).astype(np.float32)
        unit = (base / np.where(lengths == 0, 1.0, lengths)[:, None]).astype(np.float32)
        return np.hstack([unit, (lengths == 0)[:, None]]).astype(np.float32) if self.has_zeros else unit

    def place_queries(self, queries: Floats) -> Floats:
        """Queries (m, dim) in the space."""
        if self.metric == "l2":
            return queries
        scaled = queries
        if self.metric == "cosine":
            lengths = np.sqrt(np.einsum("ij,ij->i", queries, queries, dtype=np.float64))
            scaled = (queries / np.where(lengths == 0, 1.0, lengths)[:, None]).astype(np.float32)
        if self.metric == "ip" or self.has_zeros:
            return np.hstack([scaled, np.zeros((len(scaled), 1), np.float32)])
        return scaled

    def report(self, squared: Floats, queries: Floats) -> Floats:
        """Squared distances (m, k) of the space in the metric's own terms, ascending from the nearest.

        l2: squared distance. cosine: 1 - cos. ip: minus the inner product.
        """
        if self.metric == "l2":
            return squared
        if self.metric == "cosine":
            # d^2 = 2 - 2 cos of unit vectors; a query of zeros is a unit vector from nothing, and its cosine is 0.
            zero = (queries == 0).all(axis=1, keepdims=True)
            return np.where(zero & np.isfinite(squared), np.float32(1.0), squared / 2)
        # d^2 = M^2 + |q|^2 - 2 q.x
        lengths = np.einsum("ij,ij->i", queries, queries, dtype=np.float64)
        return ((squared - self.radius**2 - lengths[:, None]) / 2).astype(np.float32)


APART, FAR_LONGER = 32, 4.0
"""So many vectors may be so many times longer than all others without being what M is chosen by."""
LARGEST = 1e18
"""Length of a vector, up to which squared distances stay within float32."""


def _ordinary_length(lengths: NDArray[np.float64]) -> float:
    """The largest length, without those few that are far longer than all others.

    >>> _ordinary_length(np.array([1.0] * 99 + [1e5])), _ordinary_length(np.array([1.0, 2.0]))
    (1.0, 2.0)
    """
    rising = np.sort(lengths)
    for place in range(max(len(rising) - APART, 1), len(rising)):
        if rising[place] > FAR_LONGER * rising[place - 1]:
            return float(rising[place - 1])
    return float(rising[-1]) if len(rising) else 0.0


def checked_vectors(vectors: ArrayLike, what: str, dim: int | None = None) -> Floats:
    """Vectors as a C-ordered float32 array (n, d).

    >>> checked_vectors([[1, 2], [3, 4]], "base").dtype
    dtype('float32')
    >>> checked_vectors([1, 2], "queries")
    Traceback (most recent call last):
    ValueError: queries: expected an array (n, d) with d >= 1, got shape (2,)

    Raises:
        ValueError: not two-dimensional, no coordinate, of another dimension than ``dim``, or not finite.
    """
    given = np.asarray(vectors)
    array = np.ascontiguousarray(given, dtype=np.float32)
    if array.ndim != 2 or array.shape[1] == 0:
        raise ValueError(f"{what}: expected an array (n, d) with d >= 1, got shape {array.shape}")
    if dim is not None and array.shape[1] != dim:
        raise ValueError(f"{what}: expected {dim} dimensions, as in the base, got {array.shape[1]}")
    # Integers and booleans are finite: that pass over the data is spared.
    if given.dtype.kind not in "biu" and not np.isfinite(array).all():
        raise ValueError(f"{what}: expected finite numbers, got NaN or infinity")
    largest = max(float(array.max(initial=0.0)), -float(array.min(initial=0.0)))
    if largest * array.shape[1] ** 0.5 > LARGEST:
        raise ValueError(
            f"{what}: expected vectors no longer than {LARGEST:g}, got a coordinate of {largest:.3g}: squared "
            "distances would exceed float32; scale all vectors by one factor"
        )
    return array
