"""What does the relative neighborhood graph keep, and why is it no monotonic search network?

Two points are joined iff no third is nearer to both than they are to each other. The graph is connected and sparse, but
greedy routing on it stalls; four points show it.

Notes: relative neighborhood graph, RNG (000:5). Source: Toussaint: The relative neighbourhood graph of a finite planar
set, Pattern Recognition 12(4), 1980; Jaromczyk, Toussaint: Relative neighborhood graphs and their relatives,
Proceedings of the IEEE 80(9), 1992.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import nan
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from pydantic.dataclasses import dataclass as parameters

from experiments.lab.experiment import CHECKED, Curve, Drawing, Event, Experiment, Note, Progress, Table
from experiments.lab.experiment import Row as LabRow
from experiments.lab.judge.claims import Claim, Comparison, order, theorem

Points = NDArray[np.float64]
Neighbors = NDArray[np.int32]

LUNES: tuple[Literal["open", "closed"], ...] = ("open", "closed")
DELAUNAY_DIMS = 5
"""Largest dimension in which the Delaunay graph is made for comparison."""


@parameters(frozen=True, kw_only=True, config=CHECKED)
class Params:
    dataset: str = "uniform"
    """"uniform", another generated or stored set of vectors, or a file of vectors."""
    n: Annotated[int, Field(ge=3, le=3000)] = 60
    """Number of points."""
    dims: Annotated[tuple[Annotated[int, Field(ge=2, le=256)], ...], Field(min_length=1)] = (2, 3, 4)
    """Dimensions to run over; stored vectors and files have their own."""
    lune: Literal["open", "closed"] = "open"
    """Whether a third point exactly on the border of the lune forbids the edge."""
    compare: tuple[Literal["gabriel", "spanning tree", "delaunay"], ...] = ("gabriel", "spanning tree", "delaunay")
    """Graphs to set beside it and the MRNG; Delaunay up to 5 dimensions. A claim needs gabriel as its control."""


@dataclass(frozen=True, kw_only=True)
class Row(LabRow):
    dataset: str
    graph: str
    n: int
    dim: int
    definition_errors: float
    """Directed edges that differ from the definition, checked for all triples (and, in the plane, from filtered
    Delaunay edges)."""
    tree_edges_missing: int
    """Edges of the minimum spanning tree that the graph lacks."""
    edges_outside_delaunay: float
    """Nan where the Delaunay graph was not made."""
    stalled_pairs: int
    """Ordered pairs (p, q) without a neighbor of p strictly nearer to q."""
    success: float
    """Share of ordered pairs (p, q) whose greedy walk arrives."""
    mean_degree: float
    max_degree: int
    counterexample: str
    """The first pair that stalls, to be checked by hand; empty without one."""


def run(params: Params, seed: int) -> Iterator[Event]:
    from experiments.ann.core.theory.counterexamples import RNG_STALLS
    from experiments.ann.core.theory.point_sets import hexagonal_lattice

    sets = [take_points(params, dim, seed) for dim in dimensions(params)]
    small = describe("four points", "rng", RNG_STALLS, join(RNG_STALLS, "rng", "open"), None)
    yield Note(f"Smallest counterexample: {small.counterexample}")
    yield small
    yield draw(RNG_STALLS, "rng_four_points")
    lattice = hexagonal_lattice(8)
    for lune in LUNES:
        yield describe("hexagonal lattice", f"rng, {lune} lune", lattice, join(lattice, "rng", lune), None)
    for number, points in enumerate(sets):
        yield Progress("point set", number, len(sets))
        delaunay = join(points, "delaunay", "open") if can_triangulate(points) else None
        for graph in ("rng", "mrng", *params.compare):
            if graph != "delaunay" or delaunay is not None:
                yield describe(params.dataset, graph, points, join(points, graph, params.lune), delaunay)
        if points.shape[1] == 2:
            yield draw(points, "rng")


def dimensions(params: Params) -> tuple[int, ...]:
    """The dimensions to run; one turn for data that have their own."""
    from experiments.foundation.datasets.vectors import GENERATED

    return params.dims if params.dataset in GENERATED else params.dims[:1]


def take_points(params: Params, dim: int, seed: int) -> Points:
    """Distinct points in float64; uniform ones lie on a grid of 2^-24, so squared distances are exact up to 32
    dimensions."""
    from experiments.foundation.datasets.vectors import load_vectors

    data = load_vectors(params.dataset, n=params.n, n_queries=1, dim=dim, intrinsic_dim=dim, seed=seed, metric="l2")
    return np.unique(data.base.astype(np.float64), axis=0)


def can_triangulate(points: Points) -> bool:
    return points.shape[1] <= DELAUNAY_DIMS and len(points) >= points.shape[1] + 2


def join(points: Points, graph: str, lune: Literal["open", "closed"]) -> Neighbors:
    """The named graph of the points."""
    from experiments.ann.core.theory.delaunay import delaunay_graph
    from experiments.ann.core.theory.monotonic import monotonic_relative_neighborhood_graph
    from experiments.ann.core.theory.proximity import gabriel_graph, minimum_spanning_tree, relative_neighborhood_graph

    if graph == "rng":
        return relative_neighborhood_graph(points, lune)
    makers = {
        "delaunay": delaunay_graph,
        "gabriel": gabriel_graph,
        "mrng": monotonic_relative_neighborhood_graph,
        "spanning tree": minimum_spanning_tree,
    }
    return makers[graph](points)


def describe(dataset: str, graph: str, points: Points, neighbors: Neighbors, delaunay: Neighbors | None) -> Row:
    from experiments.ann.core.theory.graphs import edges_outside
    from experiments.ann.core.theory.proximity import minimum_spanning_tree
    from experiments.ann.core.theory.survey import survey_inside

    found = survey_inside(points, neighbors)
    return Row(
        dataset=dataset,
        graph=graph,
        n=len(points),
        dim=points.shape[1],
        definition_errors=count_definition_errors(points, neighbors, delaunay),
        tree_edges_missing=len(edges_outside(minimum_spanning_tree(points), neighbors)),
        edges_outside_delaunay=nan if delaunay is None else float(len(edges_outside(neighbors, delaunay))),
        stalled_pairs=found.stalled_pairs,
        success=found.success,
        mean_degree=found.mean_degree,
        max_degree=found.max_degree,
        counterexample=found.counterexample,
    )


def count_definition_errors(points: Points, neighbors: Neighbors, delaunay: Neighbors | None) -> float:
    """Edges that differ from the RNG by definition and, in the plane, from the Delaunay edges with an empty lune."""
    from experiments.ann.core.theory.graphs import edge_differences, undirected_edges
    from experiments.ann.core.theory.proximity import (
        relative_neighborhood_by_definition,
        relative_neighborhood_of_edges,
    )

    errors = edge_differences(neighbors, relative_neighborhood_by_definition(points))
    if delaunay is not None and points.shape[1] == 2:
        errors += edge_differences(neighbors, relative_neighborhood_of_edges(points, undirected_edges(delaunay)))
    return float(errors)


def draw(points: Points, name: str) -> Drawing:
    """The graph with the longest greedy walk that stalls before its goal, if any does."""
    from experiments.ann.core.theory.graphs import undirected_edges
    from experiments.ann.core.theory.routing import greedy_from_everywhere, greedy_path

    graph = join(points, "rng", "open")
    walks = greedy_from_everywhere(points, graph, points)
    hops = np.where(walks.ends == np.arange(len(points))[:, None], -1, walks.hops)
    goal, start = (int(node) for node in np.unravel_index(hops.argmax(), hops.shape))
    stalls = hops[goal, start] >= 0
    return Drawing(
        name=name,
        title="Relative neighborhood graph and the longest greedy walk that stalls before its goal",
        points=tuple((float(x), float(y)) for x, y in points),
        edges=tuple((int(p), int(q)) for p, q in undirected_edges(graph)),
        paths=(("greedy", tuple(greedy_path(points, graph, points[goal], start))),) if stalls else (),
        marks=(("goal", float(points[goal, 0]), float(points[goal, 1])),) if stalls else (),
    )


def of_graph(rows: Sequence[Row], graph: str) -> list[Row]:
    """Rows of one graph on the data, without the small and the tied sets."""
    return [row for row in rows if row.graph == graph and row.dataset not in ("four points", "hexagonal lattice")]


def search_by_distance_equals_the_definition(rows: Sequence[Row]) -> Comparison:
    control = [row.definition_errors for row in of_graph(rows, "gabriel")]
    return theorem([row.definition_errors for row in of_graph(rows, "rng")], control=control)


def rng_lies_between_tree_and_delaunay(rows: Sequence[Row]) -> Comparison:
    errors = [float(row.tree_edges_missing) for row in rows if row.graph in ("rng", "rng, open lune")]
    errors += [row.edges_outside_delaunay for row in of_graph(rows, "rng") if row.dim <= DELAUNAY_DIMS]
    return theorem(errors, control=[row.tree_edges_missing for row in rows if row.graph == "rng, closed lune"])


def rng_is_no_msnet(rows: Sequence[Row]) -> Comparison:
    errors = [row.stalled_pairs == 0 for row in of_graph(rows, "rng") if row.n >= 50]
    return theorem(errors, control=[row.stalled_pairs == 0 for row in of_graph(rows, "mrng")])


def degree_rises_with_dimension(rows: Sequence[Row]) -> Comparison:
    found = of_graph(rows, "rng")
    dims, seeds = sorted({row.dim for row in found}), sorted({row.seed for row in found})
    degree = {(row.seed, row.dim): row.mean_degree for row in found}
    return order(dims, {seed: [degree[seed, dim] for dim in dims] for seed in seeds}, direction="rising")


EXPERIMENT = Experiment(
    params=Params,
    row=Row,
    run=run,
    claims=(
        Claim(
            statement="The edges found by scanning points by distance are exactly those with an empty open lune",
            notes="RNG, definition (000:5)",
            kind="theorem",
            rule="holds iff the graph equals the definition over all triples and, in the plane, the filtered Delaunay "
            "edges; "
            "control: the Gabriel graph (ball instead of lune)",
            predicted="holds",
            judge=search_by_distance_equals_the_definition,
        ),
        Claim(
            statement="The RNG contains the minimum spanning tree and lies within the Delaunay graph",
            notes="RNG (000:5)",
            kind="theorem",
            rule="holds iff no tree edge is missing and no edge lies outside Delaunay (up to 5 dimensions); "
            "control: closed lunes on a hexagonal lattice, where ties drop tree edges",
            predicted="holds",
            judge=rng_lies_between_tree_and_delaunay,
        ),
        Claim(
            statement="The RNG is no monotonic search network: on every set of 50 or more points some pair stalls",
            notes="RNG and MSNET (000:5)",
            kind="theorem",
            rule="holds iff every point set has a pair without progress; control: the MRNG, which has none",
            predicted="holds",
            judge=rng_is_no_msnet,
        ),
        Claim(
            statement="The mean degree of the RNG rises with the dimension",
            notes="RNG (000:5)",
            kind="order",
            rule="holds iff the mean degree rises over the dimensions with rho >= 0.9 and Page's p < 0.01",
            predicted="holds",
            judge=degree_rises_with_dimension,
        ),
    ),
    tables=(
        Table(
            title="Relative neighborhood graph and its relatives",
            by=("dataset", "graph", "dim", "n"),
            columns=(
                "mean_degree",
                "max_degree",
                "stalled_pairs",
                "success",
                "tree_edges_missing",
                "definition_errors",
            ),
        ),
    ),
    curves=(Curve(name="degree_by_dimension", x="dim", y="mean_degree", group="graph", y_scale="log"),),
)
