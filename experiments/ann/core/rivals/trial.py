"""Measures a search method on a workload: recall by distance, queries per second, and the effort that a recall
takes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from experiments.ann.core.exact.exact import distances_of, exact_neighbors, recall_by_distance
from experiments.ann.core.nsg.coded_index import CodedNSG
from experiments.ann.core.nsg.index import NSG
from experiments.ann.core.rivals.peers import queries_per_second
from experiments.ann.core.simd.distance import Floats
from experiments.ann.core.simd.vector import padded


class Measured(NamedTuple):
    """One method at one setting."""

    recall_at_k: float
    recall_at_10: float
    """NaN where k is below 10."""
    queries_per_second: float
    distance_computations: float
    """Mean per query."""


@dataclass(frozen=True)
class Workload:
    """Vectors to search in, queries and the truth, all by squared Euclidean distance."""

    base: Floats
    queries: Floats
    truth: Floats
    """Squared distances (m, k) of the true neighbors."""
    threads: int
    asked: Floats
    """The queries as an index of ours is asked, in the metric's own terms; elsewhere the same as ``queries``."""

    @classmethod
    def of(cls, base: Floats, queries: Floats, k: int, threads: int) -> Workload:
        """Computes the truth."""
        return cls(base, queries, exact_neighbors(base, queries, k, threads=threads)[1], threads, queries)

    @classmethod
    def of_index(cls, index: NSG, queries: Floats, k: int, threads: int) -> Workload:
        """The vectors of an index, and queries (m, d) in the terms of its metric."""
        placed = padded(index.space.place_queries(queries))
        load = cls.of(index.base, placed, k, threads)
        return replace(load, asked=queries)

    def first(self, queries: int) -> Workload:
        """The same with the first queries only."""
        return replace(self, queries=self.queries[:queries], truth=self.truth[:queries], asked=self.asked[:queries])

    @property
    def k(self) -> int:
        return self.truth.shape[1]

    def recalls(self, ids: NDArray[np.integer]) -> tuple[float, float]:
        """Mean recall at k and at 10 of found ids (m, k)."""
        found = distances_of(self.base, self.queries, ids)
        at_k = float(recall_by_distance(found, self.truth, self.k).mean())
        return at_k, float(recall_by_distance(found, self.truth, 10).mean()) if self.k >= 10 else math.nan

    def measure(self, search: Callable[[], NDArray[np.integer]], distance_computations: float) -> Measured:
        """Recall and speed of a batch search that returns ids (m, k)."""
        return Measured(*self.recalls(search()), queries_per_second(search, len(self.queries)), distance_computations)

    def measure_nsg(self, index: NSG | CodedNSG, size: int) -> Measured:
        """Recall and cost of an NSG at a search list size; by codes, distances are those of codes."""
        count = float(index.search_counted(self.asked, self.k, size, threads=self.threads).distance_computations.mean())
        return self.measure(lambda: index.search(self.asked, self.k, size, threads=self.threads)[0], count)

    def count_nsg(self, index: NSG, size: int, *, random_start: int | None = None) -> Measured:
        """Recall and distances of an NSG without its speed; ``random_start`` seeds random nodes to start from."""
        entries = None
        if random_start is not None:
            drawn = np.random.default_rng(random_start).integers(len(index), size=(len(self.queries), 1))
            entries = drawn.astype(np.int32)
        result = index.search_counted(self.asked, self.k, size, threads=self.threads, entries=entries)
        return Measured(*self.recalls(result.ids), math.nan, float(result.distance_computations.mean()))


def effort_at_recall(recalls: Sequence[float], efforts: Sequence[float], target: float) -> float:
    """Effort at which a rising sweep reaches the target recall, interpolated on the logarithm; NaN where it does not.

    A sweep that starts above the target gives its first effort, which is then an upper bound.
    """
    if recalls[0] >= target:
        return efforts[0]
    for i in range(1, len(recalls)):
        if recalls[i] >= target:
            share = (target - recalls[i - 1]) / (recalls[i] - recalls[i - 1])
            return math.exp((1 - share) * math.log(efforts[i - 1]) + share * math.log(efforts[i]))
    return math.nan


def islands(base: Floats) -> Floats:
    """The same vectors (n, d) with every second one moved far away along the first axis: no near neighbor crosses
    over.
    """
    moved = base.copy()
    moved[1::2, 0] += 100.0 * max(float(np.ptp(base)), 1.0)
    return moved
