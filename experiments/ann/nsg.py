"""Does an NSG find the neighbors that faiss's NSG finds, at what cost, and which of its parts does it need?

Notes: NSG, its construction and its parameters (000:7).
Source: Fu, Xiang, Wang, Cai: Fast Approximate Nearest Neighbor Search With The Navigating Spreading-out Graph, PVLDB
12(5), 2019.

faiss counts distances for HNSW only, so its NSG has none to show. Recall is measured again from the ids, by distance,
so ties count.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass as parameters

from experiments.datasets.vectors import load_vectors
from experiments.lab.claims import Claim, Comparison, by_seed, conditional, effect, equivalence, slope_below, theorem
from experiments.lab.errors import InputError
from experiments.lab.experiment import CHECKED, Curve, Event, Experiment, Note, Progress, Table
from experiments.lab.experiment import Row as LabRow

if TYPE_CHECKING:
    from experiments.ann.core.building import BuildSettings
    from experiments.ann.core.distance import Floats
    from experiments.ann.core.index import NSG
    from experiments.ann.core.peers import Peer
    from experiments.ann.core.trial import Measured, Workload

Size = Annotated[int, Field(ge=1)]
Arms = Mapping[str, Mapping[str, object]]
GROWTH_RECALL = 0.95
GROWTH_POINTS = 5
GROWTH_SIZES = (10, 14, 20, 28, 40, 56, 80, 160, 320)
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


@parameters(frozen=True, kw_only=True, config=CHECKED)
class Params:
    dataset: str = "clustered"
    """Base vectors: clustered, gauss, uniform, digits, mnist, sift-cifar or another named set, or the path of a
    file.
    """
    queries: str | None = None
    """File of queries, where ``dataset`` is the path of a file; by default some of its rows are held out."""
    n: Annotated[int, Field(ge=50, le=1_000_000)] = 1000
    """Number of base vectors."""
    n_queries: Annotated[int, Field(ge=1, le=100_000)] = 200
    """Number of queries."""
    dim: Annotated[int, Field(ge=1, le=4096)] = 32
    """Dimensions of generated vectors."""
    intrinsic_dim: Annotated[int, Field(ge=1, le=4096)] = 8
    """Dimensions of the subspaces on which the clusters lie."""
    metric: Literal["l2", "cosine", "ip"] | None = None
    """Metric of the neighbors; the data set's own by default."""
    k: Size = 10
    """Neighbors per query."""
    knn: Size = 40
    """Neighbors per node of the exact nearest neighbor graph that NSG is built from."""
    search_list_size: Size = 40
    """Pool of the searches that collect candidates (L)."""
    max_degree: Annotated[int, Field(ge=1, le=256)] = 32
    """Largest out-degree (R)."""
    candidates: Size = 200
    """Nearest candidates per node that the pruning rule looks at (C)."""
    repair: bool = True
    """Whether nodes that the navigating node does not reach are attached."""
    search_list_sizes: tuple[Size, ...] = (10, 20, 40, 80, 160)
    """Pools of the searches that are measured."""
    threads: Annotated[int, Field(ge=1, le=256)] | None = None
    """Threads of every build; all usable cores by default. They change times, never results."""
    search_threads: Annotated[int, Field(ge=1, le=256)] = 1
    """Threads of every search, ours and faiss's, each called with all queries at once."""


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


def run(params: Params, seed: int) -> Iterator[Event]:
    """Build ours and faiss's on the same vectors, sweep the search, then put the theorems and the parts of NSG to
    the test.
    """
    from experiments.ann.core.distance import MetricSpace, checked_vectors
    from experiments.ann.core.trial import Workload, islands

    data = load_vectors(
        params.dataset,
        n=params.n,
        n_queries=params.n_queries,
        dim=params.dim,
        intrinsic_dim=params.intrinsic_dim,
        seed=seed,
        queries=params.queries,
        metric=params.metric,
    )
    check_sizes(params, len(data.base))
    yield Note(data.description)
    base, queries = checked_vectors(data.base, "base"), checked_vectors(data.queries, "queries")
    space = MetricSpace.of_base(base, data.metric)
    yield Progress("exact neighbors", 0, 1)
    load = Workload.of(space.place_base(base), space.place_queries(queries), params.k, params.search_threads)
    index = yield from build(params, load.base, seed)
    yield from sweep_ours(params, load, index, data.name)
    yield from sweep_peers(params, load, data.name)
    yield from take_apart(params, load, ARMS, data.name, seed)
    apart = Workload.of(islands(load.base), islands(load.queries), load.k, load.threads)
    yield from take_apart(params, apart, ISLAND_ARMS, data.name + ISLANDS, seed)
    yield from grow(params, load, data.name, seed)


