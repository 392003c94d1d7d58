"""Our NSG, searched with every list as it is and by codes, and other index types on the same vectors and threads."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING

from experiments.ann.nsg import kept
from experiments.ann.nsg.setup import Vectors, measured
from experiments.lab.answers import mean, number
from experiments.lab.experiment import Curve, Event, Note, Part, Progress, Row, Table, observation
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import NotMeasured, Pairs
from experiments.lab.judge.measures import paired
from experiments.lab.judge.rules import Equivalence

if TYPE_CHECKING:
    from experiments.ann.core.nsg.index import NSG
    from experiments.ann.core.rivals import Index

ENOUGH = 0.99
"""Recall at which methods are compared in the headline."""
WANTED = (0.9, 0.95, 0.99, 0.999)
"""Recalls for which the answer says what to take."""


@observation
class SearchRow(Row):
    """One index, searched with one candidate list."""

    method: str
    dataset: str
    n: int
    metric: str
    k: int
    """Neighbors per query."""
    search_list_size: int
    """Length of the candidate list, or the effort of another kind of index."""
    recall_at_k: float
    recall_at_10: float
    """NaN where k is below 10."""
    queries_per_second: float
    distance_computations: float
    """Mean per query; NaN where the library counts none. By codes, distances are those of codes."""
    latency_p50_us: float
    """Microseconds of one query a call, from Python."""
    latency_p95_us: float
    latency_p99_us: float
    build_seconds: float
    index_bytes: int
    mean_degree: float
    """NaN where an index has no graph, or does not show it."""
    max_degree: int | None


def run(vectors: Vectors) -> Iterator[Event]:
    """A kept index has no others beside it: they would have to be built."""
    from experiments.ann.core.rivals.ours import OurCodedNSG, OurNSG

    params = vectors.params
    if params.index is not None:
        found = yield from kept.find(vectors, params.index)
    else:
        yield Progress("exact neighbors", 0, 1)
        load = vectors.load
        index = yield from vectors.build(load.base, vectors.settings())
        yield from notes_of(vectors, index)
        found = kept.Found(index, load, vectors.dataset, vectors.metric)
    plain = OurNSG.around(found.index)
    plain.name = "NSG" if found.index.settings.repair else "NSG, no repair"
    sizes = vectors.sizes(len(found.index))
    yield from sweep(vectors, plain, sizes, found)
    coded = OurCodedNSG.on(plain, params.search_threads)
    coded.name = f"{plain.name}, codes"
    yield from sweep(vectors, coded, sizes, found)
    if found.neighbors is not None:
        yield found.neighbors
    if params.index is None:
        yield from peers(vectors, found)


def notes_of(vectors: Vectors, index: NSG) -> Iterator[Note]:
    """How the neighbor graph was chosen, what repair did, and memory beside what vectors and edges alone take."""
    from experiments.ann.core.nsg.construction.neighbors import GROUPED_FROM, neighbor_plan
    from experiments.foundation.cores import usable_cores

    n, width = index.base.shape
    if n >= GROUPED_FROM:
        plan = neighbor_plan(n, width, vectors.params.threads or usable_cores())
        yield Note(
            f"neighbor graph: {index.report.neighbors}; the cost model says {plan.exact_seconds:,.0f} s exactly and "
            f"{plan.grouped_seconds:,.0f} s in groups"
        )
    yield Note(f"repair attached {index.report.attached:,} edges; {index.unreachable:,} nodes are out of reach")
    least = n * index.space.dim * index.built.vectors.itemsize + 4 * int(index.degrees.sum())
    yield Note(f"memory: index {index.nbytes / 1e6:,.0f} MB; its vectors and edges alone are {least / 1e6:,.0f} MB")


def peers(vectors: Vectors, found: kept.Found) -> Iterator[Event]:
    """Other index types: graphs of the same degree, HNSW on its lowest layer."""
    from experiments.ann.core.rivals import INDEXES, Settings
    from experiments.foundation.cores import usable_cores

    params = vectors.params
    settings = Settings(
        knn=params.knn,
        build_list_size=params.search_list_size,
        max_degree=params.max_degree,
        candidates=params.candidates,
        search_list_sizes=vectors.sizes(len(vectors.base)),
        k=params.k,
        seed=vectors.seed,
    )
    for name in params.peers:
        if reason := INDEXES[name].missing():
            yield Note(f"{name} is left out: {reason}")
            continue
        yield Progress(f"build {name}", 0, 1)
        try:
            index = INDEXES[name].of(vectors.load.base, settings, params.threads or usable_cores())
        except RuntimeError as refusal:
            yield Note(f"{name} is left out, its library refuses these vectors: {refusal}")
            continue
        yield from sweep(vectors, index, index.efforts, found)


def sweep(vectors: Vectors, index: Index, sizes: Sequence[int], found: kept.Found) -> Iterator[Event]:
    """An index at every size, from the shortest."""
    from experiments.ann.core.nsg.recommending import ALONE, latencies
    from experiments.ann.core.rivals.measuring import queries_per_second

    threads, degrees, load = vectors.params.search_threads, index.degrees, found.load
    for done, size in enumerate(sorted(sizes)):
        yield Progress(f"search {index.name}", done, len(sizes))
        count = index.distance_computations(load.asked, load.k, size, threads)
        search = partial(index.search, k=load.k, effort=size, threads=threads)
        distances = load.distances(search(load.asked))
        reached = load.recall(distances, load.k)
        p50, p95, p99 = latencies(index.one_by_one(load.k, size), load.asked[:ALONE])
        yield SearchRow(
            method=index.name,
            dataset=found.dataset,
            n=len(load.base),
            metric=found.metric,
            k=load.k,
            search_list_size=size,
            recall_at_k=reached,
            recall_at_10=load.recall(distances, 10),
            queries_per_second=queries_per_second(search, load.asked),
            distance_computations=count,
            latency_p50_us=p50,
            latency_p95_us=p95,
            latency_p99_us=p99,
            build_seconds=index.build_seconds,
            index_bytes=index.nbytes,
            mean_degree=math.nan if degrees is None else float(degrees.mean()),
            max_degree=None if degrees is None else int(degrees.max()),
        )
        if vectors.params.is_own and reached >= max(WANTED):
            break


def beside_faiss(rows: Sequence[SearchRow]) -> Pairs | NotMeasured:
    """Recall of ours and of faiss's NSG with the shortest list, where it is lowest."""
    rows = measured(rows, "search")
    size = min((row.search_list_size for row in rows if row.method == "faiss NSG"), default=0)
    return paired("recall_at_k", only={"search_list_size": size}, method=("NSG", "faiss NSG"))(rows)


