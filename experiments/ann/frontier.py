"""What does each class of nearest-neighbor search pay for its recall: scan, tree, hash, quantization, graph?

Every method gets the same vectors, one thread, and two ways of asking: one query at a time and all queries in one call.
Recall is measured again from the ids, by distance, so ties count; the cost is the number of vectors compared with a
query, then time.

Notes: the KNN and ANN problems, classes of algorithms (000:2); distances (004:54-56). Source: Aumüller, Bernhardsson,
Faithfull: ANN-Benchmarks: a benchmarking tool for approximate nearest neighbor algorithms, Information Systems 87,
2020.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import isnan, nan
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
from pydantic import Field
from pydantic.dataclasses import dataclass as parameters

from experiments.lab.errors import InputError
from experiments.lab.experiment import CHECKED, Curve, Event, Experiment, Note, Progress, Table
from experiments.lab.experiment import Row as LabRow
from experiments.lab.judge.claims import Claim, Comparison, by_seed, conditional, effect, ratio, theorem, undecided

if TYPE_CHECKING:
    from experiments.ann.core.rivals.methods import Method
    from experiments.ann.core.simd.distance import Floats

Name = Literal[
    "exact", "kdtree", "lsh", "ivf", "ivfpq", "hnsw", "nsg", "nsg_codes", "hnswlib", "usearch", "pynndescent", "svs"
]
Mode = Literal["single", "batch"]
Size = Annotated[int, Field(ge=1)]

OPTIONAL = ("hnswlib", "usearch", "pynndescent", "svs")
RECALL = 0.9
"""Recall at which costs are compared."""


@parameters(frozen=True, kw_only=True, config=CHECKED)
class Params:
    dataset: str = "clustered"
    """Generated or stored set of vectors, or the path of a file."""
    queries: str | None = None
    """File of queries, where ``dataset`` is the path of a file."""
    methods: Annotated[tuple[Name, ...], Field(min_length=1)] = (
        "exact",
        "kdtree",
        "lsh",
        "ivf",
        "ivfpq",
        "hnsw",
        "nsg",
        "nsg_codes",
    )
    """Methods to run; hnswlib, usearch, pynndescent and svs only where they are installed."""
    modes: Annotated[tuple[Mode, ...], Field(min_length=1)] = ("single", "batch")
    """One call per query, or all queries in one call."""
    n: Annotated[int, Field(ge=100, le=10_000_000)] = 1000
    """Number of base vectors."""
    n_queries: Annotated[int, Field(ge=1, le=100_000)] = 50
    """Number of queries."""
    dim: Annotated[int, Field(ge=1, le=4096)] = 32
    """Dimensions of generated vectors."""
    intrinsic_dim: Annotated[int, Field(ge=1, le=4096)] = 8
    """Dimensions of the subspaces of clustered vectors."""
    metric: Literal["l2", "cosine", "ip"] | None = None
    """Metric of the neighbors; the data set's own by default. All methods search an equivalent Euclidean space."""
    k: Size = 10
    """Neighbors per query."""
    leaf_size: Annotated[int, Field(ge=1, le=1024)] = 16
    """Most vectors in a leaf of the k-d tree."""
    max_leaves: tuple[Size, ...] = (1, 4, 16, 64)
    """Leaves that the k-d tree opens."""
    lsh_projections: Annotated[int, Field(ge=1, le=64)] = 8
    """Projections per hash table."""
    lsh_tables: tuple[Annotated[int, Field(ge=1, le=256)], ...] = (1, 4, 16)
    """Hash tables that are looked into."""
    nlist: Size = 32
    """Lists of IVF and IVF-PQ."""
    nprobe: tuple[Size, ...] = (1, 4, 16)
    """Lists that are looked at."""
    pq_subvectors: Annotated[int, Field(ge=1, le=256)] = 8
    """Parts of a vector that are quantized apart, with 8 bits each."""
    links: Annotated[int, Field(ge=2, le=128)] = 16
    """M of HNSW; the NSG has at most twice as many edges a node."""
    build_list_size: Size = 100
    """Pool of the builds of the graphs."""
    search_list_sizes: tuple[Size, ...] = (10, 40, 160)
    """Pools of the searches on graphs (efSearch, L)."""
    tree_dims: tuple[Annotated[int, Field(ge=1, le=4096)], ...] = (2, 8, 32)
    """Dimensions in which the exact k-d tree is followed, over n uniform vectors."""
    repeats: Annotated[int, Field(ge=1, le=99)] = 1
    """Timed passes over the queries, of which the median counts."""


