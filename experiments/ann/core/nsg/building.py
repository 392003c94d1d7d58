"""Building an NSG: neighbor graph, candidates and pruning, reverse edges, repair; each stage reports its progress.

Small sets take exact distances throughout. From ``CODED_FROM`` vectors on, codes find the candidates (of the
exact nearest neighbor graph with proof, of the edges without), and every distance that decides is exact.
"""

from __future__ import annotations

import time
from collections.abc import Generator
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from experiments.ann.core.codes.codes import Principal, as_bytes, holds_bytes
from experiments.ann.core.codes.line_codes import Codes
from experiments.ann.core.codes.short_codes import ShortCodes, short_codes
from experiments.ann.core.codes.stored_vector import Stored
from experiments.ann.core.nsg.coded_linking import collectors, link_by_codes
from experiments.ann.core.nsg.equals import ring_of_equals
from experiments.ann.core.nsg.lists import in_blocks
from experiments.ann.core.nsg.neighbors import Method, Neighbors, Step, neighbor_stage
from experiments.ann.core.nsg.pruning import join_reverse, link_nodes, nearest_left_out, reverse_lists
from experiments.ann.core.nsg.reachability import repair
from experiments.ann.core.simd.distance import Floats, Ids, Metric, squared_l2_double
from experiments.ann.core.simd.kernel import kernel, run_all, run_chunks
from experiments.ann.core.simd.lanes import BLOCK
from experiments.ann.core.simd.machine import has_vnni
from experiments.ann.core.simd.vector import LANES

T = TypeVar("T")
ENTRY_SETS = 256
"""Different sets of random entries that the searches of a build take turns with."""
CODED_FROM = 16_384
"""Vectors from which on codes pay."""
LISTED = 32
"""Nearest neighbors per node that the searches by codes walk along."""


@dataclass(frozen=True, kw_only=True)
class BuildSettings:
    """What an NSG is built with. Sizes larger than the base are taken as the size of the base."""

    knn: int = 64
    """Neighbors per node of the exact nearest neighbor graph."""
    search_list_size: int = 48
    """L: pool of the searches that collect candidates."""
    max_degree: int = 32
    """R: largest out-degree, kept by repair too."""
    candidates: int = 300
    """C: nearest candidates per node that the rule looks at."""
    metric: Metric = "l2"
    seed: int = 0
    """Seed of the random entries of the collecting searches."""
    candidates_from_search: bool = True
    """Whether candidates are the nodes that a search meets, beside the node's own neighbors."""
    reverse_edges: bool = True
    neighbors: Method = "auto"
    """Whether the nearest neighbor graph is exact or found in groups; by default what a cost model chooses."""
    by_codes: bool | None = None
    """Whether codes find the candidates; by default from 16,384 vectors on."""
    repair: bool = True
    """Whether unreachable nodes are attached."""

    def __post_init__(self) -> None:
        for name in ("knn", "search_list_size", "max_degree", "candidates"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name}: expected at least 1, got {getattr(self, name)}")
        if self.neighbors not in ("auto", "exact", "grouped"):
            raise ValueError(f"neighbors: expected auto, exact or grouped, got {self.neighbors!r}")
        if self.metric not in ("l2", "cosine", "ip"):
            raise ValueError(f"metric: expected l2, cosine or ip, got {self.metric!r}")


@dataclass(frozen=True, kw_only=True)
class BuildReport:
    """What a build took and made."""

    knn_seconds: float
    link_seconds: float
    repair_seconds: float
    attached: int
    """Edges that repair attached."""
    neighbors: str = "exact"
    """How the nearest neighbor graph was made: exact or grouped."""

    @property
    def seconds(self) -> float:
        return self.knn_seconds + self.link_seconds + self.repair_seconds


