"""What to search with for a wanted recall: the shortest list, by codes or by floats, found by measuring."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from experiments.ann.core.exact.exact import distances_of, exact_neighbors, recall_by_distance
from experiments.ann.core.simd.distance import Floats, Ids
from experiments.ann.core.simd.metric_space import MetricSpace
from experiments.ann.core.simd.vector import padded
from experiments.foundation.cores import usable_cores

MOST_QUERIES = 1000
"""Held-out rows that are searched where no queries are given."""
ALONE = 200
"""Queries that are timed one a call."""


@dataclass(frozen=True, kw_only=True)
class Recommendation:
    """What reaches a recall, and what it costs on this machine."""

    index: str
    """The quickest kind, as an expression of ``index``."""
    k: int
    search_list_size: int
    threads: int
    """With which a batch is quickest."""
    recall: float
    """Measured on ``queries`` queries, by distance."""
    queries: int
    queries_per_second: float
    """Of a batch on ``threads`` threads."""
    latency_us: tuple[float, float, float]
    """Microseconds that one query a call takes, p50, p95 and p99."""
    bytes_per_vector: float

    def __str__(self) -> str:
        p50, _, p99 = self.latency_us
        return (
            f"{self.index}.search(queries, k={self.k}, search_list_size={self.search_list_size}, "
            f"threads={self.threads})  # recall {self.recall:.4f} on {self.queries} queries, "
            f"{self.queries_per_second:,.0f} queries/s; one a call {p50:.0f} us, p99 {p99:.0f} us; "
            f"{self.bytes_per_vector:,.0f} bytes a vector"
        )


class Searchable(Protocol):
    """A kind of index over the same vectors."""

    @property
    def nbytes(self) -> int: ...

    def search(
        self, queries: ArrayLike, k: int, search_list_size: int, *, threads: int | None = None
    ) -> tuple[Ids, Floats]: ...

    def searcher(self, k: int, search_list_size: int) -> Callable[[Floats], object]: ...


def recommend(
    kinds: Mapping[str, Searchable],
    base: Floats,
    space: MetricSpace,
    recall: float = 0.99,
    *,
    k: int = 10,
    queries: ArrayLike | None = None,
    threads: int | None = None,
) -> Recommendation:
    """The quickest way to search an index that finds a share of the k nearest.

    Args:
        kinds: kinds of index over the same base, by the expression that makes each.
        base, space: the vectors (n, width) in their space.
        recall: share, at most 1.
        k: neighbors per query.
        queries: vectors (m, d) like those that will be asked; by default rows of the base, each without itself.
        threads: at most so many; all usable cores by default.

    Raises:
        ValueError: a recall outside (0, 1], or more neighbors than vectors.
    """
    if not 0 < recall <= 1 or not 1 <= k < len(base):
        raise ValueError(f"expected a recall in (0, 1] and k from 1 to {len(base) - 1}, got {recall} and {k}")
    asked, placed, more = _questions(base, space, queries)
    truth = exact_neighbors(base, placed, k + more, threads=threads or usable_cores())[1][:, more:]

    def recall_of(kind: Searchable, size: int) -> float:
        near = np.sort(distances_of(base, placed, kind.search(asked, k + more, size)[0]), axis=1)[:, more:]
        return float(recall_by_distance(near, truth, k).mean())

    found: list[tuple[bool, float, str, int, int, float]] = []
    for name, kind in kinds.items():
        for size in list_sizes(k + more, len(base)):
            if (reached := recall_of(kind, size)) >= recall:
                break
        for count in sorted({1, threads or usable_cores()}):
            seconds = min(_seconds(kind, asked, k + more, size, count) for _ in range(3))
            found.append((reached < recall, seconds, name, size, count, reached))
    _, seconds, best, size, count, reached = min(found)  # what misses the recall comes last
    return Recommendation(
        index=best,
        k=k,
        search_list_size=size,
        threads=count,
        recall=reached,
        queries=len(asked),
        queries_per_second=len(asked) / seconds,
        latency_us=latencies(kinds[best].searcher(k, size), asked[:ALONE]),
        bytes_per_vector=kinds[best].nbytes / len(base),
    )


def _questions(base: Floats, space: MetricSpace, queries: ArrayLike | None) -> tuple[Floats, Floats, int]:
    """Queries as a caller gives them and as they are placed, and how many more neighbors to ask for: 1 of rows of the
    base, since each finds itself.
    """
    if queries is not None:
        read, more = space.read(queries, "queries"), 0
    else:
        rows = np.random.default_rng(0).choice(len(base), min(MOST_QUERIES, len(base)), replace=False)
        read, more = np.ascontiguousarray(base[np.sort(rows), : space.dim], dtype=np.float32), 1
    return space.with_origin(read), padded(space.place_queries(read)), more


def list_sizes(k: int, n: int) -> Iterator[int]:
    """Lengths of candidate lists to try, each about a fifth longer, up to all n vectors.

    >>> list(list_sizes(10, 20))
    [10, 12, 14, 16, 19, 20]
    """
    size = k
    while size < n:
        yield size
        size += max(1, size // 5)
    yield n


def latencies(search: Callable[[Floats], object], queries: NDArray[np.generic]) -> tuple[float, float, float]:
    """Microseconds of one query a call: p50, p95 and p99, after a pass to warm up."""
    for _ in range(2):
        times: list[float] = []
        for query in queries:
            began = time.perf_counter()
            search(query)
            times.append(time.perf_counter() - began)
    p50, p95, p99 = np.percentile(times, [50, 95, 99]) * 1e6
    return float(p50), float(p95), float(p99)


def _seconds(kind: Searchable, asked: Floats, k: int, size: int, threads: int) -> float:
    began = time.perf_counter()
    kind.search(asked, k, size, threads=threads)
    return time.perf_counter() - began
