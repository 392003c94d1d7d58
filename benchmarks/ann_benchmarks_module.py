"""The index as a module of ann-benchmarks (https://github.com/erikbern/ann-benchmarks).

Put it there as ``ann_benchmarks/algorithms/mlnotes/module.py``, with ``ann_benchmarks_config.yml`` beside it as
``config.yml`` and a Dockerfile that installs mlnotes on top of the image ``ann-benchmarks``. It has the methods that
the harness calls and needs none of its code, so it runs without the harness too: tests/ann/test_ann_benchmarks.py does
what the harness's runner does.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from experiments.ann.core.nsg.coded_index import CodedNSG
from experiments.ann.core.nsg.index import NSG
from experiments.ann.core.nsg.searching.searcher import Searcher
from experiments.ann.core.simd.metric_space import Metric

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
        self.measured = 0
        self.searchers: dict[int, Searcher] = {}

    def fit(self, base: NDArray[Any]) -> None:
        """Build the index of vectors (n, d)."""
        self.index = CodedNSG.of(NSG.build(base, metric=self.metric, **self.settings))

    def set_query_arguments(self, search_list_size: int) -> None:
        """Choose the candidate list of the searches that follow."""
        self.search_list_size, self.measured, self.searchers = search_list_size, 0, {}

    def query(self, vector: NDArray[Any], k: int) -> NDArray[np.int32]:
        """Ids of the k nearest of one vector (d,), on one thread; fewer where there are fewer vectors."""
        if k not in self.searchers:
            self.searchers[k] = self.index.searcher(k, self.search_list_size)
        searcher = self.searchers[k]
        ids, _ = searcher(vector)
        self.measured += searcher.distance_computations
        return ids[ids >= 0]

    def batch_query(self, vectors: NDArray[Any], k: int) -> None:
        """Search all of vectors (m, d) at once, on all cores."""
        found = self.index.search_counted(vectors, k, self.search_list_size)
        self.results = found.ids
        self.measured += int(found.distance_computations.sum())

    def get_batch_results(self) -> list[NDArray[np.int32]]:
        """Ids of the last batch, an array for each query."""
        return [ids[ids >= 0] for ids in self.results]

    def get_memory_usage(self) -> float:
        """Kilobytes of the index; before it is built, none."""
        return self.index.nbytes / 1024 if hasattr(self, "index") else 0.0

    def get_additional(self) -> dict[str, Any]:
        """Distances of codes since the pool was chosen, over all queries and runs, as the harness counts them."""
        return {"dist_comps": self.measured}

    def done(self) -> None:
        """Nothing to release."""

    def __str__(self) -> str:
        return f"mlnotes NSG ({self.settings}, search_list_size={self.search_list_size})"
