"""What an index finds, and how fast: a workload with its ground truth, and times of searches.

Here, in the core, because two experiments that may not import each other and the benchmark all measure by it: what one
calls recall or queries per second is what the others call so.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from experiments.ann.core.exact.exact import distances_of, exact_neighbors, recall_by_distance
from experiments.ann.core.rivals.index import Floats, timed


@dataclass(frozen=True)
class Workload:
    """Vectors to search in, queries and the truth, all by squared Euclidean distance."""

    base: Floats
    """(n, d)"""
    queries: Floats
    """(m, d)"""
    truth: Floats
    """Squared distances (m, k) of the true neighbors, nearest first."""
    asked: Floats
    """The queries in the terms of an index that has a metric of its own; elsewhere the same as ``queries``."""

    @classmethod
    def of(cls, base: Floats, queries: Floats, k: int, threads: int | None = None) -> Self:
        """Computes the truth."""
        return cls(base, queries, exact_neighbors(base, queries, k, threads=threads)[1], queries)

    def first(self, queries: int) -> Self:
        """The same with the first queries only."""
        return replace(self, queries=self.queries[:queries], truth=self.truth[:queries], asked=self.asked[:queries])

    @property
    def k(self) -> int:
        return self.truth.shape[1]

    def distances(self, ids: NDArray[np.integer]) -> Floats:
        """Squared distances (m, k) of found ids, infinity for -1."""
        return distances_of(self.base, self.queries, ids)

    def recall(self, found: Floats, k: int) -> float:
        """Mean recall at k of squared distances (m, >= k); NaN where the truth is of fewer than k."""
        return float(recall_by_distance(found, self.truth, k).mean()) if k <= self.k else math.nan


def queries_per_second(
    search: Callable[[Floats], object], queries: Floats, *, batch: bool = True, repeats: int = 3
) -> float:
    """Queries per second by wall clock: the median of the repeats after a pass to warm up.

    Args:
        search: takes queries (any, d).
        queries: (m, d), in one call with ``batch``, otherwise one a call.
    """
    blocks: Sequence[Floats] = [queries] if batch else [queries[row : row + 1] for row in range(len(queries))]

    def search_all() -> None:
        for block in blocks:
            search(block)

    search_all()
    return len(queries) / statistics.median(timed(search_all)[0] for _ in range(repeats))


def effort_at_recall(recalls: Sequence[float], efforts: Sequence[float], target: float) -> float:
    """Effort at which a rising sweep reaches the target recall, interpolated on the logarithm; NaN where it does not.

    A sweep that starts above the target gives its first effort, which is then an upper bound.

    >>> effort_at_recall([0.8, 0.9, 1.0], [1, 10, 100], 0.95).__round__(3)
    31.623
    """
    if recalls[0] >= target:
        return efforts[0]
    for i in range(1, len(recalls)):
        if recalls[i] >= target:
            share = (target - recalls[i - 1]) / (recalls[i] - recalls[i - 1])
            return math.exp((1 - share) * math.log(efforts[i - 1]) + share * math.log(efforts[i]))
    return math.nan


@contextmanager
def one_thread() -> Iterator[None]:
    """Keep faiss and the matrix library on one thread inside the block."""
    import faiss

    before = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)
    try:
        with threadpool_limits(1):
            yield
    finally:
        faiss.omp_set_num_threads(before)
