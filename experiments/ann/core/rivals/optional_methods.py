"""Graph indexes of other libraries, where they are installed: hnswlib, usearch, pynndescent, Intel's scalable-vs.

The same interface, vectors and single thread as ``methods``. None of them counts distances. The
first build of pynndescent in a process compiles its kernels, which takes tens of seconds and is part of its build time.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec

import numpy as np
from numpy.typing import NDArray

from experiments.ann.core.rivals.methods import Method
from experiments.ann.core.simd.distance import Floats

LIBRARIES = ("hnswlib", "usearch", "pynndescent", "svs")

Search = Callable[[Floats, int, int], NDArray[np.integer]]


def installed(name: str) -> bool:
    """Whether the library of an optional method can be imported here."""
    return find_spec(name) is not None


def optional_method(name: str, base: Floats, *, links: int, search_list_size: int, seed: int) -> Method:
    """Build the index of one library on vectors (n, d).

    Args:
        name: one of ``LIBRARIES``.
        base: vectors (n, d).
        links: edges per node (M; twice as many on the lowest layer of HNSW and in Vamana).
        search_list_size: pool of the build.
        seed: of the library's own random numbers, where it takes one.
    """
    makers = {"hnswlib": _hnswlib, "usearch": _usearch, "pynndescent": _pynndescent, "svs": _svs}
    began = time.perf_counter()
    search, size = makers[name](base, links, search_list_size, seed)
    return Method(
        name=name,
        family="graph",
        build_seconds=time.perf_counter() - began,
        index_bytes=size,
        search=search,
        count=lambda queries, k, effort: math.nan,
    )


def _hnswlib(base: Floats, links: int, search_list_size: int, seed: int) -> tuple[Search, int]:
    index = import_module("hnswlib").Index(space="l2", dim=base.shape[1])
    index.init_index(max_elements=len(base), M=links, ef_construction=search_list_size, random_seed=seed)
    index.add_items(base, num_threads=1)

    def search(queries: Floats, k: int, effort: int) -> NDArray[np.integer]:
        index.set_ef(max(effort, k))
        return index.knn_query(queries, k=k, num_threads=1)[0].astype(np.int64)

    return search, int(index.index_file_size())


def _usearch(base: Floats, links: int, search_list_size: int, seed: int) -> tuple[Search, int]:
    index = import_module("usearch.index").Index(
        ndim=base.shape[1], metric="l2sq", dtype="f32", connectivity=links, expansion_add=search_list_size
    )
    index.add(np.arange(len(base)), base, threads=1)

    def search(queries: Floats, k: int, effort: int) -> NDArray[np.integer]:
        index.expansion_search = max(effort, k)
        found = index.search(queries, k, threads=1).keys
        return np.asarray(found).reshape(len(queries), -1).astype(np.int64)

    return search, int(index.serialized_length)


def _pynndescent(base: Floats, links: int, search_list_size: int, seed: int) -> tuple[Search, int]:
    index = import_module("pynndescent").NNDescent(base, n_neighbors=2 * links, random_state=seed, n_jobs=1)
    index.prepare()

    def search(queries: Floats, k: int, effort: int) -> NDArray[np.integer]:
        return index.query(queries, k=k, epsilon=effort / 1000)[0]

    return search, int(base.nbytes + index._search_graph.indices.nbytes + index._search_graph.indptr.nbytes)


def _svs(base: Floats, links: int, search_list_size: int, seed: int) -> tuple[Search, int]:
    svs = import_module("svs")
    shape = svs.VamanaBuildParameters(graph_max_degree=2 * links, window_size=search_list_size)
    index = svs.Vamana.build(shape, base, svs.DistanceType.L2, num_threads=1)

    def search(queries: Floats, k: int, effort: int) -> NDArray[np.integer]:
        index.search_window_size = max(effort, k)
        return index.search(queries, k)[0].astype(np.int64)

    return search, int(base.nbytes + 4 * len(base) * (2 * links + 1))
