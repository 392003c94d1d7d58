"""What ann.nsg measures: NSGs and faiss's indexes built and searched on one workload, a row each.

Knows nothing of claims; how indexes work stands in the core.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from experiments.lab.errors import InputError
from experiments.lab.experiment import Event, Note, Progress
from experiments.lab.experiment import Row as LabRow

if TYPE_CHECKING:
    from experiments.ann.core.nsg.building import BuildSettings
    from experiments.ann.core.nsg.index import NSG
    from experiments.ann.core.rivals.peers import Peer
    from experiments.ann.core.rivals.trial import Measured, Workload
    from experiments.ann.core.simd.distance import Floats
    from experiments.ann.nsg import Params

Arms = Mapping[str, Mapping[str, object]]
GROWTH_RECALL = 0.95
GROWTH_POINTS = 5
GROWTH_SIZES = (1, 1.4, 2, 2.8, 4, 5.6, 8, 16, 32)
"""Pools of the searches, in multiples of k."""
FULL_LIST_QUERIES = 10
ISLANDS = " on two islands"
NEIGHBORS = "candidates from neighbors only"
NEITHER = "candidates from neighbors only, without repair"
ARMS: Arms = {
    "NSG": {},
    NEIGHBORS: {"candidates_from_search": False},
    "random start": {},
    "four edges a node": {"max_degree": 4},
}
"""What is changed of the NSG, on the data as they are."""
ISLAND_ARMS: Arms = {
    "NSG": {},
    NEIGHBORS: {"candidates_from_search": False},
    NEITHER: {"candidates_from_search": False, "repair": False},
}


@dataclass(frozen=True, kw_only=True)
class Row(LabRow):
    part: str
    """search, parts, full list, degree or growth."""
    method: str
    dataset: str
    n: int
    search_list_size: int
    recall_at_k: float
    recall_at_10: float
    """NaN where k is below 10."""
    queries_per_second: float
    distance_computations: float
    """Mean per query; NaN where the library counts none."""
    build_seconds: float
    index_bytes: int
    mean_degree: float
    max_degree: int | None
    degree_limit: int | None
    attached: int | None
    """Edges that repair attached."""
    unreachable: int | None
    """Nodes that the navigating node does not reach; None where the library does not say."""


def settings_of(params: Params, seed: int, **changes: object) -> BuildSettings:
    from experiments.ann.core.nsg.building import BuildSettings

    settings = BuildSettings(
        knn=params.knn,
        search_list_size=params.search_list_size,
        max_degree=params.max_degree,
        candidates=params.candidates,
        repair=params.repair,
        neighbors=params.neighbors,
        seed=seed,
    )
    return dataclasses.replace(settings, **changes)  # type: ignore[arg-type]


def build(params: Params, base: Floats, seed: int, **changes: object) -> Generator[Progress, None, NSG]:
    """Build an NSG and pass its progress on."""
    from experiments.ann.core.nsg.index import NSG

    steps = NSG.build_steps(base, settings_of(params, seed, **changes), threads=params.threads)
    while True:
        try:
            step = next(steps)
        except StopIteration as end:
            return end.value
        yield Progress(step.stage, step.done, step.total)


def notes_of(params: Params, index: NSG) -> Iterator[Note]:
    """How the neighbor graph was chosen, and memory beside what vectors and edges alone take."""
    from experiments.ann.core.nsg.neighbors import GROUPED_FROM, neighbor_plan
    from experiments.ann.core.simd.kernel import usable_cores

    n, width = index.base.shape
    if n >= GROUPED_FROM:
        plan = neighbor_plan(n, width, params.threads or usable_cores())
        yield Note(
            f"neighbor graph: {index.report.neighbors}; the cost model says {plan.exact_seconds:,.0f} s exactly and "
            f"{plan.grouped_seconds:,.0f} s in groups"
        )
    least = n * index.space.dim * index.built.vectors.itemsize + 4 * int(index.degrees.sum())
    yield Note(f"memory: index {index.nbytes / 1e6:,.0f} MB; its vectors and edges alone are {least / 1e6:,.0f} MB")


def check_sizes(params: Params, n: int) -> None:
    """Refuse more neighbors than there are vectors. List sizes beyond that are taken as the size of the base."""
    if params.k > n:
        raise InputError(f"k: expected at most {n}, the number of base vectors, got {params.k}")


def label(index: NSG) -> str:
    return "NSG" if index.settings.repair else "NSG, no repair"


def row_of(part: str, method: str, dataset: str, index: NSG, size: int, measured: Measured) -> Row:
    return Row(
        part=part,
        method=method,
        dataset=dataset,
        n=len(index),
        search_list_size=size,
        **measured._asdict(),
        build_seconds=index.report.seconds,
        index_bytes=index.nbytes,
        mean_degree=float(index.degrees.mean()),
        max_degree=int(index.degrees.max()),
        degree_limit=index.settings.max_degree,
        attached=index.report.attached,
        unreachable=index.unreachable,
    )


def sweep_ours(params: Params, load: Workload, index: NSG, dataset: str) -> Iterator[Event]:
    """The index as it is, and searched by codes of 8 bits with exact distances at the end."""
    from experiments.ann.core.nsg.coded_index import CodedNSG

    for done, size in enumerate(params.search_list_sizes):
        yield Progress("search NSG", done, len(params.search_list_sizes))
        yield row_of("search", label(index), dataset, index, size, load.measure_nsg(index, size))
    coded = CodedNSG.of(index, threads=load.threads)
    for done, size in enumerate(params.search_list_sizes):
        yield Progress("search NSG by codes", done, len(params.search_list_sizes))
        row = row_of("search", f"{label(index)}, codes", dataset, index, size, load.measure_nsg(coded, size))
        yield dataclasses.replace(row, index_bytes=coded.nbytes)


def sweep_peers(params: Params, load: Workload, dataset: str) -> Iterator[Event]:
    """faiss on the same vectors: NSG with equal parameters, HNSW with as many links on its lowest layer, and the
    scan.
    """
    from experiments.ann.core.rivals import peers
    from experiments.ann.core.simd.kernel import usable_cores

    shape = peers.Shape(params.knn, params.search_list_size, params.max_degree, params.candidates)
    for done, make in enumerate(peers.PEERS):
        yield Progress("build and search faiss", done, len(peers.PEERS))
        try:
            with peers.faiss_threads(params.threads or usable_cores()):
                peer = make(load.base, shape)
        except RuntimeError as refusal:
            yield Note(f"{make.__name__} is left out, faiss refuses these vectors: {refusal}")
            continue
        sizes = params.search_list_sizes if peer.degrees is not None else (len(load.base),)
        with peers.faiss_threads(load.threads):
            rows = [peer_row(load, peer, dataset, size) for size in sizes]
        yield from rows


def peer_row(load: Workload, peer: Peer, dataset: str, size: int) -> Row:
    count = peer.count(load.queries, load.k, size)
    measured = load.measure(lambda: peer.search(load.queries, load.k, size), count)
    graph = peer.degrees
    return Row(
        part="search",
        method=peer.name,
        dataset=dataset,
        n=len(load.base),
        search_list_size=size,
        **measured._asdict(),
        build_seconds=peer.build_seconds,
        index_bytes=peer.index_bytes,
        mean_degree=math.nan if graph is None else float(graph.mean()),
        max_degree=None if graph is None else int(graph.max()),
        degree_limit=None,
        attached=None,
        unreachable=None,
    )


def take_apart(params: Params, load: Workload, arms: Arms, dataset: str, seed: int) -> Iterator[Event]:
    """Build with one part changed at a time; search with the shortest list asked for and with one of all nodes."""
    size = min(params.search_list_sizes)
    few = load.first(FULL_LIST_QUERIES)
    for method, changes in arms.items():
        built = yield from build(params, load.base, seed, **{"repair": True, **changes})
        start = seed if method == "random start" else None
        yield row_of("parts", method, dataset, built, size, load.count_nsg(built, size, random_start=start))
        yield row_of("full list", method, dataset, built, len(built), few.count_nsg(built, len(built)))
        if changes == {"max_degree": 4}:
            unpruned = row_of("degree", "all reverse edges", dataset, built, size, load.count_nsg(built, size))
            both = built.mutual_degrees
            yield dataclasses.replace(unpruned, max_degree=int(both.max()), mean_degree=float(both.mean()))


def grow(params: Params, load: Workload, dataset: str, seed: int) -> Iterator[Event]:
    """Distances that recall 0.95 takes, on the first n / 16, n / 8, ..., n vectors."""
    from experiments.ann.core.rivals.trial import Workload, effort_at_recall

    for n in sorted({max(1, len(load.base) >> halvings) for halvings in range(GROWTH_POINTS)}):
        part = Workload.of(load.base[:n], load.queries, min(load.k, n), load.threads)
        built = yield from build(params, part.base, seed)
        sizes = [round(multiple * load.k) for multiple in GROWTH_SIZES]
        sweep = [part.count_nsg(built, size) for size in sizes]
        effort = effort_at_recall(
            [one.recall_at_k for one in sweep], [one.distance_computations for one in sweep], GROWTH_RECALL
        )
        measured = sweep[-1]._replace(recall_at_k=GROWTH_RECALL, recall_at_10=math.nan, distance_computations=effort)
        yield row_of("growth", label(built), dataset, built, sizes[-1], measured)
