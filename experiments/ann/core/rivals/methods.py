"""One representative of every class of nearest-neighbor search behind one interface: build once, search with an effort.

All work by squared Euclidean distance on float32 vectors and on one thread. ``count`` is the number of vectors that are
compared with a query over all their coordinates: base vectors, centroids, corners of boxes, projections of hashes; a
code of product quantization counts as one, though it costs only table look-ups. Libraries that count nothing give nan.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from experiments.ann.core.exact.exact import exact_neighbors
from experiments.ann.core.exact.kdtree import build_tree, search_tree
from experiments.ann.core.nsg.coded_index import CodedNSG
from experiments.ann.core.nsg.index import NSG
from experiments.ann.core.rivals.hashing import build_tables, search_tables
from experiments.ann.core.simd.distance import Floats


@dataclass(frozen=True, kw_only=True)
class Method:
    """A built index."""

    name: str
    family: str
    """exact, tree, hash, quantization or graph."""
    build_seconds: float
    index_bytes: int
    """Bytes of the index with what it keeps of the vectors."""
    search: Callable[[Floats, int, int], NDArray[np.integer]]
    """search(queries, k, effort) -> ids (m, k), -1 where nothing was found."""
    count: Callable[[Floats, int, int], float]
    """Mean number of vectors compared with a query in that search."""


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


def exact_scan(base: Floats) -> Method:
    """faiss's IndexFlatL2: every vector, for any effort."""
    import faiss

    index = faiss.IndexFlatL2(base.shape[1])
    return Method(
        name="exact",
        family="exact",
        build_seconds=timed(lambda: index.add(base)),
        index_bytes=serialized(index),
        search=lambda queries, k, effort: index.search(queries, k)[1],
        count=lambda queries, k, effort: float(len(base)),
    )


def kd_tree(base: Floats, *, leaf_size: int) -> Method:
    """Our k-d tree; the effort is the number of leaves."""
    began = time.perf_counter()
    tree = build_tree(base, leaf_size)

    def count(queries: Floats, k: int, effort: int) -> float:
        answer = search_tree(tree, queries, k, effort)
        return float((answer.points_measured + answer.boxes_measured).mean())

    return Method(
        name="k-d tree",
        family="tree",
        build_seconds=time.perf_counter() - began,
        index_bytes=tree.nbytes,
        search=lambda queries, k, effort: search_tree(tree, queries, k, effort).ids,
        count=count,
    )


def hash_tables(base: Floats, *, tables: int, projections: int, k: int, seed: int) -> Method:
    """Our E2LSH with cells of 4 times the median distance to the k-th neighbor; the effort is the number of tables."""
    began = time.perf_counter()
    rng = np.random.default_rng(seed)
    sample = base[rng.choice(len(base), min(len(base), 100), replace=False)]
    kth = np.sqrt(exact_neighbors(base, sample, k + 1, threads=1)[1][:, min(k, len(base) - 1)])
    width = 4 * float(np.median(kth)) or 1.0
    index = build_tables(base, tables, projections, width, rng)

    def count(queries: Floats, k: int, effort: int) -> float:
        return float(search_tables(index, queries, k, effort).points_measured.mean()) + effort * projections

    return Method(
        name="LSH",
        family="hash",
        build_seconds=time.perf_counter() - began,
        index_bytes=index.nbytes,
        search=lambda queries, k, effort: search_tables(index, queries, k, effort).ids,
        count=count,
    )


def inverted_lists(base: Floats, *, nlist: int, pq_subvectors: int | None = None) -> Method:
    """faiss's IndexIVFFlat, or IndexIVFPQ with 8 bits per subvector; the effort is nprobe, the lists looked at.

    Vectors get columns of zeros where ``pq_subvectors`` does not divide their dimension.
    """
    import faiss

    padding = -base.shape[1] % (pq_subvectors or 1)
    vectors = padded_columns(base, padding)
    quantizer = faiss.IndexFlatL2(vectors.shape[1])
    if pq_subvectors is None:
        index: Any = faiss.IndexIVFFlat(quantizer, vectors.shape[1], nlist)
    else:
        bits = min(8, int(math.log2(len(base))))
        index = faiss.IndexIVFPQ(quantizer, vectors.shape[1], nlist, pq_subvectors, bits)
        index.pq.cp.min_points_per_centroid = 1
    index.cp.min_points_per_centroid = 1  # otherwise faiss warns on stderr below 39 vectors per list

    def search(queries: Floats, k: int, effort: int) -> NDArray[np.integer]:
        index.nprobe = effort
        return index.search(padded_columns(queries, padding), k)[1]

    def count(queries: Floats, k: int, effort: int) -> float:
        statistics: Any = faiss.cvar
        statistics.indexIVF_stats.reset()
        search(queries, k, effort)
        return nlist + statistics.indexIVF_stats.ndis / len(queries)

    return Method(
        name="IVF" if pq_subvectors is None else "IVF-PQ",
        family="quantization",
        build_seconds=timed(lambda: (index.train(vectors), index.add(vectors))),
        index_bytes=serialized(index),
        search=search,
        count=count,
    )


