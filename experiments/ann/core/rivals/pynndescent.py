"""The pruned neighbor graph of pynndescent.

Its first build in a process compiles its kernels, which takes tens of seconds and is part of its build time.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from experiments.ann.core.rivals.index import Floats, Index


class PyNNDescent(Index):
    """The effort is epsilon in thousandths: how much farther than the k-th neighbor the search still looks."""

    name, family, package = "pynndescent", "graph", "pynndescent"

    def build(self, base: Floats, threads: int) -> None:
        import numba

        numba.set_num_threads(threads)
        settings = self.settings
        self.base_bytes = base.nbytes
        self.index = self.library.NNDescent(base, n_neighbors=settings.max_degree, random_state=settings.seed)
        self.index.prepare()

    def search(self, queries: Floats, k: int, effort: int, threads: int = 1) -> NDArray[np.integer]:
        import numba

        numba.set_num_threads(threads)
        return self.index.query(queries, k=k, epsilon=effort / 1000)[0].astype(np.int64)

    @property
    def nbytes(self) -> int:
        graph = self.index._search_graph
        return int(self.base_bytes + graph.indices.nbytes + graph.indptr.nbytes)