class Built(NamedTuple):
    """A graph and how it came about."""

    graph: Ids
    navigating_node: int
    report: BuildReport
    vectors: Stored
    """The base as it is measured: bytes where all numbers are, otherwise floats."""
    short: ShortCodes | None
    """Codes that the build has used, and the search may use."""
    spare: Ids
    """The nearest neighbors (n, 7) that have no edge, with which a search by codes fills its blocks."""


def build_steps(base: Floats, settings: BuildSettings, threads: int) -> Generator[Step, None, Built]:
    """Build the graph of padded vectors (n, width), stage by stage."""
    began = time.perf_counter()
    vectors = stored_form(base, threads)
    coded = settings.by_codes if settings.by_codes is not None else len(base) >= CODED_FROM
    principal = Principal(vectors) if coded else None
    short = None if principal is None else short_codes(vectors, principal, threads)
    neighbors = yield from neighbor_stage(base, vectors, principal, short, settings.knn, settings.neighbors, threads)
    knn, squared = neighbors.ids, neighbors.squared
    ring_of_equals(vectors, knn, squared)
    neighbors_done = time.perf_counter()
    navigating_node = nearest_to_mean(base)
    if short is not None and settings.candidates_from_search:
        linked = _link_by_codes(vectors, short, neighbors, navigating_node, settings, threads)
    else:
        linked = _link_exactly(base, knn, squared, navigating_node, settings, threads)
    links, link_squared = yield from linked
    graph = yield from _reverse_stage(vectors, links, link_squared, threads) if settings.reverse_edges else _just(links)
    linked_at = time.perf_counter()
    yield Step("repair", 0, len(base))
    attached = attach_unreachable(graph, base, navigating_node, settings.search_list_size) if settings.repair else 0
    yield Step("repair", len(base), len(base))
    spare = np.empty((len(base), BLOCK - 1), np.int32)
    run_all(
        lambda _, start, stop: nearest_left_out(graph, knn, start, stop, spare), len(base), chunk=4096, threads=threads
    )
    report = BuildReport(
        knn_seconds=neighbors_done - began,
        link_seconds=linked_at - neighbors_done,
        repair_seconds=time.perf_counter() - linked_at,
        attached=attached,
        neighbors=neighbors.method,
    )
    return Built(graph, navigating_node, report, vectors, short, spare)


def stored_form(base: Floats, threads: int = 1) -> Stored:
    """Padded vectors as they are kept to be measured: bytes where all numbers are and where that is shorter."""
    return as_bytes(base, threads) if base.shape[1] > LANES and holds_bytes(base, threads) else base


def _just(value: T) -> Generator[Step, None, T]:
    return value
    yield


def nearest_to_mean(base: Floats) -> int:
    """The vector nearest to the mean. The paper searches for it on the graph; a scan is exact and costs one pass."""
    return int(nearest_row(base, base.mean(axis=0, dtype=np.float64)))


@kernel
def nearest_row(base: Floats, vector: NDArray[np.float64]) -> int:
    """The row of (n, d) nearest to a vector (d,), the first of equals."""
    nearest, least = 0, np.inf
    for row in range(base.shape[0]):
        squared = squared_l2_double(base[row], vector)
        if squared < least:
            nearest, least = row, squared
    return nearest


def _link_exactly(
    base: Floats, knn: Ids, squared: Floats, navigating_node: int, settings: BuildSettings, threads: int
) -> Generator[Step, None, tuple[Ids, Floats]]:
    n = len(base)
    capacity = min(settings.search_list_size, n)
    entries = entry_sets(knn[navigating_node], navigating_node, capacity, n, settings.seed)
    links, link_squared = _empty_lists(n, settings.max_degree)
    pools, met = np.empty((threads, capacity), np.int64), np.empty((threads, n + knn.shape[1] + BLOCK), np.int64)
    stamps, last = np.zeros((threads, n), np.uint8), [0] * threads
    instructions = _instructions()

    def link(worker: int, start: int, stop: int) -> None:
        last[worker] = link_nodes(
            knn,
            squared,
            base,
            instructions,
            start,
            stop,
            entries,
            capacity,
            settings.candidates,
            settings.candidates_from_search,
            pools[worker],
            met[worker],
            stamps[worker],
            last[worker],
            links,
            link_squared,
        )

    for done in run_chunks(link, n, chunk=256, threads=threads):
        yield Step("candidates and pruning", done, n)
    return links, link_squared


