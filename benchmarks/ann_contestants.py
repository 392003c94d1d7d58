"""The contestants of benchmarks/ann.py: our NSG in three forms, a scan of codes, and what people would take instead.

They are those of the table in ``experiments.ann.core.rivals``; here stand only the settings that each races with.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from experiments.ann.core.nsg.coded_index import CodedNSG
from experiments.ann.core.nsg.index import NSG
from experiments.ann.core.rivals import INDEXES, Index, Settings
from experiments.ann.core.rivals.ours import OurCodedNSG, OurCodeScan, OurNSG

K = 10
OURS = "nsg_codes"
SLOW = ("exact", "kdtree", "lsh", "ivf", "ivfpq", "nsg", "code_scan", OURS)
"""Not taken by default: slower kinds, and ours, which is always there."""
GRAPHS = Settings(
    max_degree=32,
    build_list_size=200,
    search_list_sizes=(10, 12, 14, 16, 18, 20, 24, 28, 32, 40, 48, 64, 80, 96, 128, 192, 256, 384, 512, 768),
    nprobe=(1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256),
)
SETTINGS = {
    "lorann": replace(GRAPHS, nlist=256),
    "nsg": replace(Settings(), search_list_sizes=GRAPHS.search_list_sizes),
    "faiss_nsg": replace(GRAPHS, build_list_size=64, candidates=132, approximate_knn=True),
    "pynndescent": replace(GRAPHS, max_degree=30, search_list_sizes=(0, 50, 100, 200, 300)),
}
"""Settings of their own; all others have those of ``GRAPHS``."""


@dataclass(frozen=True)
class Task:
    """Vectors as the source has them, and as float32."""

    base: NDArray[Any]
    queries: NDArray[Any]
    floats: NDArray[np.float32]
    float_queries: NDArray[np.float32]
    build_threads: int


@dataclass(eq=False)
class Entry:
    """One index in the race."""

    index: Index
    queries: NDArray[Any]
    recalls: dict[int, float] = field(default_factory=dict)
    wall: dict[tuple[int, int], list[float]] = field(default_factory=dict)
    """Seconds by effort and threads."""
    cpu: dict[tuple[int, int], list[float]] = field(default_factory=dict)

    def search(self, effort: int, threads: int) -> NDArray[np.integer]:
        """ids (m, 10) at an effort, on a number of threads."""
        return self.index.search(self.queries, K, effort, threads)


def contestant(name: str, task: Task) -> Iterator[Entry]:
    """What races under a name of the table."""
    if name == OURS:
        yield from ours(task)
        return
    settings = replace(SETTINGS.get(name, GRAPHS), nlist=int(math.sqrt(len(task.floats))) // 32 * 32 or 32)
    yield Entry(INDEXES[name].of(task.floats, settings, task.build_threads), task.float_queries)


def ours(task: Task) -> Iterator[Entry]:
    """By codes; by float32; by codes of bytes with float32 at the end, for a set that has fractions; and a scan."""
    NSG.build(task.base[:17_000], threads=task.build_threads)  # compiles, or loads what is compiled
    plain = OurNSG.of(task.base, SETTINGS["nsg"], task.build_threads)
    coded = OurCodedNSG.on(plain, task.build_threads)
    same = np.array_equal(NSG.build(task.base, threads=task.build_threads).graph, plain.graph.graph)
    print(f"two builds of ours are {'equal bit for bit' if same else 'DIFFERENT'}")
    yield Entry(coded, task.queries)
    yield Entry(plain, task.float_queries)
    if isinstance(coded.index, CodedNSG) and coded.index.vectors.dtype == np.uint8:
        floats = copy.copy(coded)
        floats.name = "NSG, codes, float32 at the end"
        floats.index = CodedNSG(coded.index.lists, plain.graph.base, coded.index.short, coded.index.space)
        yield Entry(floats, task.float_queries)
    OurCodeScan.of(task.base[:17_000], SETTINGS["nsg"])  # compiles, or loads what is compiled
    yield Entry(OurCodeScan.of(task.base, SETTINGS["nsg"], task.build_threads), task.queries)
