"""HNSW as its authors' library hnswlib has it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from experiments.ann.core.rivals.index import Floats, Index


class HNSWLib(Index):
    """The effort is ef."""

    name, family, package = "hnswlib", "graph", "hnswlib"

    def build(self, base: Floats, threads: int) -> None:
        settings = self.settings
        self.index = self.library.Index(space="l2", dim=base.shape[1])
        self.index.init_index(
            max_elements=len(base),
            M=settings.max_degree // 2,
            ef_construction=settings.build_list_size,
            random_seed=settings.seed,
        )
        self.index.add_items(base, num_threads=threads)

    def search(self, queries: Floats, k: int, effort: int, threads: int = 1) -> NDArray[np.integer]:
        self.index.set_ef(max(effort, k))
        return self.index.knn_query(queries, k=k, num_threads=threads)[0].astype(np.int64)

    @property
    def nbytes(self) -> int:
        return int(self.index.index_file_size())
