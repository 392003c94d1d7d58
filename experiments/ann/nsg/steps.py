"""NSGs with one step taken away at a time: on the data as they are, and where these are in two pieces."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from experiments.ann.nsg.setup import Vectors, measured
from experiments.lab.answers import mean
from experiments.lab.experiment import Event, Part, Row, Table, observation
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Instances, Pairs
from experiments.lab.judge.measures import by_seed
from experiments.lab.judge.rules import Each, Effect, Theorem

if TYPE_CHECKING:
    from experiments.ann.core.rivals.measuring import Workload
    from experiments.ann.core.simd.distance import Floats

FULL_LIST_QUERIES = 10
ISLANDS = " on two islands"
NEIGHBORS = "candidates from neighbors only"
NEITHER = "candidates from neighbors only, without repair"
RANDOM = "random start"
FOUR = "four edges a node"
Arms = Mapping[str, Mapping[str, object]]
ARMS: Arms = {"NSG": {}, NEIGHBORS: {"candidates_from_search": False}, RANDOM: {}, FOUR: {"max_degree": 4}}
"""What is changed of the NSG, on the data as they are."""
ISLAND_ARMS: Arms = {
    "NSG": {},
    NEIGHBORS: {"candidates_from_search": False},
    NEITHER: {"candidates_from_search": False, "repair": False},
}


@observation
class StepRow(Row):
    """One NSG, searched with the shortest list and, for few queries, with one of all nodes."""

    dataset: str
    islands: bool
    method: str
    n: int
    search_list_size: int
    recall_at_k: float
    distance_computations: float
    """Mean per query."""
    full_list_recall: float
    full_list_distances: float
    index_bytes: int
    mean_degree: float
    max_degree: int
    degree_limit: int
    all_reverse_degree: int
    """Largest out-degree if the reverse of every edge were kept."""
    attached: int
    """Edges that repair attached."""
    unreachable: int
    """Nodes that the navigating node does not reach."""


def run(vectors: Vectors) -> Iterator[Event]:
    from experiments.ann.core.rivals.measuring import Workload

    if vectors.params.index is not None:
        return
    load = vectors.load
    yield from take_apart(vectors, load, ARMS, islands=False)
    apart = Workload.of(split(load.base), split(load.queries), load.k, vectors.params.search_threads)
    yield from take_apart(vectors, apart, ISLAND_ARMS, islands=True)


def split(base: Floats) -> Floats:
    """The same vectors (n, d) with every second one moved far along the first axis: no near neighbor crosses over."""
    import numpy as np

    moved = base.copy()
    moved[1::2, 0] += 100.0 * max(float(np.ptp(base)), 1.0)
    return moved


def take_apart(vectors: Vectors, load: Workload, arms: Arms, *, islands: bool) -> Iterator[Event]:
    size, few = min(vectors.params.search_list_sizes), load.first(FULL_LIST_QUERIES)
    for method, changes in arms.items():
        index = yield from vectors.build(load.base, vectors.settings(**{"repair": True, **changes}))
        recall, distances = vectors.searched(index, load, size, random_start=method == RANDOM)
        full_recall, full_distances = vectors.searched(index, few, len(index))
        yield StepRow(
            dataset=vectors.dataset + (ISLANDS if islands else ""),
            islands=islands,
            method=method,
            n=len(index),
            search_list_size=size,
            recall_at_k=recall,
            distance_computations=distances,
            full_list_recall=full_recall,
            full_list_distances=full_distances,
            index_bytes=index.nbytes,
            mean_degree=float(index.degrees.mean()),
            max_degree=int(index.degrees.max()),
            degree_limit=index.settings.max_degree,
            all_reverse_degree=int(index.mutual_degrees.max()),
            attached=index.report.attached,
            unreachable=index.unreachable,
        )


def with_control(error: Callable[[StepRow], float]) -> Callable[[Sequence[StepRow]], Instances]:
    """The measure of an error of NSGs with repair; the control has none, and is in two pieces."""

    def measure(rows: Sequence[StepRow]) -> Instances:
        rows = measured(rows, "steps")
        arms = ([row for row in rows if (row.method == NEITHER) is control] for control in (False, True))
        errors, control = ([error(row) for row in arm] for arm in arms)
        return Instances(errors, control)

    return measure


STEPS = {
    "repair, where the neighbor graph is in two pieces": ("full_list_recall", True, NEIGHBORS, NEITHER),
    "candidates from the search": ("recall_at_k", False, "NSG", NEIGHBORS),
    "start at the navigating node": ("recall_at_k", False, "NSG", RANDOM),
}
"""Step -> recall that it shall raise, whether on islands, the arm with it, the arm without it."""


def with_and_without(rows: Sequence[StepRow]) -> Mapping[str, Pairs]:
    rows = measured(rows, "steps")
    return {
        step: Pairs(*(by_seed(rows, column, islands=islands, method=method) for method in arms))
        for step, (column, islands, *arms) in STEPS.items()
    }


def gains(rows: Sequence[Row]) -> Mapping[str, float]:
    """Mean recall that each step adds, empty without rows."""
    return {
        step: mean(rows, column, islands=islands, method=usual) - mean(rows, column, islands=islands, method=without)
        for step, (column, islands, usual, without) in STEPS.items()
        if rows
    }


PART = Part(
    name="steps",
    row=StepRow,
    run=run,
    claims=(
        Claim(
            "every_node_is_reachable",
            statement="Every node of an NSG is reachable from its navigating node, "
            "also where the nearest neighbor graph is in pieces.",
            rule=Theorem("no node is unreachable", control="an NSG without repair on two islands"),
            measure=with_control(lambda row: row.unreachable),
            topic="NSG: tree repair",
            predicted="holds",
            source="Fu et al. 2019, algorithm 2: a tree from the navigating node spans the graph",
        ),
        Claim(
            "full_list_is_exact",
            statement="Search with a list as long as the base has recall 1.",
            rule=Theorem("1 - recall at k, by distance, with a list of all nodes", control="an NSG without repair"),
            measure=with_control(lambda row: 1 - row.full_list_recall),
            topic="NSG: search",
            predicted="holds",
            source="such a search expands every node that it can reach",
        ),
        Claim(
            "parts_are_needed",
            statement="Repair, candidates from the search, and starting at the navigating node "
            "each raise recall by more than 0.01.",
            rule=Each(
                Effect("recall at k with the step - without it, shortest list, for repair the full list", delta=0.01),
                per="step",
            ),
            measure=with_and_without,
            topic="NSG: what its steps are for",
            predicted={
                "repair, where the neighbor graph is in two pieces": "holds",
                "candidates from the search": "holds",
                "start at the navigating node": "refuted",
            },
            source="pilot",
        ),
    ),
    tables=(
        Table(
            title="Steps taken away",
            by=("dataset", "method"),
            columns=("recall_at_k", "distance_computations", "mean_degree"),
        ),
        Table(
            title="What an NSG guarantees",
            by=("dataset", "method"),
            columns=("full_list_recall", "unreachable", "attached", "max_degree", "all_reverse_degree"),
        ),
    ),
)
