"""How build, search and memory of our NSG grow from 10,000 to 1,000,000 vectors.

    python benchmarks/ann_growth.py                      10^4, 10^5 and 10^6 generated vectors of 128 dimensions
    python benchmarks/ann_growth.py 10000 30000 100000

Each size is built in a process of its own, so that its peak memory is its own. Search is a batch of 1,000 queries on
one thread at the list size that reaches recall@10 of 0.95, interpolated on the logarithm; the minimum of 5 repetitions.
The physical minimum of memory is that of the vectors and of the edges.
"""

from __future__ import annotations

import json
import math
import resource
import subprocess
import sys
import time
from itertools import pairwise

import numpy as np

SIZES = (10, 14, 20, 28, 40, 56, 80, 112, 160)
TARGET = 0.95


def measure(n: int) -> dict[str, float | str]:
    """Build and search n vectors in this process."""
    from experiments.ann.core.exact.exact import exact_neighbors, recall_by_distance
    from experiments.ann.core.nsg.coded_index import CodedNSG
    from experiments.ann.core.nsg.index import NSG
    from experiments.ann.core.rivals.measuring import effort_at_recall
    from experiments.foundation.datasets.vectors import load_vectors

    data = load_vectors("clustered", n=n, n_queries=1000, dim=128, intrinsic_dim=24, seed=0)
    base, queries = (np.ascontiguousarray(part, dtype=np.float32) for part in (data.base, data.queries))
    NSG.build(base[:17_000], by_codes=True, neighbors="grouped")  # compiles, or loads what is compiled
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    wall, cpu = time.perf_counter(), time.process_time()
    index = NSG.build(base)
    coded = CodedNSG.of(index)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    _, truth = exact_neighbors(base, queries, 10)
    points = []
    for size in SIZES:
        found = coded.search_counted(queries, 10, size, threads=1)
        seconds = []
        for _ in range(5):
            start = time.perf_counter()
            coded.search(queries, 10, size, threads=1)
            seconds.append(time.perf_counter() - start)
        recall = float(recall_by_distance(found.distances, truth, 10).mean())
        points.append((recall, min(seconds) / len(queries), float(found.distance_computations.mean())))
    recalls, seconds_at, distances_at = zip(*sorted(points), strict=True)
    return {
        "n": n,
        "neighbors": index.report.neighbors,
        "build_seconds": wall,
        "build_cpu": cpu,
        "neighbor_seconds": index.report.knn_seconds,
        "microseconds": effort_at_recall(recalls, seconds_at, TARGET) * 1e6,
        "distances": effort_at_recall(recalls, distances_at, TARGET),
        "peak_gb": peak / 1e6,
        "before_gb": before / 1e6,
        "index_gb": coded.nbytes / 1e9,
        "least_gb": (base.nbytes + 4 * int(index.degrees.sum())) / 1e9,
        "attached": index.report.attached,
    }


def main() -> None:
    if sys.argv[1:2] == ["--one"]:
        print(json.dumps(measure(int(sys.argv[2]))))
        return
    rows = []
    for n in [int(text) for text in sys.argv[1:]] or [10_000, 100_000, 1_000_000]:
        done = subprocess.run([sys.executable, __file__, "--one", str(n)], check=True, capture_output=True, text=True)
        rows.append(json.loads(done.stdout))
        print(
            ", ".join(f"{k} {v:,.3g}" if isinstance(v, float) else f"{k} {v}" for k, v in rows[-1].items()), flush=True
        )
    for low, high in pairwise(rows):
        factor = math.log(high["n"] / low["n"])
        slopes = {
            key: math.log(high[key] / low[key]) / factor for key in ("build_seconds", "microseconds", "distances")
        }
        print(f"exponents {low['n']:,} to {high['n']:,}: " + ", ".join(f"{k} {v:.2f}" for k, v in slopes.items()))


if __name__ == "__main__":
    main()
