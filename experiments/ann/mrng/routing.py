"""Greedy walks between all points and to queries outside the set, on the MRNG and on graphs beside it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from experiments.ann.core.theory.graphs import directed_edges, edges_outside, out_degrees, reversed_edges
from experiments.ann.mrng.setup import MRNG, ON_THREE_POINTS, Networks, RoutingCase
from experiments.lab.experiment import Drawing, Event, Note, Part, Row, Table, kept, observation
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Instances
from experiments.lab.judge.rules import Each, Theorem


@observation
class RoutingRow(Row):
    """One graph of one point set."""

    dataset: str
    graph: str
    n: int
    dim: int
    missed_inside: int
    """Ordered pairs (p, q) of the set whose greedy walk does not arrive."""
    missed_outside: int
    """Walks, from all points to the queries outside the set, that end farther away than the nearest point."""
    success_inside: float
    """Share of walks that arrive."""
    success_outside: float
    smallest_angle: float
    """Between two out-edges of a point, in degrees; nan where no point has two."""
    mean_degree: float
    max_degree: int
    counterexample: str
    """A walk that misses a query outside the set, to be checked by hand."""


def run(networks: Networks) -> Iterator[Event]:
    for case in networks.cases:
        row = describe(case)
        if case.graph == ON_THREE_POINTS:
            yield Note(f"Smallest counterexample outside the set: {row.counterexample}")
            yield draw(case)
        yield row
    yield Note(edges_beyond())


def describe(case: RoutingCase) -> RoutingRow:
    """Every walk between points and to the queries."""
    from experiments.ann.core.theory.counterexamples import describe_walk
    from experiments.ann.core.theory.monotonic import smallest_angle
    from experiments.ann.core.theory.routing import arrivals, greedy_from_everywhere, misses

    points, neighbors, (n, dim) = case.points, case.neighbors, case.points.shape
    arrived = int(arrivals(greedy_from_everywhere(points, neighbors, points)).sum())
    missed = misses(points, case.queries, greedy_from_everywhere(points, neighbors, case.queries))
    first = (describe_walk(points, neighbors, int(p), case.queries[q]) for q, p in np.argwhere(missed))
    degrees = out_degrees(neighbors)
    return RoutingRow(
        dataset=case.dataset,
        graph=case.graph,
        n=n,
        dim=dim,
        missed_inside=n * (n - 1) - arrived,
        missed_outside=int(missed.sum()),
        success_inside=arrived / (n * (n - 1)),
        success_outside=float(1 - missed.mean()),
        smallest_angle=smallest_angle(points, neighbors),
        mean_degree=float(degrees.mean()),
        max_degree=int(degrees.max()),
        counterexample=next(first, ""),
    )


def edges_beyond() -> str:
    """Two small sets on which the MRNG has an edge that is no Delaunay edge, and one without its reverse."""
    from experiments.ann.core.theory.counterexamples import MRNG_IS_DIRECTED, MRNG_LEAVES_DELAUNAY, describe_edges
    from experiments.ann.core.theory.named_graphs import GRAPHS

    build = GRAPHS["mrng"]
    leaving = edges_outside(build(MRNG_LEAVES_DELAUNAY), GRAPHS["delaunay"](MRNG_LEAVES_DELAUNAY))
    single = edges_outside(build(MRNG_IS_DIRECTED), reversed_edges(build(MRNG_IS_DIRECTED)))
    return (
        f"The MRNG is no subgraph of Delaunay: {describe_edges(MRNG_LEAVES_DELAUNAY, leaving)}. "
        f"It is directed, with edges that have no reverse: {describe_edges(MRNG_IS_DIRECTED, single)}"
    )


def draw(case: RoutingCase) -> Drawing:
    from experiments.ann.core.theory.routing import greedy_path

    query = case.queries[0]
    return Drawing(
        name="mrng_three_points",
        title="MRNG of three points: greedy from (0, 8) stays there, though (7, 3) is nearer to the query",
        points=tuple(map(tuple, case.points.tolist())),
        edges=tuple(map(tuple, directed_edges(case.neighbors).tolist())),
        directed=True,
        paths=(("greedy", tuple(greedy_path(case.points, case.neighbors, query, len(case.points) - 1))),),
        marks=(("query", *query.tolist()),),
    )


def of_graphs(rows: Sequence[RoutingRow], column: str, *graphs: str) -> list[float]:
    return [getattr(row, column) for row in kept(rows, {"graph": graphs})]


def every_point(rows: Sequence[RoutingRow]) -> Instances:
    return Instances(
        errors=of_graphs(rows, "missed_inside", *MRNG, "mrng, ties kept"),
        control=of_graphs(rows, "missed_inside", "mrng, ties dropped"),
    )


def every_query(rows: Sequence[RoutingRow]) -> Mapping[str, Instances]:
    smallest_first = sorted(kept(rows, {"graph": MRNG}), key=lambda row: row.n)  # three points are checked by hand
    example = next((row.counterexample for row in smallest_first if row.counterexample), None)
    inside, outside = (
        Instances(of_graphs(rows, column, *MRNG), of_graphs(rows, column, "rng"), counterexample)
        for column, counterexample in (("missed_inside", None), ("missed_outside", example))
    )
    return {"the query is a point of the set": inside, "the query lies outside the set": outside}


PART = Part(
    name="routing",
    row=RoutingRow,
    run=run,
    claims=(
        Claim(
            "every_point_of_the_set_is_found",
            statement="Greedy routing on the MRNG goes from every point to every other point of the set.",
            rule=Theorem(
                "no ordered pair is missed, on random sets and on a hexagonal lattice with its ties kept",
                control="the lattice with ties dropped",
            ),
            measure=every_point,
            topic="MRNG is an MSNET",
            predicted="holds",
            source="Fu et al. 2019, theorem on the MRNG",
        ),
        Claim(
            "queries_are_found_inside_and_outside",
            statement="Greedy routing on the MRNG finds the nearest point of every query.",
            rule=Each(Theorem("no walk from any point misses", control="the RNG"), per="place of the query"),
            measure=every_query,
            topic="MRNG theorem",
            predicted={"the query is a point of the set": "holds", "the query lies outside the set": "refuted"},
            source="Fu et al. 2019 for points of the set; three points, found by exhaustive search, for others",
        ),
    ),
    tables=(
        Table(
            title="Greedy routing",
            by=("dataset", "graph", "dim", "n"),
            columns=("success_inside", "success_outside", "smallest_angle", "mean_degree", "max_degree"),
        ),
    ),
)
