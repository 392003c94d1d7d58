"""The contestants of benchmarks/ann.py: our NSG in three forms, and the libraries that people would take instead."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from experiments.ann.core.nsg.coded_index import CodedNSG
from experiments.ann.core.nsg.index import NSG
from experiments.ann.core.rivals.peers import faiss_threads
from experiments.lab.environment import processor

K = 10
Search = Callable[[int, int], NDArray[np.integer]]
SIZES = (10, 12, 14, 16, 18, 20, 24, 28, 32, 40, 48, 64, 80, 96, 128, 192)


@dataclass
class Entry:
    """One index in the race."""

    name: str
    build_wall: float
    build_cpu: float
    search: Search
    """ids (m, 10) at an effort, on a number of threads."""
    efforts: Sequence[int] = SIZES
    recalls: dict[int, float] = field(default_factory=dict)
    wall: dict[tuple[int, int], list[float]] = field(default_factory=dict)
    """Seconds by effort and threads."""
    cpu: dict[tuple[int, int], list[float]] = field(default_factory=dict)


@dataclass(frozen=True)
class Task:
    base: NDArray[Any]
    queries: NDArray[Any]
    floats: NDArray[np.float32]
    float_queries: NDArray[np.float32]
    build_threads: int


def timed(build: Callable[[], Any]) -> tuple[Any, float, float]:
    wall, cpu = time.perf_counter(), time.process_time()
    result = build()
    return result, time.perf_counter() - wall, time.process_time() - cpu


def ours(task: Task) -> list[Entry]:
    NSG.build(task.base[:17_000], threads=task.build_threads)  # compiles, or loads what is compiled
    index, wall, cpu = timed(lambda: NSG.build(task.base, threads=task.build_threads))
    coded, coded_wall, coded_cpu = timed(lambda: CodedNSG.of(index, threads=task.build_threads))
    same = np.array_equal(NSG.build(task.base, threads=task.build_threads).graph, index.graph)
    print(f"two builds of ours are {'equal bit for bit' if same else 'DIFFERENT'}")

    def plain(size: int, threads: int) -> NDArray[np.integer]:
        return index.search(task.float_queries, K, size, threads=threads)[0]

    def short(size: int, threads: int) -> NDArray[np.integer]:
        return coded.search(task.queries, K, size, threads=threads)[0]

    entries = [
        Entry("ours, codes", wall + coded_wall, cpu + coded_cpu, short),
        Entry("ours, float32", wall, cpu, plain),
    ]
    if coded.vectors.dtype == np.uint8:
        floats = CodedNSG(coded.lists, index.base, coded.short, coded.space)

        def measured_in_floats(size: int, threads: int) -> NDArray[np.integer]:
            return floats.search(task.float_queries, K, size, threads=threads)[0]

        entries.append(Entry("ours, codes, float32 at the end", wall + coded_wall, cpu + coded_cpu, measured_in_floats))
    return entries


def faiss_nsg(task: Task) -> list[Entry]:
    import faiss

    index = faiss.IndexNSGFlat(task.floats.shape[1], 32)
    index.GK, index.build_type = 64, 1
    return [_faiss("faiss NSG", index, task, lambda size: setattr(index.nsg, "search_L", size))]


def faiss_hnsw(task: Task) -> list[Entry]:
    import faiss

    index = faiss.IndexHNSWFlat(task.floats.shape[1], 16)
    index.hnsw.efConstruction = 200
    return [_faiss("faiss HNSW", index, task, lambda size: setattr(index.hnsw, "efSearch", size))]


def faiss_ivf(task: Task) -> list[Entry]:
    import faiss

    d = task.floats.shape[1]
    m = next(m for m in range(d // 2 if d < 512 else d // 4, 0, -1) if d % m == 0)
    index = faiss.index_factory(d, f"IVF{int(math.sqrt(len(task.floats))) // 32 * 32 or 32},PQ{m}x4fs,RFlat")
    index.k_factor = 10

    def effort(size: int) -> None:
        faiss.extract_index_ivf(index).nprobe = size

    entry = _faiss("faiss IVF-PQ fast scan, refined", index, task, effort)
    entry.efforts = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48)
    return [entry]


def _faiss(name: str, index: Any, task: Task, effort: Callable[[int], None]) -> Entry:
    def build() -> None:
        with faiss_threads(task.build_threads):
            if not index.is_trained:
                index.train(task.floats)
            index.add(task.floats)

    _, wall, cpu = timed(build)

    def search(size: int, threads: int) -> NDArray[np.integer]:
        effort(size)
        with faiss_threads(threads):
            return index.search(task.float_queries, K)[1]

    return Entry(name, wall, cpu, search)


def hnswlib_index(task: Task) -> list[Entry]:
    import hnswlib

    index = hnswlib.Index(space="l2", dim=task.floats.shape[1])
    index.init_index(len(task.floats), ef_construction=200, M=16, random_seed=0)
    _, wall, cpu = timed(lambda: index.add_items(task.floats, num_threads=task.build_threads))

    def search(size: int, threads: int) -> NDArray[np.integer]:
        index.set_ef(size)
        return index.knn_query(task.float_queries, K, num_threads=threads)[0].astype(np.int64)

    return [Entry("hnswlib", wall, cpu, search)]


def scalable_vs(task: Task) -> list[Entry]:
    import svs

    settings = svs.VamanaBuildParameters(graph_max_degree=32, window_size=200, alpha=1.2)
    graph, wall, cpu = timed(
        lambda: svs.Vamana.build(settings, task.floats, svs.DistanceType.L2, num_threads=task.build_threads)
    )
    entries = [_svs("svs Vamana", graph, wall, cpu, task)]
    if "Intel" not in processor():
        print("svs LVQ8, svs LeanVec: left out, they end the process on a processor that is not Intel's")
        return entries
    loader = svs.VectorDataLoader
    kinds = {"svs LVQ8": lambda: svs.LVQLoader(loader_of(loader, task), primary=8)}
    kinds["svs LeanVec"] = lambda: svs.LeanVecLoader(
        loader_of(loader, task),
        leanvec_dims=min(128, task.floats.shape[1] // 2),
        primary_kind=svs.LeanVecKind.lvq8,
        secondary_kind=svs.LeanVecKind.lvq8,
    )
    for name, make in kinds.items():
        index, more_wall, more_cpu = timed(
            lambda make=make: svs.Vamana.build(settings, make(), svs.DistanceType.L2, num_threads=task.build_threads)
        )
        entries.append(_svs(name, index, more_wall, more_cpu, task))
    return entries


def loader_of(loader: Any, task: Task) -> Any:
    import tempfile

    import svs

    path = tempfile.mkstemp(suffix=".fvecs")[1]
    svs.write_vecs(task.floats, path)
    return loader(path, svs.DataType.float32, dims=task.floats.shape[1])


def _svs(name: str, index: Any, wall: float, cpu: float, task: Task) -> Entry:
    def search(size: int, threads: int) -> NDArray[np.integer]:
        index.search_window_size = size
        index.num_threads = threads
        return index.search(task.float_queries, K)[0].astype(np.int64)

    return Entry(name, wall, cpu, search)


def usearch_index(task: Task) -> list[Entry]:
    from usearch.index import Index

    index = Index(ndim=task.floats.shape[1], metric="l2sq", dtype="f32", connectivity=16, expansion_add=200)
    keys = np.arange(len(task.floats))
    _, wall, cpu = timed(lambda: index.add(keys, task.floats, threads=task.build_threads))

    def search(size: int, threads: int) -> NDArray[np.integer]:
        index.expansion_search = size
        return np.asarray(index.search(task.float_queries, K, threads=threads).keys).astype(np.int64)

    return [Entry("usearch", wall, cpu, search)]


def pynndescent_index(task: Task) -> list[Entry]:
    import numba
    import pynndescent

    numba.set_num_threads(task.build_threads)
    index, wall, cpu = timed(lambda: pynndescent.NNDescent(task.floats, n_neighbors=30, random_state=0))
    _, more_wall, more_cpu = timed(index.prepare)

    def search(size: int, threads: int) -> NDArray[np.integer]:
        numba.set_num_threads(threads)
        return index.query(task.float_queries, K, epsilon=size / 100)[0].astype(np.int64)

    return [Entry("pynndescent", wall + more_wall, cpu + more_cpu, search, (0, 5, 10, 20, 30))]


MAKERS: dict[str, Callable[[Task], list[Entry]]] = {
    "ours": ours,
    "faiss NSG": faiss_nsg,
    "faiss HNSW": faiss_hnsw,
    "faiss IVF": faiss_ivf,
    "hnswlib": hnswlib_index,
    "svs": scalable_vs,
    "usearch": usearch_index,
    "pynndescent": pynndescent_index,
}
