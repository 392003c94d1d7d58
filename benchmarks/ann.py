"""Queries per second at equal recall, and build times: our NSG beside faiss, hnswlib, scalable-vs and others.

    python benchmarks/ann.py --data mnist --threads 1 2
    python benchmarks/ann.py --data floats --peers faiss_nsg hnswlib

Needs, beside the project, the extra ``peers``; what is not installed is left out and named. All indexes are held in one
process and take turns, round after round; each call is a batch of all queries, with whatever it does to them inside.
Times are medians over rounds, wall clock and CPU. Recall@10 counts by distance, ties included; queries per second at a
recall are interpolated on the logarithm between the two settings around it, and only those are timed. Two builds of
ours are compared bit by bit.
``--data`` is mnist, sift-cifar, minilm, minilm-shakespeare (the same base, queries from elsewhere), floats (100,000
generated vectors with fractions) or what ``load_vectors`` understands. The last table is of one query a call: the
shortest list for each recall, microseconds from Python at p50, p95 and p99, and bytes a vector beside them.
"""

from __future__ import annotations

import argparse
import math
import statistics
from collections.abc import Sequence
from functools import partial

import numpy as np
from ann_contestants import OURS, SLOW, Entry, K, Task, contestant

from experiments.ann.core.nsg.recommending import ALONE, latencies
from experiments.ann.core.rivals import INDEXES
from experiments.ann.core.rivals.index import timed
from experiments.ann.core.rivals.measuring import Workload, effort_at_recall
from experiments.foundation.datasets.vectors import load_vectors

TARGETS = (0.90, 0.95, 0.99)


def race(entries: Sequence[Entry], task: Task, threads: Sequence[int], rounds: int) -> None:
    """Recall of every index at rising effort; then all in turns, at the efforts around the targets."""
    load = Workload.of(task.floats, task.float_queries, K)
    for entry in entries:
        for size in entry.index.efforts:
            entry.recalls[size] = load.recall(load.distances(entry.search(size, max(threads))), K)
            if entry.recalls[size] > max(TARGETS) + 0.003:
                break
    for _ in range(rounds):
        for entry in entries:
            for size in around_targets(entry.recalls):
                for count in threads:
                    wall, cpu = timed(partial(entry.search, size, count))
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
    return effort_at_recall([recall for recall, _ in front], [speed for _, speed in front], target)


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
    rivals = [name for name in INDEXES if name not in SLOW]
    parser.add_argument("--peers", nargs="*", default=rivals, choices=list(INDEXES))
    options = parser.parse_args()
    task = load(options.data, options.n, options.build_threads)
    entries: list[Entry] = []
    for name in (OURS, *(peer for peer in options.peers if peer != OURS)):
        missing = INDEXES[name].missing()
        if missing:
            print(f"{name}: left out, {missing}")
            continue
        try:
            entries += contestant(name, task)
        except Exception as error:  # a peer that cannot build must not stop the others
            print(f"{name}: left out, {type(error).__name__}: {error}")
            continue
        for entry in entries[-1:]:
            index = entry.index
            print(
                f"built {index.name}: {index.build_seconds:.1f} s wall, {index.build_cpu_seconds:.1f} s CPU", flush=True
            )
    race(entries, task, options.threads, options.rounds)
    print(f"{options.data}: {task.base.shape}, {len(task.queries)} queries, {options.rounds} rounds")
    for count in options.threads:
        report(entries, count, len(task.queries))
    report_alone(entries, options.rounds, len(task.base))


def report(entries: Sequence[Entry], threads: int, m: int) -> None:
    """Queries per second of every index at every target, and how many times faiss's NSG that is."""
    print(f"\n{threads} thread{'s' if threads > 1 else ''}; queries per second, and times faiss's NSG by wall clock")
    heads = "".join(f"{f'wall .{t * 100:.0f}':>11}{f'cpu .{t * 100:.0f}':>11}{'times':>7}" for t in TARGETS)
    print(f"{'':34}{'build s':>9}{'CPU s':>8}{heads}")
    anchor = next((entry for entry in entries if entry.index.name == "faiss NSG"), None)
    for entry in entries:
        line = ""
        for target in TARGETS:
            wall, cpu = (speed_at(entry, seconds, threads, target, m) for seconds in (entry.wall, entry.cpu))
            against = speed_at(anchor, anchor.wall, threads, target, m) if anchor else math.nan
            line += f"{wall:11,.0f}{cpu:11,.0f}{wall / against:7.2f}"
        index = entry.index
        print(f"{index.name:34}{index.build_seconds:9.1f}{index.build_cpu_seconds:8.1f}{line}")


def report_alone(entries: Sequence[Entry], rounds: int, rows: int) -> None:
    """Microseconds of one query a call, at the shortest effort that reaches each target, in turns."""
    wanted = {
        (entry, target): min((effort for effort, recall in entry.recalls.items() if recall >= target), default=None)
        for entry in entries
        for target in TARGETS
    }
    times: dict[tuple[Entry, float], list[tuple[float, float, float]]] = {}
    for _ in range(rounds):
        for (entry, target), effort in wanted.items():
            if effort is not None:
                search = entry.index.one_by_one(K, effort)
                times.setdefault((entry, target), []).append(latencies(search, entry.queries[:ALONE]))
    print("\none query a call, one thread, microseconds p50 / p95 / p99, medians of the rounds")
    print(f"{'':34}" + "".join(f"{f'.{t * 100:.0f}':>24}" for t in TARGETS) + f"{'bytes a vector':>17}")
    for entry in entries:
        cells = []
        for target in TARGETS:
            medians = np.median(times.get((entry, target), [(math.nan,) * 3]), axis=0)
            cells.append(" / ".join(f"{value:.1f}" for value in medians))
        size = entry.index.nbytes / rows
        print(f"{entry.index.name:34}" + "".join(f"{cell:>24}" for cell in cells) + f"{size:17,.0f}")


if __name__ == "__main__":
    main()
