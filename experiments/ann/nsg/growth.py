"""Distances that recall 0.95 takes as the number of vectors grows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from experiments.ann.nsg import steps
from experiments.ann.nsg.setup import Vectors, measured
from experiments.lab.answers import mean, number
from experiments.lab.experiment import Curve, Event, Part, Row, Rows, Table, observation
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Instances, Points
from experiments.lab.judge.measures import points
from experiments.lab.judge.rules import SlopeBelow

RECALL = 0.95
SIZES = 5
"""n / 16, n / 8, ..., n vectors."""
LISTS = (1, 1.4, 2, 2.8, 4, 5.6, 8, 16, 32)
"""Candidate lists of the searches, in multiples of k."""


@observation
class GrowthRow(Row):
    """The NSG of the first n vectors."""

    dataset: str
    n: int
    distance_computations: float
    """Mean per query at recall 0.95, interpolated between lists; NaN where none reaches it."""
    build_seconds: float
    index_bytes: int
    mean_degree: float
    max_degree: int
    degree_limit: int


def run(vectors: Vectors) -> Iterator[Event]:
    from experiments.ann.core.rivals.measuring import Workload, effort_at_recall

    if vectors.params.index is not None:
        return
    base, queries, threads = vectors.base, vectors.queries, vectors.params.search_threads
    for n in sorted({max(1, len(base) >> halvings) for halvings in range(SIZES)}):
        load = Workload.of(base[:n], queries, min(vectors.params.k, n), threads)
        index = yield from vectors.build(load.base, vectors.settings())
        found = [vectors.searched(index, load, round(multiple * load.k)) for multiple in LISTS]
        recalls, distances = zip(*found, strict=True)
        yield GrowthRow(
            dataset=vectors.dataset,
            n=n,
            distance_computations=effort_at_recall(recalls, distances, RECALL),
            build_seconds=index.report.seconds,
            index_bytes=index.nbytes,
            mean_degree=float(index.degrees.mean()),
            max_degree=int(index.degrees.max()),
            degree_limit=index.settings.max_degree,
        )


def excess_degrees(rows: Rows) -> Instances:
    """Edges above the limit in every NSG of both parts; with four edges a node, all reverse edges exceed it."""
    apart = measured(rows.of(steps.PART), "steps")
    degrees = [(row.max_degree, row.degree_limit) for row in apart]
    degrees += [(row.max_degree, row.degree_limit) for row in rows.of(PART)]
    return Instances(
        errors=[max(0, degree - limit) for degree, limit in degrees],
        control=[max(0, row.all_reverse_degree - row.degree_limit) for row in apart if row.method == steps.FOUR],
    )


def cost_by_size(rows: Sequence[GrowthRow]) -> Points:
    return points(measured(rows, "growth"), "n", "distance_computations")


def growth(rows: Sequence[GrowthRow]) -> str:
    sizes = min(row.n for row in rows), max(row.n for row in rows)
    few, many = (number(mean(rows, "distance_computations", n=n)) for n in sizes)
    return f"Recall {RECALL} takes {few} distances among {sizes[0]:,} vectors, {many} among {sizes[1]:,}"


PART = Part(
    name="growth",
    row=GrowthRow,
    run=run,
    claims=(
        Claim(
            "cost_grows_slower_than_a_root",
            statement="Distances measured for recall 0.95 grow slower than the square root of the number of vectors.",
            rule=SlopeBelow("distance computations at recall 0.95 against n", limit=0.5),
            measure=cost_by_size,
            topic="NSG: search complexity",
            predicted="holds",
            source="Fu et al. 2019: n^(1/d) log n^(1/d), here with d of at least 8",
        ),
    ),
    tables=(
        Table(
            title="Distances for recall 0.95",
            by=("n",),
            columns=("distance_computations", "mean_degree", "build_seconds"),
        ),
    ),
    curves=(Curve("distances_n", "n", "distance_computations", x_scale="log", y_scale="log", title=growth),),
)
