"""The index as a module of ann-benchmarks (https://github.com/erikbern/ann-benchmarks).

Put it there as ``ann_benchmarks/algorithms/mlnotes/module.py``, install mlnotes in the image, and let its
``config.yml`` name

    constructor: MLNotesNSG, module: ann_benchmarks.algorithms.mlnotes, base_args: ["@metric"],
    args: {max_degree: [32], knn: [64]}, query_args: [[10, 14, 20, 28, 40, 56, 80, 120, 200]]

It has the methods that the harness calls and needs none of its code.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from experiments.ann.core.coded_index import CodedNSG
from experiments.ann.core.distance import Metric
from experiments.ann.core.index import NSG

METRICS: dict[str, Metric] = {"euclidean": "l2", "angular": "cosine"}


class MLNotesNSG:
    """An NSG searched by codes, under the names that ann-benchmarks uses."""

    def __init__(self, metric: str, settings: dict[str, Any]) -> None:
        if metric not in METRICS:
            raise ValueError(f"expected the metric euclidean or angular, got {metric}")
        self.metric = METRICS[metric]
        self.settings = settings
        self.search_list_size = 10
        self.results: NDArray[np.int32] = np.empty((0, 0), np.int32)

    def fit(self, base: NDArray[Any]) -> None:
        """Build the index of vectors (n, d)."""
        self.index = CodedNSG.of(NSG.build(base, metric=self.metric, **self.settings))

    def set_query_arguments(self, search_list_size: int) -> None:
        """Choose the pool of the searches that follow."""
        self.search_list_size = search_list_size

    def query(self, vector: NDArray[Any], k: int) -> NDArray[np.int32]:
        """Ids of the k nearest of one vector (d,), on one thread."""
        return self.index.search(vector[None], k, self.search_list_size, threads=1)[0][0]

    def batch_query(self, vectors: NDArray[Any], k: int) -> None:
        """Search all of vectors (m, d) at once, on all cores."""
        self.results = self.index.search(vectors, k, self.search_list_size)[0]

    def get_batch_results(self) -> NDArray[np.int32]:
        """Ids (m, k) of the last batch."""
        return self.results

    def get_memory_usage(self) -> float:
        """Kilobytes of the index."""
        return self.index.nbytes / 1024

    def get_additional(self) -> dict[str, Any]:
        """Nothing beside what the harness measures itself."""
        return {}

    def done(self) -> None:
        """Nothing to release."""

    def __str__(self) -> str:
        return f"mlnotes NSG ({self.settings}, search_list_size={self.search_list_size})"