def _link_by_codes(
    vectors: Stored,
    short: ShortCodes,
    neighbors: Neighbors,
    navigating_node: int,
    settings: BuildSettings,
    threads: int,
) -> Generator[Step, None, tuple[Ids, Floats]]:
    n, knn = len(vectors), neighbors.ids
    size, width = min(settings.search_list_size, n), min(LISTED, knn.shape[1])
    lists = _lists_with_entries(
        knn[:, :width], entry_sets(knn[navigating_node], navigating_node, width, n, settings.seed)
    )
    links, link_squared = _empty_lists(n, settings.max_degree)
    scratch = [collectors(width, size, knn.shape[1]) for _ in range(threads)]
    stamps, last = np.zeros((threads, n), np.uint8), [0] * threads

    def link(worker: int, start: int, stop: int) -> None:
        nodes = neighbors.order[start:stop]
        last[worker] = link_by_codes(
            knn,
            neighbors.squared,
            lists,
            vectors,
            short.codes,
            short.of_queries(vectors[nodes]),
            nodes,
            size,
            settings.candidates,
            scratch[worker],
            stamps[worker],
            last[worker],
            links,
            link_squared,
        )

    for done in run_chunks(link, n, chunk=256, threads=threads):
        yield Step("candidates and pruning", done, n)
    return links, link_squared


def _reverse_stage(vectors: Stored, links: Ids, squared: Floats, threads: int) -> Generator[Step, None, Ids]:
    n = len(vectors)
    offsets, incoming = reverse_lists(links, squared)
    joined = np.full_like(links, -1)
    instructions = _instructions()

    def join(_: int, start: int, stop: int) -> None:
        join_reverse(vectors, instructions, links, squared, offsets, incoming, start, stop, joined)

    for done in run_chunks(join, n, chunk=1024, threads=threads):
        yield Step("reverse edges", done, n)
    return joined


def _instructions() -> Codes:
    """An array whose type selects the instructions for bytes."""
    return np.empty((0, 0), np.uint8) if has_vnni() else np.empty((0, 0), np.int8)


def _empty_lists(n: int, max_degree: int) -> tuple[Ids, Floats]:
    width = min(max_degree, max(n - 1, 1))
    return np.full((n, width), -1, np.int32), np.full((n, width), np.inf, np.float32)


def entry_sets(neighbors: Ids, navigating_node: int, size: int, n: int, seed: int) -> Ids:
    """Where the collecting searches start: a quarter of ``size`` for the navigating node and its neighbors, the rest
    random.

    The random ones let candidates come from every part of a graph that is not connected.
    """
    local = np.concatenate([[navigating_node], neighbors[neighbors >= 0]])[: max(1, size // 4)]
    rng = np.random.default_rng(seed)
    random = rng.integers(n, size=(ENTRY_SETS, max(size - len(local), 0)))
    return np.hstack([np.broadcast_to(local, (ENTRY_SETS, len(local))), random]).astype(np.int32)


def _lists_with_entries(neighbors: Ids, entries: Ids) -> Ids:
    """Nearest neighbors (n, width), and below them the nodes to start from, in full blocks of 8."""
    return in_blocks(np.vstack([neighbors, entries]))


def attach_unreachable(graph: Ids, base: Floats, navigating_node: int, search_list_size: int) -> int:
    """Repair a graph in place; returns how many edges were attached."""
    n = len(base)
    capacity = min(search_list_size, n)
    entries = np.array([navigating_node], np.int32)
    return repair(
        graph,
        base,
        navigating_node,
        entries,
        capacity,
        np.empty(capacity, np.int64),
        np.empty(n, np.int64),
        np.zeros(n, np.uint8),
    )