def hnsw(base: Floats, *, links: int, search_list_size: int) -> Method:
    """faiss's IndexHNSWFlat with M = links, efConstruction = search_list_size; the effort is efSearch."""
    import faiss

    index = faiss.IndexHNSWFlat(base.shape[1], links)
    index.hnsw.efConstruction = search_list_size

    def search(queries: Floats, k: int, effort: int) -> NDArray[np.integer]:
        index.hnsw.efSearch = max(effort, k)
        return index.search(queries, k)[1]

    def count(queries: Floats, k: int, effort: int) -> float:
        statistics: Any = faiss.cvar
        statistics.hnsw_stats.reset()
        search(queries, k, effort)
        return statistics.hnsw_stats.ndis / len(queries)

    return Method(
        name="HNSW",
        family="graph",
        build_seconds=timed(lambda: index.add(base)),
        index_bytes=serialized(index),
        search=search,
        count=count,
    )


def nsg(base: Floats, *, max_degree: int, search_list_size: int, seed: int) -> Method:
    """Our NSG on the exact graph of 2 max_degree nearest neighbors; the effort is the search list size."""
    index = NSG.build(
        base, threads=1, knn=2 * max_degree, max_degree=max_degree, search_list_size=search_list_size, seed=seed
    )

    def count(queries: Floats, k: int, effort: int) -> float:
        return float(index.search_counted(queries, k, effort, threads=1).distance_computations.mean())

    return Method(
        name="NSG",
        family="graph",
        build_seconds=index.report.seconds,
        index_bytes=index.nbytes,
        search=lambda queries, k, effort: index.search(queries, k, effort, threads=1)[0],
        count=count,
    )


def nsg_codes(base: Floats, *, max_degree: int, search_list_size: int, seed: int) -> Method:
    """The same NSG searched by codes of 8 bits, with exact distances at the end; the count is of codes."""
    index = NSG.build(
        base, threads=1, knn=2 * max_degree, max_degree=max_degree, search_list_size=search_list_size, seed=seed
    )
    began = time.perf_counter()
    coded = CodedNSG.of(index, threads=1)

    def count(queries: Floats, k: int, effort: int) -> float:
        return float(coded.search_counted(queries, k, effort, threads=1).distance_computations.mean())

    return Method(
        name="NSG, codes",
        family="graph",
        build_seconds=index.report.seconds + time.perf_counter() - began,
        index_bytes=coded.nbytes,
        search=lambda queries, k, effort: coded.search(queries, k, effort, threads=1)[0],
        count=count,
    )


def padded_columns(vectors: Floats, columns: int) -> Floats:
    """The vectors with columns of zeros behind, which change no distance."""
    return np.pad(vectors, ((0, 0), (0, columns))) if columns else vectors


def timed(build: Callable[[], object]) -> float:
    """Seconds that a call takes."""
    began = time.perf_counter()
    build()
    return time.perf_counter() - began


def serialized(index: Any) -> int:
    """Bytes of a faiss index on disk."""
    import faiss

    return len(faiss.serialize_index(index))


def queries_per_second(method: Method, queries: Floats, k: int, effort: int, *, batch: bool, repeats: int) -> float:
    """Median over ``repeats`` passes by wall clock, after one to warm up: all queries in one call, or one call each."""
    blocks: Sequence[Floats] = [queries] if batch else [queries[row : row + 1] for row in range(len(queries))]
    seconds = []
    for _ in range(repeats + 1):
        began = time.perf_counter()
        for block in blocks:
            method.search(block, k, effort)
        seconds.append(time.perf_counter() - began)
    return len(queries) / float(np.median(seconds[1:]))
