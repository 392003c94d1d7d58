"""The graph of RaBitQ's authors, SymphonyQG: one-bit codes of a node's neighbors beside its list."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from experiments.ann.core.rivals.index import Floats, Index


class SymphonyQG(Index):
    """The effort is ef. Its degree is a multiple of 32; short vectors get zeros, as its rotation wants 128 numbers."""

    name, family, package = "SymphonyQG", "graph", "rabitqlib"

    def build(self, base: Floats, threads: int) -> None:
        degree = -(-self.settings.max_degree // 32) * 32
        base = lengthened(base)
        self.index = self.library.SymqgIndex(base.shape[1], degree, "l2", 0)
        self.index.build(base, self.settings.build_list_size, threads)
        # By the layout: the vector, 32 ids, and of each neighbor a bit per coordinate and three factors.
        n, d = base.shape
        self.size = n * (4 * d + degree * (4 + -(-d // 64) * 8 + 12))

    def search(self, queries: Floats, k: int, effort: int, threads: int = 1) -> NDArray[np.integer]:
        ids = self.index.search_batch(lengthened(queries), k, max(effort, k), num_threads=threads)[0]
        return np.asarray(ids).astype(np.int64)

    def one_by_one(self, k: int, effort: int) -> Callable[[Floats], object]:
        return lambda query: self.index.search(lengthened(query[None]), k, max(effort, k))

    @property
    def nbytes(self) -> int:
        return int(self.size)


def lengthened(vectors: Floats) -> Floats:
    """With zeros up to 128 coordinates, which change no distance.

    >>> lengthened(np.ones((2, 3), np.float32)).shape
    (2, 128)
    """
    missing = max(0, 128 - vectors.shape[1])
    return np.pad(vectors, ((0, 0), (0, missing))) if missing else vectors
