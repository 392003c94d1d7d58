"""Which guarantees does the monotonic relative neighborhood graph give, and which does it not?

Greedy routing finds every point of the set; a query outside the set it may miss. The out-degree is bounded by the
kissing number, whatever the size of the set, but in many dimensions the degree that one sees still grows with it. Ties
must be kept.

Notes: MRNG and the theorems on it (000:6). Source: Fu, Xiang, Wang, Cai: Fast Approximate Nearest Neighbor Search With
The Navigating Spreading-out Graph, PVLDB 12(5), 2019.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import isnan, nan
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from pydantic.dataclasses import dataclass as parameters

from experiments.lab.experiment import CHECKED, Curve, Drawing, Event, Experiment, Note, Progress, Table
from experiments.lab.experiment import Row as LabRow
from experiments.lab.judge.claims import Claim, Comparison, conditional, slope_below, theorem

Points = NDArray[np.float64]
Neighbors = NDArray[np.int32]

CONTROL_NEIGHBORS = 10
"""Neighbors per point of the nearest-neighbor graph that serves as a control."""


@parameters(frozen=True, kw_only=True, config=CHECKED)
class Params:
    dataset: str = "uniform"
    """"uniform", another generated or stored set of vectors, or a file of vectors."""
    n: Annotated[int, Field(ge=3, le=5000)] = 60
    """Number of points of the routing checks."""
    dim: Annotated[int, Field(ge=1, le=256)] = 4
    """Dimension of the routing checks; stored vectors and files have their own."""
    ties: Literal["keep", "drop"] = "keep"
    """Whether an edge survives a chosen neighbor at exactly its own length from its end."""
    dedup: bool = True
    """Whether repeated points are dropped first; no step to a repeat is strictly nearer, so routing to it stalls."""
    queries_out: Annotated[int, Field(ge=1, le=100_000)] = 40
    """Queries outside the set."""
    minimality_n: Annotated[int, Field(ge=3, le=200)] = 40
    """Points of the check that no edge can be spared, which costs n^2 times edges."""
    dims: Annotated[tuple[Annotated[int, Field(ge=1, le=256)], ...], Field(min_length=1)] = (2, 8)
    """Dimensions of the degree sweep, over uniform points."""
    ns: Annotated[tuple[Annotated[int, Field(ge=3, le=20_000)], ...], Field(min_length=1)] = (50, 100)
    """Sizes of the degree sweep; the exponent needs five."""


@dataclass(frozen=True, kw_only=True)
class Row(LabRow):
    dataset: str
    graph: str
    n: int
    dim: int
    missed_inside: float = nan
    """Ordered pairs (p, q) of the set whose greedy walk does not arrive."""
    missed_outside: float = nan
    """Walks, from all points to the queries outside the set, that end farther away than the nearest point."""
    success_inside: float = nan
    """Share of walks that arrive."""
    success_outside: float = nan
    narrow_angles: float = nan
    """Pairs of out-edges of a point that enclose less than 60 degrees."""
    smallest_angle: float = nan
    """In degrees."""
    subgraph_errors: float = nan
    """Edges of the nearest-neighbor graph and of the RNG that the graph lacks."""
    removable_edges: float = nan
    """Edges without which the graph still routes between all pairs."""
    mean_degree: float = nan
    max_degree: float = nan
    kissing_number: float = nan
    """Most directions that pairwise enclose 60 degrees in this dimension; nan where it is not known."""
    counterexample: str = ""
    """A walk that misses, to be checked by hand."""


def run(params: Params, seed: int) -> Iterator[Event]:
    from experiments.ann.core.theory.counterexamples import MISSED_QUERY, MRNG_MISSES_QUERY

    points, queries = take_points(params, seed)
    small = route("three points", "mrng", MRNG_MISSES_QUERY, build(MRNG_MISSES_QUERY, "mrng"), MISSED_QUERY[None, :])
    yield Note(f"Smallest counterexample outside the set: {small.counterexample}")
    yield small
    yield Note(edges_beyond())
    yield draw(MRNG_MISSES_QUERY, MISSED_QUERY)
    for graph in ("mrng", "rng", "nearest neighbors"):
        yield route(params.dataset, graph, points, build(points, graph, params.ties), queries)
    yield from degenerate(points, queries, seed)
    yield from minimality(params, points)
    yield from degrees(params, seed)


def take_points(params: Params, seed: int) -> tuple[Points, Points]:
    """Points and queries in float64; uniform ones lie on a grid of 2^-24, so squared distances are exact up to 32
    dimensions."""
    from experiments.foundation.datasets.vectors import load_vectors

    data = load_vectors(
        params.dataset,
        n=params.n,
        n_queries=params.queries_out,
        dim=params.dim,
        intrinsic_dim=params.dim,
        seed=seed,
        metric="l2",
    )
    points = data.base.astype(np.float64)
    return np.unique(points, axis=0) if params.dedup else points, data.queries.astype(np.float64)


def build(points: Points, graph: str, ties: Literal["keep", "drop"] = "keep") -> Neighbors:
    """The named graph of the points."""
    from experiments.ann.core.theory.monotonic import monotonic_relative_neighborhood_graph
    from experiments.ann.core.theory.proximity import knn_graph, relative_neighborhood_graph

    if graph == "mrng":
        return monotonic_relative_neighborhood_graph(points, ties)
    return relative_neighborhood_graph(points) if graph == "rng" else knn_graph(points, CONTROL_NEIGHBORS)


def edges_beyond() -> str:
    """Two small sets on which the MRNG has an edge that is no Delaunay edge, and one without its reverse."""
    from experiments.ann.core.theory.counterexamples import MRNG_IS_DIRECTED, MRNG_LEAVES_DELAUNAY, describe_edges
    from experiments.ann.core.theory.delaunay import delaunay_graph
    from experiments.ann.core.theory.graphs import edges_outside, reversed_edges

    leaving = edges_outside(build(MRNG_LEAVES_DELAUNAY, "mrng"), delaunay_graph(MRNG_LEAVES_DELAUNAY))
    directed = build(MRNG_IS_DIRECTED, "mrng")
    single = edges_outside(directed, reversed_edges(directed))
    return (
        f"The MRNG is no subgraph of Delaunay: {describe_edges(MRNG_LEAVES_DELAUNAY, leaving)}. "
        f"It is directed, with edges that have no reverse: {describe_edges(MRNG_IS_DIRECTED, single)}"
    )


def route(dataset: str, graph: str, points: Points, neighbors: Neighbors, queries: Points) -> Row:
    """Every walk between points and to the queries, angles and subgraphs."""
    from experiments.ann.core.theory.graphs import edges_outside
    from experiments.ann.core.theory.monotonic import narrow_angles, smallest_angle
    from experiments.ann.core.theory.proximity import nearest_neighbor_graph
    from experiments.ann.core.theory.survey import survey_inside, survey_outside

    inside, outside = survey_inside(points, neighbors), survey_outside(points, neighbors, queries)
    subgraphs = (nearest_neighbor_graph(points), build(points, "rng"))
    return Row(
        dataset=dataset,
        graph=graph,
        n=len(points),
        dim=points.shape[1],
        missed_inside=inside.missed_pairs,
        missed_outside=outside.missed,
        success_inside=inside.success,
        success_outside=outside.success,
        narrow_angles=len(narrow_angles(points, neighbors)),
        smallest_angle=smallest_angle(points, neighbors),
        subgraph_errors=sum(len(edges_outside(subgraph, neighbors)) for subgraph in subgraphs),
        mean_degree=inside.mean_degree,
        max_degree=inside.max_degree,
        counterexample=outside.counterexample,
    )


def degenerate(points: Points, queries: Points, seed: int) -> Iterator[Row]:
    """Exact ties on a hexagonal lattice, kept and dropped; tied edges at a narrow angle; a set with repeated points."""
    from experiments.ann.core.theory.counterexamples import TIED_EDGES
    from experiments.ann.core.theory.point_sets import hexagonal_lattice, with_duplicates

    lattice = hexagonal_lattice(10)
    outside = np.random.default_rng(seed).uniform(lattice.min(), lattice.max(), (20, 3))
    yield route("hexagonal lattice", "mrng, ties kept", lattice, build(lattice, "mrng", "keep"), outside)
    yield route("hexagonal lattice", "mrng, ties dropped", lattice, build(lattice, "mrng", "drop"), outside)
    yield route("isosceles triangle", "mrng, tied lengths", TIED_EDGES, build(TIED_EDGES, "mrng"), TIED_EDGES)
    repeated = with_duplicates(np.random.default_rng(seed), points, max(1, len(points) // 5))
    yield route("repeated points", "mrng, repeats kept", repeated, build(repeated, "mrng"), queries)


def minimality(params: Params, points: Points) -> Iterator[Row]:
    """Delete every edge in turn, also from the MRNG with five nearest neighbors added."""
    from experiments.ann.core.theory.graphs import union
    from experiments.ann.core.theory.monotonic import removable_edges
    from experiments.ann.core.theory.proximity import knn_graph

    few = points[np.random.default_rng(0).permutation(len(points))[: params.minimality_n]]
    exact = build(few, "mrng", params.ties)
    for graph, neighbors in (("mrng", exact), ("mrng and 5 neighbors", union(exact, knn_graph(few, 5)))):
        spare = float(len(removable_edges(few, neighbors)))
        yield Row(dataset=params.dataset, graph=graph, n=len(few), dim=few.shape[1], removable_edges=spare)


def degrees(params: Params, seed: int) -> Iterator[Event]:
    """Out-degrees of the MRNG of uniform points by dimension and size."""
    from experiments.ann.core.theory.graphs import out_degrees
    from experiments.ann.core.theory.monotonic import KISSING_NUMBERS, narrow_angles
    from experiments.ann.core.theory.point_sets import uniform_points

    sweep = [(dim, n) for dim in params.dims for n in params.ns]
    for number, (dim, n) in enumerate(sweep):
        yield Progress("degrees", number, len(sweep))
        points = uniform_points(np.random.default_rng((seed, dim, n)), n, dim)
        neighbors = build(points, "mrng")
        yield Row(
            dataset="uniform",
            graph="mrng by size",
            n=n,
            dim=dim,
            narrow_angles=float(len(narrow_angles(points, neighbors))),
            mean_degree=float(out_degrees(neighbors).mean()),
            max_degree=float(out_degrees(neighbors).max()),
            kissing_number=float(KISSING_NUMBERS.get(dim, nan)),
        )


def draw(points: Points, query: Points) -> Drawing:
    from experiments.ann.core.theory.graphs import directed_edges
    from experiments.ann.core.theory.routing import greedy_path

    neighbors = build(points, "mrng")
    return Drawing(
        name="mrng_three_points",
        title="MRNG of three points: greedy from (0, 8) stays there, though (7, 3) is nearer to the query",
        points=tuple((float(x), float(y)) for x, y in points),
        edges=tuple((int(p), int(q)) for p, q in directed_edges(neighbors)),
        directed=True,
        paths=(("greedy", tuple(greedy_path(points, neighbors, query, len(points) - 1))),),
        marks=(("query", float(query[0]), float(query[1])),),
    )


def values(rows: Sequence[Row], value: Callable[[Row], float], *graphs: str) -> list[float]:
    """What was measured of the named graphs."""
    return [value(row) for row in rows if row.graph in graphs and not isnan(value(row))]


def every_point_of_the_set_is_found(rows: Sequence[Row]) -> Comparison:
    control = values(rows, lambda row: row.missed_inside, "mrng, ties dropped")
    return theorem(values(rows, lambda row: row.missed_inside, "mrng", "mrng, ties kept"), control=control)


def queries_are_found_inside_and_outside(rows: Sequence[Row]) -> Comparison:
    example = next((row.counterexample for row in rows if row.counterexample and row.graph == "mrng"), None)
    inside, outside = (lambda row: row.missed_inside), (lambda row: row.missed_outside)
    return conditional(
        {
            "the query is a point of the set": theorem(
                values(rows, inside, "mrng"), control=values(rows, inside, "rng")
            ),
            "the query lies outside the set": theorem(
                values(rows, outside, "mrng"), control=values(rows, outside, "rng"), counterexample=example
            ),
        }
    )


def edges_enclose_sixty_degrees(rows: Sequence[Row]) -> Comparison:
    control = values(rows, lambda row: row.narrow_angles, "nearest neighbors")
    kept = ("mrng", "mrng, ties kept", "mrng by size")
    return theorem(values(rows, lambda row: row.narrow_angles, *kept), control=control)


def degree_is_constant(rows: Sequence[Row]) -> Comparison:
    swept = [row for row in rows if row.graph == "mrng by size"]
    ns, seeds = sorted({row.n for row in swept}), sorted({row.seed for row in swept})
    degree = {(row.seed, row.dim, row.n): row.mean_degree for row in swept}
    bounded = [row for row in swept if not isnan(row.kissing_number)]
    parts = {
        "bounded by the kissing number": theorem(
            [max(0.0, row.max_degree - row.kissing_number) for row in bounded],
            control=[max(0.0, row.n - 1 - row.kissing_number) for row in bounded],
        )
    }
    for dim in sorted({row.dim for row in swept}):
        means = {seed: [degree[seed, dim, n] for n in ns] for seed in seeds}
        parts[f"mean does not grow with n in {dim} dimensions"] = slope_below(ns, means, limit=0.05)
    return conditional(parts)


def nearest_neighbors_and_rng_are_inside(rows: Sequence[Row]) -> Comparison:
    control = values(rows, lambda row: row.subgraph_errors, "nearest neighbors", "mrng, tied lengths")
    return theorem(values(rows, lambda row: row.subgraph_errors, "mrng"), control=control)


def no_edge_can_be_spared(rows: Sequence[Row]) -> Comparison:
    control = values(rows, lambda row: row.removable_edges, "mrng and 5 neighbors")
    return theorem(values(rows, lambda row: row.removable_edges, "mrng"), control=control)


EXPERIMENT = Experiment(
    params=Params,
    row=Row,
    run=run,
    claims=(
        Claim(
            statement="Greedy routing on the MRNG goes from every point to every other point of the set",
            notes="MRNG is an MSNET (000:6)",
            kind="theorem",
            rule="holds iff no ordered pair is missed, on random sets and on a hexagonal lattice with its ties kept; "
            "control: the lattice with ties dropped",
            predicted="holds",
            judge=every_point_of_the_set_is_found,
        ),
        Claim(
            statement="Greedy routing on the MRNG finds the nearest point of every query",
            notes="MRNG theorem (000:6)",
            kind="conditional",
            rule="one theorem for queries in the set, one for queries outside it; each holds iff no walk from any "
            "point misses; "
            "control: the RNG",
            predicted="conditional",
            judge=queries_are_found_inside_and_outside,
        ),
        Claim(
            statement="Any two out-edges of a point of the MRNG enclose at least 60 degrees",
            notes="MRNG, angles (000:6)",
            kind="theorem",
            rule="holds iff d(r, q) >= max(d(p, r), d(p, q)) for all pairs of edges p -> r, p -> q; "
            "control: the graph of 10 nearest neighbors",
            predicted="holds",
            judge=edges_enclose_sixty_degrees,
        ),
        Claim(
            statement="The out-degree of the MRNG does not depend on the number of points",
            notes="MRNG, constant out-degree (000:6)",
            kind="conditional",
            rule="theorem: no out-degree exceeds the kissing number (control: complete graphs); and in each dimension "
            "the "
            "exponent of the mean degree over n is below 0.05",
            predicted="conditional",
            judge=degree_is_constant,
        ),
        Claim(
            statement="If no two distances from a point tie, the MRNG contains the nearest-neighbor graph and the RNG",
            notes="MRNG and RNG (000:6)",
            kind="theorem",
            rule="holds iff no such edge is missing, RNG edges in both directions; control: the graph of 10 nearest "
            "neighbors, "
            "and an isosceles triangle whose two equal sides are RNG edges of which the MRNG keeps one",
            predicted="holds",
            judge=nearest_neighbors_and_rng_are_inside,
        ),
        Claim(
            statement="No edge of the MRNG can be deleted without breaking monotonic search",
            notes="MRNG, minimality (000:6)",
            kind="theorem",
            rule="holds iff after deleting any one edge some pair stalls; control: the MRNG with 5 nearest neighbors "
            "added",
            predicted="holds",
            judge=no_edge_can_be_spared,
        ),
    ),
    tables=(
        Table(
            title="Greedy routing",
            by=("dataset", "graph", "dim", "n"),
            columns=("success_inside", "success_outside", "smallest_angle", "mean_degree", "max_degree"),
            where=lambda row: not isnan(row.missed_inside),
        ),
        Table(
            title="Out-degree",
            by=("dim", "n"),
            columns=("mean_degree", "max_degree", "kissing_number"),
            where=lambda row: row.graph == "mrng by size",
        ),
    ),
    curves=(
        Curve(
            name="degree_by_size",
            x="n",
            y="mean_degree",
            group="dim",
            x_scale="log",
            where=lambda row: row.graph == "mrng by size",
        ),
    ),
)
