"""The metrics that reduce to squared Euclidean distance."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from experiments.ann.core.simd.distance import Floats
from experiments.ann.core.simd.inputs import checked_vectors, numbers, origin_of, unpacked

Metric = Literal["l2", "cosine", "ip", "hamming"]


class MetricSpace:
    """Maps vectors into a space where squared Euclidean distance has the order of the metric.

    ``l2`` maps to itself, less an origin where float32 could not hold the numbers as they are. ``hamming`` maps bits to
    coordinates 0 and 1, where d^2 counts those that differ. ``cosine`` scales to length 1, where d^2 = 2 - 2 cos; zero
    vectors have cosine 0 with everything and get a coordinate of their own if the base has any. ``ip`` adds the
    coordinate sqrt(M^2 - ||x||^2) to base vectors and 0 to queries, where d^2 = M^2 + ||q||^2 - 2 q.x: the reduction of
    maximum inner product search is exact in the order of each query's neighbors, but base vectors are not close to
    themselves, so self-search does not find a vector first. M is the largest length, but for few vectors that are far
    longer (``nsg.searching.products``).

    Source: Bachrach et al.: Speeding Up the Xbox Recommender System Using a Euclidean Transformation for Inner-Product
    Spaces, RecSys 2014.
    """

    def __init__(
        self,
        metric: Metric,
        dim: int,
        *,
        radius: float = 0.0,
        has_zeros: bool = False,
        origin: Sequence[float] | None = None,
    ) -> None:
        self.metric = metric
        self.dim = dim
        self.radius = radius
        self.has_zeros = has_zeros
        self.origin = None if origin is None else np.asarray(origin, np.float64)
        """What is subtracted from vectors given in float64 (dim,), before float32 rounds them; None for nothing."""

    @classmethod
    def reading(cls, base: ArrayLike, metric: Metric) -> tuple[MetricSpace, Floats]:
        """The space that a base spans under a metric, and its vectors (n, dim) as ``read`` gives them.

        >>> space, rows = MetricSpace.reading(np.uint8([[0b10000001]]), "hamming")
        >>> space.dim, rows.tolist()
        (8, [[1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0]])
        """
        given = numbers(base)
        origin = origin_of(given) if metric == "l2" else None
        rows = unpacked(given, "base") if metric == "hamming" else given
        rows = checked_vectors(rows if origin is None else rows - origin, "base")
        space = cls.of_base(rows, metric)
        space.origin = origin
        return space, rows

    def read(self, vectors: ArrayLike, what: str) -> Floats:
        """Vectors (n, dim) of the caller's in float32: bits unpacked, the origin subtracted.

        Raises:
            ValueError: as ``checked_vectors``, and under hamming anything but bits.
        """
        given = numbers(vectors)
        if self.metric == "hamming":
            given = unpacked(given, what, self.dim)
        elif self.origin is not None and given.ndim == 2 and given.shape[1] == self.dim:
            given = given - self.origin
        return checked_vectors(given, what, self.dim)

    def with_origin(self, rows: Floats) -> NDArray[np.floating]:
        """Read vectors (n, dim) as the caller had them."""
        return rows if self.origin is None else rows + self.origin

    @classmethod
    def of_base(cls, base: Floats, metric: Metric) -> MetricSpace:
        """The space that a base (n, dim) spans under a metric."""
        if metric in ("l2", "hamming"):
            return cls(metric, base.shape[1])
        lengths = np.sqrt(np.einsum("ij,ij->i", base, base, dtype=np.float64))
        if metric == "ip":
            return cls(metric, base.shape[1], radius=_ordinary_length(lengths))
        return cls(metric, base.shape[1], has_zeros=bool((lengths == 0).any()))

    def to_json(self) -> dict[str, Any]:
        """The arguments that make this space again."""
        plain = {"metric": self.metric, "dim": self.dim, "radius": self.radius, "has_zeros": self.has_zeros}
        return plain if self.origin is None else plain | {"origin": self.origin.tolist()}

    @classmethod
    def from_json(cls, values: Any) -> MetricSpace:
        """The space that ``to_json`` describes, ValueError or TypeError for anything else."""
        space = cls(**values)
        sound = type(space.dim) is int and type(space.has_zeros) is bool and type(space.radius) in (int, float)
        if space.origin is not None and (space.origin.shape != (space.dim,) or not np.isfinite(space.origin).all()):
            raise ValueError("no origin")
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
        if self.metric in ("l2", "hamming"):
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
        if self.metric in ("l2", "hamming"):
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

        l2: squared distance. hamming: bits that differ. cosine: 1 - cos. ip: minus the inner product.
        """
        if self.metric in ("l2", "hamming"):
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
