"""Building an NSG: neighbor graph, candidates and pruning, reverse edges, repair; each stage reports its progress.

Small sets take exact distances throughout. From ``CODED_FROM`` vectors on, codes find the candidates (of the
exact nearest neighbor graph with proof, of the edges without), and every distance that decides is exact.
"""

from __future__ import annotations

import time
from collections.abc import Generator
from dataclasses import dataclass
from typing import NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray

from experiments.ann.core.codes.codes import Principal, as_bytes, holds_bytes
from experiments.ann.core.codes.short_codes import ShortCodes, short_codes
from experiments.ann.core.codes.stored_vector import Stored, byte_instructions
from experiments.ann.core.nsg.construction.equals import ring_of_equals
from experiments.ann.core.nsg.construction.linking import LinkPlan, coded_links, exact_links, with_reverse_edges
from experiments.ann.core.nsg.construction.neighbors import Method, Step, neighbor_stage
from experiments.ann.core.nsg.construction.reachability import repair
from experiments.ann.core.nsg.construction.reverse import nearest_left_out
from experiments.ann.core.simd.distance import Floats, Ids, squared_l2_double
from experiments.ann.core.simd.kernel import kernel, run_all
from experiments.ann.core.simd.lanes import BLOCK
from experiments.ann.core.simd.machine import has_vnni
from experiments.ann.core.simd.metric_space import Metric
from experiments.ann.core.simd.vector import LANES

CODED_FROM = 16_384
"""Vectors from which on codes pay."""


@dataclass(frozen=True, kw_only=True)
class BuildSettings:
    """What an NSG is built with. Sizes larger than the base are taken as the size of the base."""

    knn: int = 64
    """Neighbors per node of the exact nearest neighbor graph."""
    search_list_size: int = 48
    """L: length of the candidate list of the searches that collect candidates."""
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
        if self.metric not in get_args(Metric):
            raise ValueError(f"metric: expected {', '.join(get_args(Metric))}, got {self.metric!r}")


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
        """Of the whole build."""
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
    # Before anything walks along the graph: of many equal vectors a search would otherwise reach the same few.
    ring_of_equals(vectors, knn, squared)
    neighbors_done = time.perf_counter()
    navigating_node = nearest_to_mean(base)
    plan = LinkPlan(
        navigating_node,
        min(settings.search_list_size, len(base)),
        settings.candidates,
        settings.max_degree,
        settings.candidates_from_search,
        settings.seed,
    )
    # One choice for the whole build; both kinds give the same integers.
    instructions = byte_instructions(vnni=has_vnni())
    if short is not None and settings.candidates_from_search:
        linked = coded_links(vectors, short, neighbors, plan, threads)
    else:
        linked = exact_links(base, knn, squared, instructions, plan, threads)
    graph, link_squared = yield from linked
    if settings.reverse_edges:
        graph = yield from with_reverse_edges(vectors, graph, link_squared, instructions, threads)
    linked_at = time.perf_counter()
    yield Step("repair", 0, len(base))
    attached = attach_unreachable(graph, base, navigating_node, settings.search_list_size) if settings.repair else 0
    yield Step("repair", len(base), len(base))
    # A search by codes measures eight neighbors as quickly as one: gaps of the last eight are filled with these.
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
    """Padded vectors (n, width) as they are kept to be measured: bytes where all numbers are and where that is shorter.

    >>> stored_form(np.zeros((2, 32), np.float32)).dtype, stored_form(np.zeros((2, 16), np.float32)).dtype
    (dtype('uint8'), dtype('float32'))
    """
    # 16 floats are one cache line, and bytes are padded to one.
    return as_bytes(base, threads) if base.shape[1] > LANES and holds_bytes(base, threads) else base


def nearest_to_mean(base: Floats) -> int:
    """The vector of (n, width) nearest to the mean.

    The paper searches for it on the graph; a scan is exact and costs one pass.

    >>> nearest_to_mean(np.float32([[0, 0], [4, 0], [1, 0]]))  # the mean is (1.67, 0)
    2
    """
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


def attach_unreachable(graph: Ids, base: Floats, navigating_node: int, search_list_size: int) -> int:
    """Repair a graph (n, R) of padded vectors (n, width) in place; returns how many edges were attached."""
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
