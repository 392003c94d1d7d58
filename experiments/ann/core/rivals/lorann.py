"""LoRANN: clusters, the scores of which are predicted by a product of low rank, and exact distances of the best."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from experiments.ann.core.rivals.index import Floats, Index

RANK, MOST_DIMENSIONS = 32, 128
"""Rank of the products, and dimensions to which vectors are reduced first: what its authors take."""


class LoRANN(Index):
    """The effort is the number of clusters that are searched; four times k of what they hold are measured."""

    name, family, package = "LoRANN", "quantization", "lorann"

    def build(self, base: Floats, threads: int) -> None:
        clusters, d = self.settings.nlist, base.shape[1]
        self.index = self.library.LorannIndex(
            data=base,
            n_clusters=clusters,
            global_dim=min(MOST_DIMENSIONS, d // 16 * 16),
            rank=RANK,
            train_size=5,
        )
        self.index.build(n_threads=threads)
        # By its method: the vectors, and per cluster two factors of 8 bits.
        self.size = base.nbytes + clusters * RANK * min(MOST_DIMENSIONS, d) + len(base) * RANK

    @property
    def efforts(self) -> tuple[int, ...]:
        return self.settings.nprobe

    def search(self, queries: Floats, k: int, effort: int, threads: int = 1) -> NDArray[np.integer]:
        return np.asarray(self.index.search(queries, k, effort, 4 * k, n_threads=threads)).astype(np.int64)

    @property
    def nbytes(self) -> int:
        return int(self.size)