def check_sizes(params: Params, n: int) -> None:
    """Refuse more neighbors than there are vectors. List sizes beyond that are taken as the size of the base."""
    if params.k > n:
        raise InputError(f"k: expected at most {n}, the number of base vectors, got {params.k}")


def settings_of(params: Params, seed: int, **changes: object) -> BuildSettings:
    from experiments.ann.core.building import BuildSettings

    settings = BuildSettings(
        knn=params.knn,
        search_list_size=params.search_list_size,
        max_degree=params.max_degree,
        candidates=params.candidates,
        repair=params.repair,
        seed=seed,
    )
    return dataclasses.replace(settings, **changes)  # type: ignore[arg-type]


def build(params: Params, base: Floats, seed: int, **changes: object) -> Generator[Progress, None, NSG]:
    """Build an NSG and pass its progress on."""
    from experiments.ann.core.index import NSG

    steps = NSG.build_steps(base, settings_of(params, seed, **changes), threads=params.threads)
    while True:
        try:
            step = next(steps)
        except StopIteration as end:
            return end.value
        yield Progress(step.stage, step.done, step.total)


def label(params: Params) -> str:
    return "NSG" if params.repair else "NSG, no repair"


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
    from experiments.ann.core.coded_index import CodedNSG

    for done, size in enumerate(params.search_list_sizes):
        yield Progress("search NSG", done, len(params.search_list_sizes))
        yield row_of("search", label(params), dataset, index, size, load.measure_nsg(index, size))
    coded = CodedNSG.of(index, threads=load.threads)
    for done, size in enumerate(params.search_list_sizes):
        yield Progress("search NSG by codes", done, len(params.search_list_sizes))
        row = row_of("search", f"{label(params)}, codes", dataset, index, size, load.measure_nsg(coded, size))
        yield dataclasses.replace(row, index_bytes=coded.nbytes)


def sweep_peers(params: Params, load: Workload, dataset: str) -> Iterator[Event]:
    """faiss on the same vectors: NSG with equal parameters, HNSW with as many links on its lowest layer, and the
    scan.
    """
    from experiments.ann.core import peers
    from experiments.ann.core.kernel import usable_cores

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
    few = dataclasses.replace(load, queries=load.queries[:FULL_LIST_QUERIES], truth=load.truth[:FULL_LIST_QUERIES])
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
    from experiments.ann.core.trial import Workload, effort_at_recall

    for n in sorted({max(1, len(load.base) >> halvings) for halvings in range(GROWTH_POINTS)}):
        part = Workload.of(load.base[:n], load.queries, min(load.k, n), load.threads)
        built = yield from build(params, part.base, seed)
        sweep = [part.count_nsg(built, size) for size in GROWTH_SIZES]
        effort = effort_at_recall(
            [one.recall_at_k for one in sweep], [one.distance_computations for one in sweep], GROWTH_RECALL
        )
        measured = sweep[-1]._replace(recall_at_k=GROWTH_RECALL, recall_at_10=math.nan, distance_computations=effort)
        yield row_of("growth", label(params), dataset, built, GROWTH_SIZES[-1], measured)


def every_node_is_reachable(rows: Sequence[Row]) -> Comparison:
    built = [row for row in rows if row.part == "full list"]
    found = [row.unreachable or 0 for row in built if row.method != NEITHER]
    return theorem(found, control=[row.unreachable or 0 for row in built if row.method == NEITHER])


def degree_limit_is_kept(rows: Sequence[Row]) -> Comparison:
    def excess(row: Row) -> int:
        return max(0, (row.max_degree or 0) - (row.degree_limit or 0))

    ours = [excess(row) for row in rows if row.part in ("full list", "growth")]
    return theorem(ours, control=[excess(row) for row in rows if row.part == "degree"])


def full_list_is_exact(rows: Sequence[Row]) -> Comparison:
    built = [row for row in rows if row.part == "full list"]
    missed = [1 - row.recall_at_k for row in built if row.method != NEITHER]
    return theorem(missed, control=[1 - row.recall_at_k for row in built if row.method == NEITHER])


def recall_equals_faiss(rows: Sequence[Row]) -> Comparison:
    size = min(row.search_list_size for row in rows if row.method == "faiss NSG")
    swept = [row for row in rows if (row.part, row.search_list_size) == ("search", size)]
    ours = by_seed(swept, recall_of, lambda row: row.method == "NSG")
    theirs = by_seed(swept, recall_of, lambda row: row.method == "faiss NSG")
    return equivalence(ours, theirs, margin=0.02)


