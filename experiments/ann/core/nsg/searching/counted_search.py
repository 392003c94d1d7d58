"""Batches of queries one at a time on any padded graph, with what each of them cost."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from experiments.ann.core.nsg.searching.search import search_rows
from experiments.ann.core.simd.distance import Floats, Ids
from experiments.ann.core.simd.kernel import run_all


class SearchResult(NamedTuple):
    """Neighbors of a batch of queries with what they cost."""

    ids: Ids
    """(m, k), nearest first; -1 where nothing was found."""
    distances: Floats
    """(m, k) in the metric's terms: squared l2, 1 - cos, or minus the inner product; infinity where nothing was
    found.
    """
    distance_computations: Ids
    """(m,) distances measured per query."""
    hops: Ids
    """(m,) nodes expanded per query."""


def search_graph(
    graph: Ids, base: Floats, queries: Floats, entries: Ids, k: int, search_list_size: int, threads: int
) -> SearchResult:
    """Search a batch (m, d) on any padded graph (n, R) of padded vectors (n, d); distances are squared."""
    m, n = len(queries), len(base)
    capacity = min(max(search_list_size, k), n)
    ids, squared = np.full((m, k), -1, np.int32), np.full((m, k), np.inf, np.float32)
    counts, hops = np.zeros(m, np.int32), np.zeros(m, np.int32)
    # Four chunks per thread even out their speeds, but no more than 128 queries wait for one thread.
    chunk = max(1, min(128, -(-m // (4 * threads))))
    pools = np.empty((threads, capacity), np.int64)
    visited = np.zeros((threads, n), np.uint8)
    last = [0] * threads

    def work(worker: int, start: int, stop: int) -> None:
        last[worker] = search_rows(
            graph,
            base,
            queries,
            start,
            stop,
            entries,
            capacity,
            pools[worker],
            visited[worker],
            last[worker],
            ids,
            squared,
            counts,
            hops,
        )

    run_all(work, m, chunk=chunk, threads=threads)
    return SearchResult(ids, squared, counts, hops)
