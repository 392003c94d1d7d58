"""Does an NSG find the neighbors that faiss's NSG finds, at what cost, and which of its parts does it need?

Notes: NSG, its construction and its parameters (000:7).
Source: Fu, Xiang, Wang, Cai: Fast Approximate Nearest Neighbor Search With The Navigating Spreading-out Graph, PVLDB
12(5), 2019.

faiss counts distances for HNSW only, so its NSG has none to show. Recall is measured again from the ids, by distance,
so ties count.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import wraps
from typing import Annotated, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass as parameters

from experiments.ann import nsg_trials as trials
from experiments.ann.nsg_kept import build_or_search
from experiments.ann.nsg_trials import ISLANDS, NEIGHBORS, NEITHER, Row
from experiments.foundation.datasets.vectors import load_vectors
from experiments.lab.experiment import CHECKED, Curve, Event, Experiment, Note, Progress, Table
from experiments.lab.judge.claims import (
    Claim,
    Comparison,
    Kind,
    by_seed,
    conditional,
    effect,
    equivalence,
    slope_below,
    theorem,
    unavailable,
)

Size = Annotated[int, Field(ge=1)]
Judge = Callable[[Sequence[Row]], Comparison]


@parameters(frozen=True, kw_only=True, config=CHECKED)
class Params:
    dataset: str = "clustered"
    """Base vectors: clustered, gauss, uniform, digits, mnist, sift-cifar or another named set, or the path of a
    file.
    """
    queries: str | None = None
    """File of queries, where ``dataset`` is the path of a file (by default some of its rows are held out), or for the
    kept ``index``.
    """
    index: str | None = None
    """File that keeps an index. With ``queries``, the index in it is searched; otherwise all rows of ``dataset``, or n
    generated ones, are indexed and written there. Only ours is measured then.
    """
    measure: tuple[Literal["peers", "parts", "growth"], ...] = ("peers", "parts", "growth")
    """What is measured beside our own search: faiss, the parts of NSG one by one, and growth with n."""
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
    """Neighbors per node of the nearest neighbor graph that NSG is built from."""
    neighbors: Literal["auto", "exact", "grouped"] = "auto"
    """How that graph is found: exactly, or in groups; a cost model chooses, from about 300,000 vectors on groups."""
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


def run(params: Params, seed: int) -> Iterator[Event]:
    """Build ours and faiss's on the same vectors, sweep the search, then put the theorems and the parts of NSG to
    the test.
    """
    from experiments.ann.core.rivals.trial import Workload, islands
    from experiments.ann.core.simd.distance import MetricSpace, checked_vectors

    if params.index is not None:
        yield from build_or_search(params, params.index, seed)
        return
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
    trials.check_sizes(params, len(data.base))
    yield Note(data.description)
    base, queries = checked_vectors(data.base, "base"), checked_vectors(data.queries, "queries")
    space = MetricSpace.of_base(base, data.metric)
    yield Progress("exact neighbors", 0, 1)
    load = Workload.of(space.place_base(base), space.place_queries(queries), params.k, params.search_threads)
    index = yield from trials.build(params, load.base, seed)
    yield from trials.notes_of(params, index)
    yield from trials.sweep_ours(params, load, index, data.name)
    if "peers" in params.measure:
        yield from trials.sweep_peers(params, load, data.name)
    if "parts" in params.measure:
        yield from trials.take_apart(params, load, trials.ARMS, data.name, seed)
        apart = Workload.of(islands(load.base), islands(load.queries), load.k, load.threads)
        yield from trials.take_apart(params, apart, trials.ISLAND_ARMS, data.name + ISLANDS, seed)
    if "growth" in params.measure:
        yield from trials.grow(params, load, data.name, seed)


def needs(part: str, kind: Kind) -> Callable[[Judge], Judge]:
    """A claim's function that is not asked where the part of the study that it reads was not run."""

    def decorate(judge: Judge) -> Judge:
        @wraps(judge)
        def judged(rows: Sequence[Row]) -> Comparison:
            if any(row.part == part for row in rows):
                return judge(rows)
            return unavailable(kind, "it is judged by the whole study, without index=, with all of measure")

        return judged

    return decorate


@needs("full list", "theorem")
def every_node_is_reachable(rows: Sequence[Row]) -> Comparison:
    built = [row for row in rows if row.part == "full list"]
    found = [row.unreachable or 0 for row in built if row.method != NEITHER]
    return theorem(found, control=[row.unreachable or 0 for row in built if row.method == NEITHER])


@needs("degree", "theorem")
def degree_limit_is_kept(rows: Sequence[Row]) -> Comparison:
    def excess(row: Row) -> int:
        return max(0, (row.max_degree or 0) - (row.degree_limit or 0))

    ours = [excess(row) for row in rows if row.part in ("full list", "growth")]
    return theorem(ours, control=[excess(row) for row in rows if row.part == "degree"])


@needs("full list", "theorem")
def full_list_is_exact(rows: Sequence[Row]) -> Comparison:
    built = [row for row in rows if row.part == "full list"]
    missed = [1 - row.recall_at_k for row in built if row.method != NEITHER]
    return theorem(missed, control=[1 - row.recall_at_k for row in built if row.method == NEITHER])


def recall_equals_faiss(rows: Sequence[Row]) -> Comparison:
    sizes = [row.search_list_size for row in rows if row.method == "faiss NSG"]
    if not sizes:
        return unavailable("equivalence", "faiss's NSG was not built beside ours")
    size = min(sizes)
    swept = [row for row in rows if (row.part, row.search_list_size) == ("search", size)]
    ours = by_seed(swept, recall_of, lambda row: row.method == "NSG")
    theirs = by_seed(swept, recall_of, lambda row: row.method == "faiss NSG")
    return equivalence(ours, theirs, margin=0.02)


@needs("parts", "conditional")
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


@needs("growth", "slope")
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
            columns=("recall_at_10", "queries_per_second", "distance_computations"),
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
