"""The indexes of faiss behind one small interface, on the same vectors and threads as ours.

All work by squared Euclidean distance. faiss counts distances for HNSW only (``faiss.cvar.hnsw_stats``); its NSG
counts none.
"""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from experiments.ann.core.simd.distance import Floats

APPROXIMATE_FROM = 300_000
"""Vectors from which on faiss builds its NSG on an approximate neighbor graph: the exact one takes n^2 distances."""


class Shape(NamedTuple):
    """Sizes of a graph, named K, L, R, C in the paper."""

    knn: int
    search_list_size: int
    max_degree: int
    candidates: int


@dataclass(frozen=True)
class Peer:
    """A built index of faiss."""

    name: str
    build_seconds: float
    index_bytes: int
    search: Callable[[Floats, int, int], NDArray[np.int64]]
    """search(queries, k, search_list_size) -> ids (m, k), -1 where nothing was found."""
    count: Callable[[Floats, int, int], float]
    """Mean distance computations per query of that search, NaN where faiss counts none."""
    degrees: NDArray[np.int64] | None
    """Out-degrees on the lowest layer; None without a graph."""


@contextmanager
def faiss_threads(threads: int) -> Iterator[None]:
    """Let faiss use this many threads inside the block."""
    import faiss

    before = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(threads)
    try:
        yield
    finally:
        faiss.omp_set_num_threads(before)


def faiss_nsg(base: Floats, shape: Shape) -> Peer:
    """IndexNSGFlat with the same parameters, on an exact nearest neighbor graph or, from ``APPROXIMATE_FROM`` vectors
    on, on the one of its NN-descent.

    Raises:
        RuntimeError: faiss cannot build it. With fewer vectors than the pool holds it would never return.
    """
    import faiss

    if len(base) < max(shape.search_list_size, shape.max_degree):
        raise RuntimeError(f"{len(base)} vectors do not fill its pool of {shape.search_list_size}")

    index = faiss.IndexNSGFlat(base.shape[1], shape.max_degree)
    index.GK, index.build_type = min(shape.knn, len(base) - 1), int(len(base) >= APPROXIMATE_FROM)
    index.nsg.L, index.nsg.C = shape.search_list_size, shape.candidates
    seconds = _timed(lambda: index.add(base))

    def search(queries: Floats, k: int, size: int) -> NDArray[np.int64]:
        index.nsg.search_L = max(size, k)
        return index.search(queries, k)[1]

    graph = index.nsg.get_final_graph()
    lists = faiss.rev_swig_ptr(graph.data, graph.N * graph.K).reshape(graph.N, graph.K)
    return Peer("faiss NSG", seconds, _size(index), search, lambda *_: math.nan, (lists >= 0).sum(axis=1))


def faiss_hnsw(base: Floats, shape: Shape) -> Peer:
    """IndexHNSWFlat with as many links on its lowest layer: M = max_degree / 2, efConstruction = search_list_size."""
    import faiss

    index = faiss.IndexHNSWFlat(base.shape[1], max(2, shape.max_degree // 2))
    index.hnsw.efConstruction = shape.search_list_size
    seconds = _timed(lambda: index.add(base))

    def search(queries: Floats, k: int, size: int) -> NDArray[np.int64]:
        index.hnsw.efSearch = max(size, k)
        return index.search(queries, k)[1]

    def count(queries: Floats, k: int, size: int) -> float:
        statistics_of_faiss: Any = faiss.cvar
        statistics_of_faiss.hnsw_stats.reset()
        search(queries, k, size)
        return statistics_of_faiss.hnsw_stats.ndis / len(queries)

    return Peer("faiss HNSW", seconds, _size(index), search, count, _lowest_degrees(index, len(base)))


def faiss_flat(base: Floats, _: Shape) -> Peer:
    """IndexFlatL2: the exact scan."""
    import faiss

    index = faiss.IndexFlatL2(base.shape[1])
    seconds = _timed(lambda: index.add(base))
    return Peer(
        "faiss Flat",
        seconds,
        _size(index),
        lambda queries, k, _: index.search(queries, k)[1],
        lambda *_: float(len(base)),
        None,
    )


def _lowest_degrees(index: Any, n: int) -> NDArray[np.int64]:
    import faiss

    neighbors = faiss.vector_to_array(index.hnsw.neighbors)
    offsets = faiss.vector_to_array(index.hnsw.offsets)[:n].astype(np.int64)
    lowest = neighbors[offsets[:, None] + np.arange(index.hnsw.nb_neighbors(0))]
    return (lowest >= 0).sum(axis=1)


def _timed(build: Callable[[], object]) -> float:
    began = time.perf_counter()
    build()
    return time.perf_counter() - began


def _size(index: Any) -> int:
    import faiss

    return len(faiss.serialize_index(index))


def queries_per_second(search: Callable[[], object], n_queries: int, *, repeats: int = 3) -> float:
    """Queries per second of a batch call, by wall clock: median of the repeats after a call to warm up."""
    search()
    seconds = []
    for _ in range(repeats):
        began = time.perf_counter()
        search()
        seconds.append(time.perf_counter() - began)
    return n_queries / statistics.median(seconds)


PEERS = (faiss_nsg, faiss_hnsw, faiss_flat)
