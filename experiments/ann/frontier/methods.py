"""Every index type at every effort, asked one query at a time and with all queries in one call."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from itertools import pairwise
from statistics import fmean

from experiments.ann.frontier.setup import MODES, Mode, Vectors
from experiments.lab.answers import listing, mean, number
from experiments.lab.experiment import Curve, Event, Part, Progress, Row, Table, kept, observation
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Instances, NotMeasured, Pairs
from experiments.lab.judge.rules import Ratio, Theorem

RECALL = 0.9
"""Recall at which costs are compared."""


@observation
class MethodRow(Row):
    """One index type at one effort."""

    dataset: str
    method: str
    family: str
    """exact, tree, hash, quantization or graph."""
    mode: Mode
    n: int
    dim: int
    effort: int
    """Leaves, tables, lists, or the length of the candidate list; a scan measures all vectors."""
    recall_at_k: float
    recall_at_1: float
    distance_ratio: float
    """Mean of found over true distance, rank by rank, over what was found at positive distance."""
    distance_computations: float
    """Vectors compared with a query, mean; NaN where the library counts none."""
    queries_per_second: float
    build_seconds: float
    bytes_per_vector: float


def run(vectors: Vectors) -> Iterator[Event]:
    from experiments.ann.core.rivals.measuring import one_thread

    with one_thread():
        for done, name in enumerate(vectors.methods):
            yield Progress(f"build and search {name}", done, len(vectors.methods))
            yield from sweep(vectors, name)


def sweep(vectors: Vectors, name: str) -> Iterator[MethodRow]:
    """One index type at every effort, asked in every mode."""
    from experiments.ann.core.exact.exact import distance_ratio
    from experiments.ann.core.rivals import INDEXES
    from experiments.ann.core.rivals.measuring import queries_per_second

    load, params = vectors.load, vectors.params
    index = INDEXES[name].of(load.base, vectors.settings)
    for effort in sorted(index.efforts):
        search = partial(index.search, k=load.k, effort=effort)
        found = load.distances(search(load.queries))
        cost = index.distance_computations(load.queries, load.k, effort)
        for mode in params.modes:
            yield MethodRow(
                dataset=vectors.dataset,
                method=index.name,
                family=index.family,
                mode=mode,
                n=len(load.base),
                dim=load.base.shape[1],
                effort=effort,
                recall_at_k=load.recall(found, load.k),
                recall_at_1=load.recall(found, 1),
                distance_ratio=distance_ratio(found, load.truth),
                distance_computations=cost,
                queries_per_second=queries_per_second(
                    search, load.queries, batch=mode == "batch", repeats=params.repeats
                ),
                build_seconds=index.build_seconds,
                bytes_per_vector=index.nbytes / len(load.base),
            )


def sweeps(rows: Sequence[MethodRow]) -> Mapping[tuple[int, str], list[MethodRow]]:
    """Rows of each seed and method by rising effort; of the modes only one, as they differ in time alone."""
    found: dict[tuple[int, str], dict[int, MethodRow]] = {}
    for row in sorted(rows, key=lambda row: row.effort):
        found.setdefault((row.seed, row.method), {}).setdefault(row.effort, row)
    return {key: list(points.values()) for key, points in found.items()}


def cheapest(rows: Sequence[MethodRow], families: tuple[str, ...]) -> Mapping[int, tuple[float, str]]:
    """Fewest distance computations at recall 0.9 and the method that has them, per seed where one reaches it."""
    from experiments.ann.core.rivals.measuring import effort_at_recall

    best: dict[int, tuple[float, str]] = {}
    for (seed, method), points in sweeps(kept(rows, {"family": families})).items():
        costs = [row.distance_computations for row in points]
        cost = effort_at_recall([row.recall_at_k for row in points], costs, RECALL)
        if not math.isnan(cost):
            best[seed] = min((cost, method), best.get(seed, (cost, method)))
    return best


def others_over_graphs(rows: Sequence[MethodRow]) -> Pairs | NotMeasured:
    """Cost of the best tree, hash or quantization, and of the best graph; of a scan in seeds where none reaches it."""
    others = ("tree", "hash", "quantization")
    if not kept(rows, {"family": "graph"}) or not kept(rows, {"family": others}):
        return NotMeasured("needs a graph and another method")
    scan = {row.seed: float(row.n) for row in rows}
    return Pairs(
        *(scan | {seed: cost for seed, (cost, _) in cheapest(rows, of).items()} for of in (others, ("graph",)))
    )


def fewest_distances(rows: Sequence[MethodRow]) -> str:
    """What the curve of distance computations shows."""
    pairs = others_over_graphs(rows)
    if isinstance(pairs, NotMeasured):
        return f"Distance computations of {listing(dict.fromkeys(row.method for row in rows))} by recall"
    other, graph = (number(fmean(costs.values())) for costs in pairs.both)
    return f"Recall {RECALL} takes the best graph {graph} distances a query, the best other method {other}"


def fastest(mode: Mode) -> Callable[[Sequence[MethodRow]], str]:
    """The title of a curve of speeds: the fastest method with the recall."""
    asked = {"batch": "all queries in one call", "single": "one query at a time"}[mode]

    def title(rows: Sequence[MethodRow]) -> str:
        reached = [row for row in kept(rows, {"mode": mode}) if row.recall_at_k >= RECALL]
        if not reached:
            return f"No method reaches recall {RECALL} with {asked}"
        speeds = {
            (row.method, row.effort): mean(reached, "queries_per_second", method=row.method, effort=row.effort)
            for row in reached
        }
        best = max(speeds, key=lambda arm: speeds[arm])
        return f"With {asked}, {best[0]} is fastest at recall {RECALL}: {number(speeds[best], 2)} queries a second"

    return title


def at_recall(rows: Sequence[MethodRow]) -> list[MethodRow]:
    """The row of each method, asked in batches, with the least effort that reaches the recall."""
    reached = [row for row in kept(rows, {"mode": "batch"}) if row.recall_at_k >= RECALL]
    return [points[0] for points in sweeps(reached).values()]


def falls_of_recall(rows: Sequence[MethodRow]) -> Instances:
    """The largest fall of each curve, and as a control that of the curve read backwards."""
    curves = [[row.recall_at_k for row in points] for points in sweeps(rows).values() if len(points) > 1]
    return Instances(
        errors=[max(before - after for before, after in pairwise(curve)) for curve in curves],
        control=[max(after - before for before, after in pairwise(curve)) for curve in curves],
    )


PART = Part(
    name="methods",
    row=MethodRow,
    run=run,
    claims=(
        Claim(
            "graph_needs_fewest_distances",
            statement="At recall 0.9 the best graph compares fewer than 0.8 times as many vectors as the best tree, "
            "hash or IVF.",
            rule=Ratio("distance computations at recall 0.9, best other method over best graph", at_least=1.25),
            measure=others_over_graphs,
            topic="classes of algorithms: distances compared",
            predicted="holds",
            source="Aumüller, Bernhardsson and Faithfull 2020: graphs lead at high recall",
        ),
        Claim(
            "recall_rises_with_effort",
            statement="Recall does not fall by more than 0.01 when a method gets more effort.",
            rule=Theorem(
                "recall does not fall from one effort to the next", control="the same curve backwards", tolerance=0.01
            ),
            measure=falls_of_recall,
            topic="the ANN problem: recall and effort",
            predicted="holds",
            source="more effort looks at more vectors",
        ),
    ),
    tables=(
        Table(
            title="Recall and cost",
            by=("dataset", "method", "effort"),
            columns=("recall_at_k", "recall_at_1", "distance_ratio", "distance_computations"),
        ),
        Table(
            title="Speed, one thread", by=("method", "effort", "mode"), columns=("recall_at_k", "queries_per_second")
        ),
        Table(title="Build", by=("dataset", "method", "n", "dim"), columns=("build_seconds", "bytes_per_vector")),
    ),
    curves=(
        Curve(
            "recall_distance_computations",
            "recall_at_k",
            "distance_computations",
            "method",
            y_scale="log",
            title=fewest_distances,
        ),
        *(
            Curve(
                f"recall_queries_per_second_{mode}",
                "recall_at_k",
                "queries_per_second",
                "method",
                y_scale="log",
                only={"mode": mode},
                title=fastest(mode),
            )
            for mode in MODES
        ),
    ),
)
