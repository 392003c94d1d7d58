"""Greedy routing and degrees: the RNG, the graphs beside it, and four points that show where it stalls."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np

from experiments.ann.core.theory.graphs import out_degrees, undirected_edges
from experiments.ann.rng.setup import PointSet, PointSets
from experiments.lab.answers import mean, number
from experiments.lab.experiment import Curve, Drawing, Event, Note, Part, Progress, Row, Table, kept, observation
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Instances, Points
from experiments.lab.judge.measures import points
from experiments.lab.judge.rules import Order, Theorem

ON_DATA = ("rng", "mrng", "gabriel", "spanning tree", "delaunay")
FEWEST_POINTS = 50
"""From so many points on, some pair stalls."""


@observation
class GraphRow(Row):
    """One graph of one point set."""

    dataset: str
    graph: str
    n: int
    dim: int
    stalled_pairs: int
    """Ordered pairs (p, q) without a neighbor of p strictly nearer to q."""
    success: float
    """Share of ordered pairs (p, q) whose greedy walk arrives."""
    mean_degree: float
    max_degree: int
    counterexample: str
    """The first pair that stalls, to be checked by hand; empty without one."""


def run(sets: PointSets) -> Iterator[Event]:
    for done, each in enumerate(sets.sets):
        yield Progress("point sets", done, len(sets.sets))
        rows = list(describe(each))
        yield from rows
        if each is sets.four_points:
            yield Note(f"Smallest counterexample: {rows[0].counterexample}")
            yield draw(each, "rng, four points", "rng_four_points")
        elif "rng" in each.graphs and each.points.shape[1] == 2:
            yield draw(each, "rng", "rng")


def describe(each: PointSet) -> Iterator[GraphRow]:
    from experiments.ann.core.theory.counterexamples import describe_first_stall
    from experiments.ann.core.theory.monotonic import stalled_pairs
    from experiments.ann.core.theory.routing import arrivals, greedy_from_everywhere

    n, dim = each.points.shape
    for name, graph in each.graphs.items():
        stalled, degrees = stalled_pairs(each.points, graph), out_degrees(graph)
        arrived = arrivals(greedy_from_everywhere(each.points, graph, each.points))
        yield GraphRow(
            dataset=each.dataset,
            graph=name,
            n=n,
            dim=dim,
            stalled_pairs=len(stalled),
            success=int(arrived.sum()) / (n * (n - 1)),
            mean_degree=float(degrees.mean()),
            max_degree=int(degrees.max()),
            counterexample=describe_first_stall(each.points, graph, stalled),
        )


def draw(each: PointSet, graph: str, name: str) -> Drawing:
    """The graph with the longest greedy walk that stalls before its goal, if any does."""
    from experiments.ann.core.theory.routing import arrivals, greedy_from_everywhere, greedy_path

    points, neighbors = each.points, each.graphs[graph]
    walks = greedy_from_everywhere(points, neighbors, points)
    hops = np.where(arrivals(walks) | np.eye(len(points), dtype=bool), -1, walks.hops)
    goal, start = (int(node) for node in np.unravel_index(hops.argmax(), hops.shape))
    stalls = hops[goal, start] >= 0
    return Drawing(
        name=name,
        title=f"On the RNG of {len(points)} points greedy stalls before its goal, here after {hops[goal, start]} hops"
        if stalls
        else f"On the RNG of {len(points)} points every greedy walk arrives",
        points=tuple(map(tuple, points.tolist())),
        edges=tuple(map(tuple, undirected_edges(neighbors).tolist())),
        paths=(("greedy", tuple(greedy_path(points, neighbors, points[goal], start))),) if stalls else (),
        marks=(("goal", *points[goal].tolist()),) if stalls else (),
    )


def no_stall(rows: Sequence[GraphRow]) -> Instances:
    """Whether nothing stalls, which would refute the statement: on the RNG, and on the MRNG as the control."""
    return Instances(
        errors=[row.stalled_pairs == 0 for row in kept(rows, {"graph": "rng"}) if row.n >= FEWEST_POINTS],
        control=[row.stalled_pairs == 0 for row in kept(rows, {"graph": "mrng"})],
    )


def degree_by_dimension(rows: Sequence[GraphRow]) -> Points:
    return points(rows, "dim", "mean_degree", graph="rng")


def degrees_in_most_dimensions(rows: Sequence[GraphRow]) -> str:
    most = max(row.dim for row in rows)
    rng, delaunay = (mean(rows, "mean_degree", graph=graph, dim=most) for graph in ("rng", "delaunay"))
    rest = "" if math.isnan(delaunay) else f", {number(delaunay)} in the Delaunay graph"
    return f"In {most} dimensions a point has {number(rng)} neighbors in the RNG{rest}"


PART = Part(
    name="graphs",
    row=GraphRow,
    run=run,
    claims=(
        Claim(
            "rng_is_no_msnet",
            statement="The RNG is no monotonic search network: on every set of 50 or more points some pair stalls.",
            rule=Theorem("some pair makes no progress", control="the MRNG, on which every pair does"),
            measure=no_stall,
            topic="RNG and MSNET",
            predicted="holds",
            source="four points on which it stalls, found by exhaustive search; Fu et al. 2019",
        ),
        Claim(
            "degree_rises_with_dimension",
            statement="The mean degree of the RNG rises with the dimension.",
            rule=Order("mean degree over the dimensions", direction="rising"),
            measure=degree_by_dimension,
            topic="RNG, degree",
            predicted="holds",
            source="pilot",
        ),
    ),
    tables=(
        Table(
            title="Relative neighborhood graph and its relatives",
            by=("dataset", "graph", "dim", "n"),
            columns=("mean_degree", "max_degree", "stalled_pairs", "success"),
        ),
    ),
    curves=(
        Curve(
            name="degree_by_dimension",
            x="dim",
            y="mean_degree",
            group="graph",
            y_scale="log",
            only={"graph": ON_DATA},
            title=degrees_in_most_dimensions,
        ),
    ),
)
