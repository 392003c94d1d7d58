"""NSG in the form of scikit-learn's KNeighborsTransformer, for pipelines that take a precomputed neighbor graph.

make_pipeline(NSGTransformer(n_neighbors=15), Isomap(metric="precomputed"))
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_matrix
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from experiments.ann.core.nsg.coded_index import CodedNSG
from experiments.ann.core.nsg.index import NSG
from experiments.ann.core.simd.metric_space import Metric

METRICS: dict[str, Metric] = {"l2": "l2", "euclidean": "l2", "cosine": "cosine"}
"""Metrics under their names in scikit-learn. An inner product is no distance, so a graph of it would mean nothing."""


class NSGTransformer(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Sparse graph of approximate neighbors.

    Args:
        mode: "distance" for Euclidean or cosine distances, "connectivity" for ones.
        n_neighbors: neighbors per row; in "distance" mode one more is given, as scikit-learn does, since a vector of
            the training set is its own first neighbor.
        metric: "l2" (or "euclidean") or "cosine".
        search_list_size: length of the candidate list of a search; larger is nearer to exact.
        seed: of the build.
        n_jobs: threads; all usable cores by default and for -1.
    """

    def __init__(
        self,
        *,
        mode: Literal["distance", "connectivity"] = "distance",
        n_neighbors: int = 5,
        metric: str = "l2",
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
        for name, choices in (("mode", ("distance", "connectivity")), ("metric", tuple(METRICS))):
            if getattr(self, name) not in choices:
                raise ValueError(f"{name}: expected {' or '.join(choices)}, got {getattr(self, name)!r}")
        vectors = self._check(X, reset=True)
        index = NSG.build(vectors, metric=METRICS[self.metric], seed=self.seed, threads=self._threads)
        self.index_ = CodedNSG.of(index, threads=self._threads)
        self.n_samples_fit_ = self._n_features_out = len(index)
        return self

    def transform(self, X: ArrayLike) -> csr_matrix:
        """Neighbors of X (m, d) among the indexed vectors, as a sparse matrix (m, n), nearest first in each row."""
        check_is_fitted(self)
        vectors = self._check(X, reset=False)
        k = self.n_neighbors + (self.mode == "distance")
        if not 1 <= k <= self.n_samples_fit_:
            most = self.n_samples_fit_ - (self.mode == "distance")
            raise ValueError(
                f"n_neighbors: expected 1 to {most} for {self.n_samples_fit_} vectors, got {self.n_neighbors}"
            )
        ids, distances = self.index_.search(vectors, k, self.search_list_size, threads=self._threads)
        if self.mode == "connectivity":
            distances = np.ones_like(distances)
        elif METRICS[self.metric] == "l2":
            distances = np.sqrt(distances)
        starts = np.arange(0, ids.size + 1, k)
        values = distances.ravel().astype(vectors.dtype)
        return csr_matrix((values, ids.ravel(), starts), shape=(len(ids), self.n_samples_fit_))

    @property
    def _threads(self) -> int | None:
        return self.n_jobs if self.n_jobs is not None and self.n_jobs > 0 else None

    def _check(self, X: ArrayLike, *, reset: bool) -> NDArray[Any]:
        return validate_data(self, X, dtype=(np.float64, np.float32), reset=reset)
