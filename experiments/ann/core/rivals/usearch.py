"""HNSW of the library usearch."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from experiments.ann.core.rivals.index import Floats, Index


class USearch(Index):
    """The effort is expansion_search."""

    name, family, package = "usearch", "graph", "usearch.index"

    def build(self, base: Floats, threads: int) -> None:
        self.index = self.library.Index(
            ndim=base.shape[1],
            metric="l2sq",
            dtype="f32",
            connectivity=self.settings.max_degree // 2,
            expansion_add=self.settings.build_list_size,
        )
        self.index.add(np.arange(len(base)), base, threads=threads)

    def search(self, queries: Floats, k: int, effort: int, threads: int = 1) -> NDArray[np.integer]:
        self.index.expansion_search = max(effort, k)
        found = self.index.search(queries, k, threads=threads).keys
        return np.asarray(found).reshape(len(queries), -1).astype(np.int64)

    @property
    def nbytes(self) -> int:
        return int(self.index.serialized_length)