def enough(rows: Sequence[SearchRow]) -> list[SearchRow]:
    """The row of each seed and method with the shortest list that reaches the recall."""
    shortest: dict[tuple[int, str], SearchRow] = {}
    for row in sorted(rows, key=lambda row: row.search_list_size):
        if row.recall_at_k >= ENOUGH:
            shortest.setdefault((row.seed, row.method), row)
    return list(shortest.values())


def is_ours(row: SearchRow) -> bool:
    return row.method.startswith("NSG")


def fastest(rows: Sequence[SearchRow]) -> str:
    rows = enough(rows)
    method = max(rows, key=lambda row: row.queries_per_second).method
    return (
        f"At recall {ENOUGH} {method} is fastest: {number(mean(rows, 'queries_per_second', method=method))} queries/s"
    )


def fewest_distances(rows: Sequence[SearchRow]) -> str:
    rows = [row for row in enough(rows) if not math.isnan(row.distance_computations)]
    method = min(rows, key=lambda row: row.distance_computations).method
    count = number(mean(rows, "distance_computations", method=method))
    return f"At recall {ENOUGH} {method} measures the fewest distances, {count} a query"


PART = Part(
    name="search",
    row=SearchRow,
    run=run,
    claims=(
        Claim(
            "recall_equals_faiss",
            statement="With equal parameters, recall is within 0.02 of that of faiss's NSG.",
            rule=Equivalence("recall at k with the shortest list, ours and faiss's NSG", margin=0.02),
            measure=beside_faiss,
            topic="NSG: construction",
            predicted="holds",
            source="Fu et al. 2019, algorithm 2, which both implement",
        ),
    ),
    tables=(
        Table(
            title="Search",
            by=("method", "search_list_size"),
            columns=("recall_at_10", "queries_per_second", "distance_computations", "latency_p50_us", "latency_p99_us"),
        ),
        Table(title="Build", by=("method",), columns=("build_seconds", "index_bytes", "mean_degree", "max_degree")),
    ),
    curves=(
        Curve("recall_qps", "recall_at_k", "queries_per_second", "method", y_scale="log", title=fastest),
        Curve(
            "recall_distances", "recall_at_k", "distance_computations", "method", y_scale="log", title=fewest_distances
        ),
    ),
)