def parts_are_needed(rows: Sequence[Row]) -> Comparison:
    def drop(part: str, method: str, without: str) -> Comparison:
        islands = without == NEITHER
        group = [row for row in rows if row.part == part and row.dataset.endswith(ISLANDS) == islands]
        arms = ([row for row in group if row.method == name] for name in (method, without))
        return effect(*(by_seed(arm, recall_of) for arm in arms), delta=0.01)

    return conditional(
        {
            "repair, where the neighbor graph is in two pieces": drop("full list", NEIGHBORS, NEITHER),
            "candidates from the search": drop("parts", "NSG", NEIGHBORS),
            "start at the navigating node": drop("parts", "NSG", "random start"),
        }
    )


def cost_grows_slower_than_a_root(rows: Sequence[Row]) -> Comparison:
    growth = [row for row in rows if row.part == "growth"]
    efforts: dict[int, list[float]] = {}
    for row in sorted(growth, key=lambda row: row.n):
        efforts.setdefault(row.seed, []).append(row.distance_computations)
    return slope_below(sorted({row.n for row in growth}), efforts, limit=0.5)


def recall_of(row: Row) -> float:
    return row.recall_at_k


EXPERIMENT = Experiment(
    params=Params,
    row=Row,
    run=run,
    claims=(
        Claim(
            statement="Every node of an NSG is reachable from its navigating node, "
            "also where the nearest neighbor graph is in pieces.",
            notes="NSG: tree repair (000:7)",
            kind="theorem",
            rule="Holds iff no NSG with repair has an unreachable node; "
            "without repair, on two islands, there must be one.",
            predicted="holds",
            judge=every_node_is_reachable,
        ),
        Claim(
            statement="No out-degree of an NSG exceeds max_degree, repair included.",
            notes="NSG: degree limit R (000:7)",
            kind="theorem",
            rule="Holds iff the largest out-degree of every NSG is at most max_degree; "
            "keeping all reverse edges must exceed it.",
            predicted="holds",
            judge=degree_limit_is_kept,
        ),
        Claim(
            statement="Search with a list as long as the base has recall 1.",
            notes="NSG: search (000:7)",
            kind="theorem",
            rule="Holds iff recall at k is 1 with search_list_size = n, by distance; "
            "without repair, on two islands, it must be less.",
            predicted="holds",
            judge=full_list_is_exact,
        ),
        Claim(
            statement="Recall at equal parameters is that of faiss's NSG within 0.02.",
            notes="NSG: construction (000:7)",
            kind="equivalence",
            rule="With the shortest search list, where recall is lowest: holds iff the interval of the difference of "
            "recall at k lies within 0.02, refuted iff outside.",
            predicted="holds",
            judge=recall_equals_faiss,
        ),
        Claim(
            statement="Repair, candidates from the search, and starting at the navigating node "
            "each raise recall by more than 0.01.",
            notes="NSG: what its steps are for (000:7)",
            kind="conditional",
            rule="For each step taken away, with the shortest search list, for repair with the full list: "
            "holds iff recall at k with it minus without it is above 0.01, refuted iff below.",
            predicted="conditional",
            judge=parts_are_needed,
        ),
        Claim(
            statement="Distances measured for recall 0.95 grow slower than the square root of the number of vectors.",
            notes="NSG: search complexity (000:7)",
            kind="slope",
            rule="Holds iff the interval of the exponent over n/16 to n lies below 0.5, refuted iff above.",
            predicted="holds",
            judge=cost_grows_slower_than_a_root,
        ),
    ),
    tables=(
        Table(
            title="Search",
            by=("method", "search_list_size"),
            columns=("recall_at_10", "recall_at_k", "queries_per_second", "distance_computations"),
            where=lambda row: row.part == "search",
        ),
        Table(
            title="Build",
            by=("method",),
            columns=("build_seconds", "index_bytes", "mean_degree", "max_degree", "attached", "unreachable"),
            where=lambda row: row.part == "search",
        ),
        Table(
            title="Parts taken away",
            by=("dataset", "method"),
            columns=("recall_at_k", "distance_computations", "mean_degree", "unreachable"),
            where=lambda row: row.part == "parts",
        ),
        Table(
            title="Full list",
            by=("dataset", "method"),
            columns=("recall_at_k", "unreachable", "attached", "max_degree"),
            where=lambda row: row.part in ("full list", "degree"),
        ),
        Table(
            title="Distances for recall 0.95",
            by=("n",),
            columns=("distance_computations", "mean_degree"),
            where=lambda row: row.part == "growth",
        ),
    ),
    curves=(
        Curve(
            name="recall_qps",
            x="recall_at_k",
            y="queries_per_second",
            group="method",
            y_scale="log",
            where=lambda row: row.part == "search",
        ),
        Curve(
            name="recall_distances",
            x="recall_at_k",
            y="distance_computations",
            group="method",
            y_scale="log",
            where=lambda row: row.part == "search",
        ),
        Curve(
            name="distances_n",
            x="n",
            y="distance_computations",
            x_scale="log",
            y_scale="log",
            where=lambda row: row.part == "growth",
        ),
    ),
)