@dataclass(frozen=True, kw_only=True)
class Row(LabRow):
    part: str
    """"curve", "exact", "tree" or "metric"."""
    dataset: str
    method: str
    family: str = ""
    mode: str = ""
    n: int = 0
    dim: int = 0
    effort: float = nan
    """Leaves, tables, lists or pool size."""
    recall_at_k: float = nan
    recall_at_1: float = nan
    distance_ratio: float = nan
    """Mean of found over true distance, rank by rank, over what was found at positive distance."""
    distance_computations: float = nan
    """Vectors compared with a query, mean; nan where the library counts none."""
    queries_per_second: float = nan
    build_seconds: float = nan
    bytes_per_vector: float = nan
    distance_error: float = nan
    """Largest relative difference of a returned distance from the exact one."""
    visited_fraction: float = nan
    """Share of the vectors that the exact k-d tree measures."""
    disagreement: float = nan
    """1 - mean Jaccard index of the neighbors under the named metric and under l2."""


def run(params: Params, seed: int) -> Iterator[Event]:
    from experiments.ann.core.rivals.methods import one_thread
    from experiments.ann.core.simd.distance import MetricSpace, checked_vectors
    from experiments.foundation.datasets.vectors import load_vectors

    names = available(params.methods)
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
    raw, asked = checked_vectors(data.base, "base"), checked_vectors(data.queries, "queries")
    space = MetricSpace.of_base(raw, data.metric)
    base, queries = space.place_base(raw), space.place_queries(asked)
    yield Note(f"{data.description}; {data.metric}, one thread; missing methods: {missing(params.methods, names)}")
    with one_thread():
        for number, name in enumerate(names):
            yield Progress(f"build and search {name}", number, len(names))
            yield from curve(params, name, base, queries, data.name, seed)
        yield from exact_agreement(params, base, queries, data.name)
        yield from tree_visits(params, seed)
        yield from metric_agreement(raw, asked, data.name)


def available(wanted: Sequence[str]) -> list[str]:
    """The wanted methods whose libraries are installed."""
    from experiments.ann.core.rivals.optional_methods import installed

    found = [name for name in wanted if name not in OPTIONAL or installed(name)]
    if not found:
        raise InputError(f"methods: none of {', '.join(wanted)} is installed; add exact, ivf, hnsw or nsg")
    return found


def missing(wanted: Sequence[str], found: Sequence[str]) -> str:
    return ", ".join(name for name in wanted if name not in found) or "none"


def build(params: Params, name: str, base: Floats, seed: int) -> tuple[Method, tuple[int, ...]]:
    """An index and the efforts to search it with."""
    from experiments.ann.core.rivals import methods
    from experiments.ann.core.rivals.optional_methods import optional_method

    size = params.build_list_size
    if name == "kdtree":
        return methods.kd_tree(base, leaf_size=params.leaf_size), params.max_leaves
    if name == "lsh":
        tables, width = max(params.lsh_tables), params.lsh_projections
        return methods.hash_tables(base, tables=tables, projections=width, k=params.k, seed=seed), params.lsh_tables
    if name in ("ivf", "ivfpq"):
        parts = params.pq_subvectors if name == "ivfpq" else None
        return methods.inverted_lists(base, nlist=params.nlist, pq_subvectors=parts), params.nprobe
    if name == "hnsw":
        return methods.hnsw(base, links=params.links, search_list_size=size), params.search_list_sizes
    if name in ("nsg", "nsg_codes"):
        make = methods.nsg if name == "nsg" else methods.nsg_codes
        return make(base, max_degree=2 * params.links, search_list_size=size, seed=seed), params.search_list_sizes
    if name in OPTIONAL:
        other = optional_method(name, base, links=params.links, search_list_size=size, seed=seed)
        return other, params.search_list_sizes
    return methods.exact_scan(base), (1,)


def curve(params: Params, name: str, base: Floats, queries: Floats, dataset: str, seed: int) -> Iterator[Row]:
    """One method at every effort, asked in every mode."""
    from experiments.ann.core.exact.exact import distances_of, exact_neighbors, recall_by_distance
    from experiments.ann.core.rivals.methods import queries_per_second
    from experiments.ann.core.theory.agreement import distance_ratio

    truth = exact_neighbors(base, queries, params.k, threads=1)[1]
    method, efforts = build(params, name, base, seed)
    for effort in sorted(efforts):
        found = distances_of(base, queries, method.search(queries, params.k, effort))
        cost = method.count(queries, params.k, effort)
        for mode in params.modes:
            yield Row(
                part="curve",
                dataset=dataset,
                method=method.name,
                family=method.family,
                mode=mode,
                n=len(base),
                dim=base.shape[1],
                effort=effort,
                recall_at_k=float(recall_by_distance(found, truth, params.k).mean()),
                recall_at_1=float(recall_by_distance(found, truth, 1).mean()),
                distance_ratio=distance_ratio(found, truth),
                distance_computations=cost,
                queries_per_second=queries_per_second(
                    method, queries, params.k, effort, batch=mode == "batch", repeats=params.repeats
                ),
                build_seconds=method.build_seconds,
                bytes_per_vector=method.index_bytes / len(base),
            )


