"""Queries per second at equal recall, and build times: our NSG beside faiss, hnswlib, scalable-vs and others.

    python benchmarks/ann.py --data mnist --threads 1 2
    python benchmarks/ann.py --data floats --peers "faiss NSG" hnswlib

Needs, beside the project: hnswlib 0.8.0, scalable-vs 0.5.0, usearch 2.26.6, pynndescent 0.7.0; what is not installed
is left out and named. All indexes are held in one process and take turns, round after round; each call is a batch of
all queries, with whatever it does to them inside. Times are medians over rounds, wall clock and CPU. Recall@10 counts
by distance, ties included; queries per second at a recall are interpolated on the logarithm between the two settings
around it, and only those are timed. Two builds of ours are compared bit by bit.
``--data`` is mnist, sift-cifar, floats (100,000 generated vectors with fractions) or what ``load_vectors`` understands.
"""

from __future__ import annotations

import argparse
import math
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from experiments.ann.core.coded_index import CodedNSG
from experiments.ann.core.exact import distances_of, exact_neighbors, recall_by_distance
from experiments.ann.core.index import NSG
from experiments.ann.core.peers import faiss_threads
from experiments.datasets.vectors import load_vectors

K = 10
Search = Callable[[int, int], NDArray[np.integer]]
SIZES = (10, 12, 14, 16, 18, 20, 24, 28, 32, 40, 48, 64, 80, 96, 128, 192)
TARGETS = (0.90, 0.95, 0.99)


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


def race(entries: Sequence[Entry], task: Task, threads: Sequence[int], rounds: int) -> None:
    """Recall of every index at rising effort; then all in turns, at the efforts around the targets."""
    _, truth = exact_neighbors(task.floats, task.float_queries, K)
    for entry in entries:
        for size in entry.efforts:
            found = distances_of(task.floats, task.float_queries, entry.search(size, max(threads)))
            entry.recalls[size] = float(recall_by_distance(found, truth, K).mean())
            if entry.recalls[size] > max(TARGETS) + 0.003:
                break
    for _ in range(rounds):
        for entry in entries:
            for size in around_targets(entry.recalls):
                for count in threads:
                    search = partial(entry.search, size, count)
                    _, wall, cpu = timed(search)
                    entry.wall.setdefault((size, count), []).append(wall)
                    entry.cpu.setdefault((size, count), []).append(cpu)


def around_targets(recalls: dict[int, float]) -> list[int]:
    """The efforts just below and above every target."""
    efforts = sorted(recalls)
    chosen = set()
    for target in TARGETS:
        above = next((effort for effort in efforts if recalls[effort] >= target), None)
        below = max((effort for effort in efforts if recalls[effort] < target), default=None)
        chosen |= {effort for effort in (below, above) if effort is not None}
    return sorted(chosen)


def speed_at(entry: Entry, seconds: dict[tuple[int, int], list[float]], threads: int, target: float, m: int) -> float:
    """Queries per second at a recall, interpolated along the Pareto front; NaN where it is not reached."""
    timed_efforts = [size for size, count in seconds if count == threads]
    points = sorted((entry.recalls[size], m / statistics.median(seconds[size, threads])) for size in timed_efforts)
    front = [p for p in points if not any(q[0] >= p[0] and q[1] > p[1] for q in points)]
    above = [p for p in front if p[0] >= target]
    below = [p for p in front if p[0] < target]
    if not above or not below:
        return above[0][1] if above else math.nan
    (r0, s0), (r1, s1) = below[-1], above[0]
    return math.exp(math.log(s0) + (target - r0) / (r1 - r0) * (math.log(s1) - math.log(s0)))


def load(name: str, n: int | None, build_threads: int) -> Task:
    if name == "floats":
        data = load_vectors("clustered", n=n or 100_000, n_queries=5000, dim=128, intrinsic_dim=24, seed=0)
    else:
        data = load_vectors(name, n=n, n_queries=None, dim=128, intrinsic_dim=24, seed=0)
    floats, queries = (np.ascontiguousarray(part, dtype=np.float32) for part in (data.base, data.queries))
    return Task(data.base, data.queries, floats, queries, build_threads)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default="mnist")
    parser.add_argument("--n", type=int, default=None, help="base vectors; all by default")
    parser.add_argument("--threads", type=int, nargs="+", default=[1], help="threads of every search")
    parser.add_argument("--build-threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--peers", nargs="*", default=[name for name in MAKERS if name != "ours"], choices=list(MAKERS))
    options = parser.parse_args()
    task = load(options.data, options.n, options.build_threads)
    entries: list[Entry] = []
    for name in ("ours", *(peer for peer in options.peers if peer != "ours")):
        try:
            entries += MAKERS[name](task)
        except ImportError as missing:
            print(f"{name}: left out, {missing}")
        except Exception as error:  # a peer that cannot build must not stop the others
            print(f"{name}: left out, {type(error).__name__}: {error}")
        for entry in entries[-1:]:
            print(f"built {entry.name}: {entry.build_wall:.1f} s wall, {entry.build_cpu:.1f} s CPU", flush=True)
    race(entries, task, options.threads, options.rounds)
    print(f"{options.data}: {task.base.shape}, {len(task.queries)} queries, {options.rounds} rounds")
    for count in options.threads:
        report(entries, count, len(task.queries))


def report(entries: Sequence[Entry], threads: int, m: int) -> None:
    """Queries per second of every index at every target, and how many times faiss's NSG that is."""
    print(f"\n{threads} thread{'s' if threads > 1 else ''}; queries per second, and times faiss's NSG by wall clock")
    heads = "".join(f"{f'wall .{t * 100:.0f}':>11}{f'cpu .{t * 100:.0f}':>11}{'times':>7}" for t in TARGETS)
    print(f"{'':34}{'build s':>9}{'CPU s':>8}{heads}")
    anchor = next((entry for entry in entries if entry.name == "faiss NSG"), None)
    for entry in entries:
        line = ""
        for target in TARGETS:
            wall, cpu = (speed_at(entry, seconds, threads, target, m) for seconds in (entry.wall, entry.cpu))
            against = speed_at(anchor, anchor.wall, threads, target, m) if anchor else math.nan
            line += f"{wall:11,.0f}{cpu:11,.0f}{wall / against:7.2f}"
        print(f"{entry.name:34}{entry.build_wall:9.1f}{entry.build_cpu:8.1f}{line}")


if __name__ == "__main__":
    main()
