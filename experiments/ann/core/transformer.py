"""NSG in the form of scikit-learn's KNeighborsTransformer, for pipelines that take a precomputed neighbor graph.

make_pipeline(NSGTransformer(n_neighbors=15), Isomap(metric="precomputed"))
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.sparse import csr_matrix
from sklearn.base import BaseEstimator, TransformerMixin

from experiments.ann.core.coded_index import CodedNSG
from experiments.ann.core.distance import Metric
from experiments.ann.core.index import NSG


class NSGTransformer(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Sparse graph of approximate neighbors.

    Args:
        mode: "distance" for Euclidean or cosine distances, "connectivity" for ones.
        n_neighbors: neighbors per row; in "distance" mode one more is given, as scikit-learn does, since a vector of
            the training set is its own first neighbor.
        metric: "l2" or "cosine".
        search_list_size: pool of the search; larger is nearer to exact.
        seed: of the build.
        n_jobs: threads; all usable cores by default.
    """

    def __init__(
        self,
        *,
        mode: Literal["distance", "connectivity"] = "distance",
        n_neighbors: int = 5,
        metric: Metric = "l2",
        search_list_size: int = 64,
        seed: int = 0,
        n_jobs: int | None = None,
    ) -> None:
        self.mode = mode
        self.n_neighbors = n_neighbors
        self.metric = metric
        self.search_list_size = search_list_size
        self.seed = seed
        self.n_jobs = n_jobs

    def fit(self, X: ArrayLike, y: object = None) -> NSGTransformer:
        """Index the vectors X (n, d)."""
        if self.mode not in ("distance", "connectivity"):
            raise ValueError(f"mode: expected distance or connectivity, got {self.mode!r}")
        index = NSG.build(X, metric=self.metric, seed=self.seed, threads=self.n_jobs)
        self.index_ = CodedNSG.of(index, threads=self.n_jobs)
        self.n_features_in_ = index.space.dim
        self.n_samples_fit_ = len(index)
        return self

    def transform(self, X: ArrayLike) -> csr_matrix:
        """Neighbors of X (m, d) among the indexed vectors, as a sparse matrix (m, n)."""
        k = min(self.n_neighbors + (self.mode == "distance"), self.n_samples_fit_)
        ids, distances = self.index_.search(X, k, max(self.search_list_size, k), threads=self.n_jobs)
        values = np.ones_like(distances) if self.mode == "connectivity" else distances
        if self.mode == "distance" and self.metric == "l2":
            values = np.sqrt(distances)
        starts = np.arange(0, ids.size + 1, k)
        return csr_matrix((values.ravel(), ids.ravel(), starts), shape=(len(ids), self.n_samples_fit_))