def exact_agreement(params: Params, base: Floats, queries: Floats, dataset: str) -> Iterator[Row]:
    from experiments.ann.core.theory.agreement import exact_answer_errors

    errors = exact_answer_errors(base, queries, min(params.k, len(base)), params.leaf_size)
    for method, error in errors.items():
        yield Row(part="exact", dataset=dataset, method=method, n=len(base), dim=base.shape[1], distance_error=error)


def tree_visits(params: Params, seed: int) -> Iterator[Row]:
    """The share of uniform vectors that an exact k-d tree search measures, by dimension."""
    from experiments.ann.core.exact.kdtree import build_tree, search_tree

    for dim in params.tree_dims:
        drawn = np.random.default_rng((seed, dim)).random((params.n + params.n_queries, dim), dtype=np.float32)
        answer = search_tree(build_tree(drawn[: params.n], params.leaf_size), drawn[params.n :], params.k)
        share = float(answer.points_measured.mean()) / params.n
        yield Row(part="tree", dataset="uniform", method="exact k-d tree", n=params.n, dim=dim, visited_fraction=share)


def metric_agreement(base: Floats, queries: Floats, dataset: str) -> Iterator[Row]:
    """How far the ten nearest under l1, ip and cosine differ from those under l2, as given and at unit length."""
    from experiments.ann.core.theory.similarity import jaccard, top_k, unit_rows

    k = min(10, len(base))
    scales = (("as given", base, queries), ("unit length", unit_rows(base), unit_rows(queries)))
    for scale, points, asked in scales:
        nearest = top_k(points, asked, k, "l2")
        for metric in ("l1", "ip", "cosine"):
            share = float(jaccard(nearest, top_k(points, asked, k, metric)).mean())
            yield Row(
                part="metric",
                dataset=dataset,
                method=f"{metric}, {scale}",
                n=len(base),
                dim=base.shape[1],
                disagreement=1 - share,
            )


def curves_of(rows: Sequence[Row]) -> dict[tuple[int, str], list[Row]]:
    """Rows of each seed and method by rising effort; of the modes only one, as they differ in time alone."""
    found: dict[tuple[int, str], dict[float, Row]] = {}
    for row in rows:
        if row.part == "curve":
            found.setdefault((row.seed, row.method), {}).setdefault(row.effort, row)
    return {key: [points[effort] for effort in sorted(points)] for key, points in found.items()}


def cheapest(rows: Sequence[Row], accepts: Callable[[Row], bool]) -> dict[int, float]:
    """Fewest distance computations at recall 0.9 per seed among the methods that reach it."""
    from experiments.ann.core.rivals.trial import effort_at_recall

    best: dict[int, float] = {}
    for (seed, _), points in curves_of(rows).items():
        if accepts(points[0]):
            costs = [row.distance_computations for row in points]
            cost = effort_at_recall([row.recall_at_k for row in points], costs, RECALL)
            if not isnan(cost):
                best[seed] = min(cost, best.get(seed, cost))
    return best


def exact_methods_agree(rows: Sequence[Row]) -> Comparison:
    from experiments.ann.core.theory.agreement import ONE_LEAF

    errors = [row.distance_error for row in rows if row.part == "exact" and row.method != ONE_LEAF]
    return theorem(errors, tolerance=1e-5, control=[row.distance_error for row in rows if row.method == ONE_LEAF])


def tree_measures_less_than_half(rows: Sequence[Row]) -> Comparison:
    def compare(dim: int) -> Comparison:
        visited = by_seed(rows, lambda row: row.visited_fraction, lambda row: row.part == "tree" and row.dim == dim)
        return effect(dict.fromkeys(visited, 0.5), visited, delta=0.0)

    return conditional({f"{dim} dimensions": compare(dim) for dim in sorted({r.dim for r in rows if r.part == "tree"})})


def graph_needs_fewest_distances(rows: Sequence[Row]) -> Comparison:
    graph = cheapest(rows, lambda row: row.family == "graph")
    other = cheapest(rows, lambda row: row.family in ("tree", "hash", "quantization"))
    if not graph or not other:
        return undecided("effect", f"expected a graph and another method that reach recall {RECALL}")
    return ratio(other, graph, at_least=1.25)


