"""The base vectors that an index by codes measures in the end, and queries placed in the space of their metric."""

from __future__ import annotations

from functools import cached_property
from typing import TypeGuard

import numpy as np
from numpy.typing import ArrayLike, NDArray

from experiments.ann.core.codes.codes import as_bytes, holds_bytes
from experiments.ann.core.codes.stored_vector import Stored
from experiments.ann.core.nsg.searching.products import long_rows
from experiments.ann.core.simd.distance import Floats, Ids
from experiments.ann.core.simd.metric_space import MetricSpace
from experiments.ann.core.simd.vector import aligned_rows, padded


class PlacedBase:
    """Base vectors as bytes where all numbers are, otherwise as float32."""

    def __init__(self, vectors: Stored, space: MetricSpace) -> None:
        self.vectors = vectors
        """Base vectors in the space of the metric, padded."""
        self.space = space

    def __len__(self) -> int:
        return len(self.vectors)

    @cached_property
    def long(self) -> Ids:
        """See ``products.long_rows``."""
        return long_rows(self.vectors, self.space)

    def place(self, queries: ArrayLike) -> tuple[Stored, Floats]:
        """Queries as they are compared, bytes if base and queries allow it, and as they were given."""
        if self._takes_bytes(queries):
            rows: NDArray[np.uint8] = aligned_rows(len(queries), self.vectors.shape[1], np.uint8)
            rows[:, : queries.shape[1]] = queries
            return rows, np.empty((0, 0), np.float32)
        vectors = self.space.read(queries, "queries")
        return self.placed(vectors), vectors

    def placed(self, vectors: Floats) -> Stored:
        """Vectors (m, dim) that were read, as they are compared."""
        placed = self.space.place_queries(vectors)
        if self.vectors.dtype == np.float32:
            return padded(placed)
        if holds_bytes(placed):
            return as_bytes(placed)
        floats: Floats = aligned_rows(len(placed), self.vectors.shape[1], np.float32)
        floats[:, : placed.shape[1]] = placed
        return floats

    def _takes_bytes(self, queries: ArrayLike) -> TypeGuard[NDArray[np.uint8]]:
        bytes_given = isinstance(queries, np.ndarray) and queries.dtype == np.uint8 and queries.ndim == 2
        bytes_kept = self.vectors.dtype == np.uint8 and self.space.metric == "l2" and self.space.origin is None
        return bytes_kept and bytes_given and np.shape(queries)[1] == self.space.dim