def recall_rises_with_effort(rows: Sequence[Row]) -> Comparison:
    recalls = [[row.recall_at_k for row in points] for points in curves_of(rows).values() if len(points) > 1]
    falls = [max(before - after for before, after in pairwise(curve)) for curve in recalls]
    backwards = [max(after - before for before, after in pairwise(curve)) for curve in recalls]
    return theorem(falls, tolerance=0.01, control=backwards)


def metrics_agree(rows: Sequence[Row]) -> Comparison:
    def disagreements(*methods: str) -> list[float]:
        return [row.disagreement for row in rows if row.part == "metric" and row.method in methods]

    given = disagreements("ip, as given", "cosine, as given")
    unit = disagreements("ip, unit length", "cosine, unit length")
    tall = disagreements("l1, unit length")
    return conditional(
        {
            "l2, ip and cosine at unit length": theorem(unit, control=given),
            "l2, ip and cosine as given": theorem(given, control=given),
            "l2 and l1 at unit length": theorem(tall, control=given),
        }
    )


EXPERIMENT = Experiment(
    params=Params,
    row=Row,
    run=run,
    claims=(
        Claim(
            statement="Exact methods return the same distances: two scans and two k-d trees",
            notes="the KNN problem (000:2)",
            kind="theorem",
            rule="holds iff every distance is within 1e-5, relative, of a scan in float64; control: a k-d tree that "
            "opens one leaf",
            predicted="holds",
            judge=exact_methods_agree,
        ),
        Claim(
            statement="An exact k-d tree measures fewer than half of the vectors",
            notes="classes of algorithms: trees (000:2)",
            kind="conditional",
            rule="per dimension, on uniform vectors: 0.5 minus the visited share is above 0",
            predicted="conditional",
            judge=tree_measures_less_than_half,
        ),
        Claim(
            statement="At recall 0.9 the best graph compares fewer than 0.8 times the vectors of the best tree, hash "
            "or IVF",
            notes="classes of algorithms (000:2)",
            kind="effect",
            rule="ratio of distance computations, interpolated at recall 0.9, of the best other method to the best "
            "graph above 1.25",
            predicted="holds",
            judge=graph_needs_fewest_distances,
        ),
        Claim(
            statement="Recall does not fall by more than 0.01 when a method gets more effort",
            notes="the ANN problem (000:2)",
            kind="theorem",
            rule="holds iff no step of a curve falls by more than 0.01; control: the same curves read backwards",
            predicted="holds",
            judge=recall_rises_with_effort,
        ),
        Claim(
            statement="The ten nearest do not depend on the metric",
            notes="L1 and L2 distance, metrics (004:54-56)",
            kind="conditional",
            rule="holds iff the neighbors agree for every query (mean Jaccard index 1); control: vectors as given",
            predicted="conditional",
            judge=metrics_agree,
        ),
    ),
    tables=(
        Table(
            title="Recall and cost",
            by=("dataset", "method", "effort"),
            columns=("recall_at_k", "recall_at_1", "distance_ratio", "distance_computations"),
            where=lambda row: row.part == "curve",
        ),
        Table(
            title="Speed, one thread",
            by=("method", "effort", "mode"),
            columns=("recall_at_k", "queries_per_second"),
            where=lambda row: row.part == "curve",
        ),
        Table(
            title="Build",
            by=("dataset", "method", "n", "dim"),
            columns=("build_seconds", "bytes_per_vector"),
            where=lambda row: row.part == "curve",
        ),
        Table(
            title="Exact k-d tree by dimension",
            by=("dim", "n"),
            columns=("visited_fraction",),
            where=lambda row: row.part == "tree",
        ),
        Table(
            title="Ten nearest against those under l2",
            by=("dataset", "method"),
            columns=("disagreement",),
            where=lambda row: row.part == "metric",
        ),
    ),
    curves=(
        Curve(
            name="recall_distance_computations",
            x="recall_at_k",
            y="distance_computations",
            group="method",
            y_scale="log",
            where=lambda row: row.part == "curve" and not isnan(row.distance_computations),
        ),
        Curve(
            name="recall_queries_per_second_batch",
            x="recall_at_k",
            y="queries_per_second",
            group="method",
            y_scale="log",
            where=lambda row: row.part == "curve" and row.mode == "batch",
        ),
        Curve(
            name="recall_queries_per_second_single",
            x="recall_at_k",
            y="queries_per_second",
            group="method",
            y_scale="log",
            where=lambda row: row.part == "curve" and row.mode == "single",
        ),
    ),
)
