"""Is the Delaunay graph the dual of the Voronoi diagram, and does greedy routing on it always find the nearest point?

It does, for queries outside the set as well: a point whose neighbors are all farther from the query has the query in
its own Voronoi cell. Of the graphs here it alone has this property, and its degree is the price.

Notes: Delaunay graph and the theorems on it (000:3). Source: Aurenhammer: Voronoi diagrams - a survey of a fundamental
geometric data structure, ACM Computing Surveys 23(3), 1991.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from pydantic.dataclasses import dataclass as parameters

from experiments.lab.errors import InputError
from experiments.lab.experiment import CHECKED, Curve, Drawing, Event, Experiment, Note, Progress, Table
from experiments.lab.experiment import Row as LabRow
from experiments.lab.judge.claims import Claim, Comparison, order, theorem

Points = NDArray[np.float64]


@parameters(frozen=True, kw_only=True, config=CHECKED)
class Params:
    dataset: str = "uniform"
    """"uniform", another generated or stored set of vectors, or a file of vectors."""
    n: Annotated[int, Field(ge=10, le=20_000)] = 60
    """Number of points."""
    queries: Annotated[int, Field(ge=1, le=10_000)] = 40
    """Queries outside the set, from the same distribution."""
    dims: Annotated[tuple[Annotated[int, Field(ge=2, le=7)], ...], Field(min_length=1)] = (2, 3, 4)
    """Dimensions to run over; stored vectors and files have their own."""
    allow_slow: bool = False
    """Whether to triangulate in 7 dimensions, which took 122 s for 500 points where 6 took 8 s."""
    joggle: bool = False
    """Whether qhull may move points a little, for sets with many cocircular points."""

    def __post_init__(self) -> None:
        if 7 in self.dims and not self.allow_slow:
            raise ValueError(
                "dims: 7 dimensions took 122 s for 500 points where 6 took 8 s; say allow_slow=true or leave 7 out"
            )


@dataclass(frozen=True, kw_only=True)
class Row(LabRow):
    dataset: str
    n: int
    dim: int
    duality_errors: int
    """Directed edges that only one of the graph and the Voronoi cells' common facets has."""
    duality_errors_gabriel: int
    sphere_intrusion: float
    """Deepest point inside a circumsphere, as a share of its squared radius."""
    sphere_intrusion_shuffled: float
    nesting_errors: int
    """Edges that break nearest neighbors, tree within RNG within Gabriel within Delaunay."""
    nesting_errors_reversed: int
    """The same with RNG, Gabriel and Delaunay in the opposite order."""
    missed_inside: int
    """Greedy walks, from all points to all points, that do not end at the nearest."""
    missed_outside: int
    """Greedy walks, from all points to the queries, that do not end at the nearest."""
    missed_inside_rng: int
    missed_outside_rng: int
    mean_degree: float
    complete_share: float
    """Mean degree as a share of n - 1."""


def run(params: Params, seed: int) -> Iterator[Event]:
    sets = [take_points(params, dim, seed) for dim in dimensions(params, seed)]
    for number, (points, queries) in enumerate(sets):
        yield Progress("point set", number, len(sets))
        yield measure(params, points, queries, np.random.default_rng(seed))
        if number == 0:
            yield Note(
                "Controls: shuffled corners, reversed inclusions, and the RNG, which stalls where Delaunay does not"
            )
            if points.shape[1] == 2:
                yield draw(points, queries, params.joggle)


def dimensions(params: Params, seed: int) -> tuple[int, ...]:
    """The dimensions to run; those of the data if the data have their own."""
    from experiments.foundation.datasets.vectors import GENERATED

    if params.dataset in GENERATED:
        return params.dims
    dim = take_points(params, 2, seed)[0].shape[1]
    if not 2 <= dim <= 6 + params.allow_slow:
        raise InputError(
            f"dataset: expected vectors of 2 to 6 dimensions (7 with allow_slow=true), {params.dataset} has {dim}"
        )
    return (dim,)


def take_points(params: Params, dim: int, seed: int) -> tuple[Points, Points]:
    """Distinct points and queries in float64; uniform ones lie on a grid of 2^-24, so their squared distances are
    exact."""
    from experiments.foundation.datasets.vectors import load_vectors

    data = load_vectors(
        params.dataset, n=params.n, n_queries=params.queries, dim=dim, intrinsic_dim=dim, seed=seed, metric="l2"
    )
    return np.unique(data.base.astype(np.float64), axis=0), data.queries.astype(np.float64)


def measure(params: Params, points: Points, queries: Points, rng: np.random.Generator) -> Row:
    from experiments.ann.core.theory.delaunay import delaunay_simplices, simplex_edges, sphere_intrusions
    from experiments.ann.core.theory.graphs import edge_differences, edges_outside, graph_from_edges, out_degrees
    from experiments.ann.core.theory.proximity import (
        gabriel_graph,
        minimum_spanning_tree,
        nearest_neighbor_graph,
        relative_neighborhood_graph,
    )
    from experiments.ann.core.theory.voronoi import dual_graph

    n, dim = points.shape
    simplices = delaunay_simplices(points, joggle=params.joggle)
    delaunay = graph_from_edges(simplex_edges(simplices), n)
    dual = dual_graph(points)
    lune, ball = relative_neighborhood_graph(points), gabriel_graph(points)
    nearest, tree = nearest_neighbor_graph(points), minimum_spanning_tree(points)
    nested = ((nearest, lune), (tree, lune), (lune, ball), (ball, delaunay))
    degree = float(out_degrees(delaunay).mean())
    return Row(
        dataset=params.dataset,
        n=n,
        dim=dim,
        duality_errors=edge_differences(delaunay, dual),
        duality_errors_gabriel=edge_differences(ball, dual),
        sphere_intrusion=float(sphere_intrusions(points, simplices).max()),
        sphere_intrusion_shuffled=float(sphere_intrusions(rng.permutation(points), simplices).max()),
        nesting_errors=sum(len(edges_outside(inner, outer)) for inner, outer in nested),
        nesting_errors_reversed=sum(len(edges_outside(outer, inner)) for inner, outer in nested[2:]),
        missed_inside=count_missed(points, delaunay, points),
        missed_outside=count_missed(points, delaunay, queries),
        missed_inside_rng=count_missed(points, lune, points),
        missed_outside_rng=count_missed(points, lune, queries),
        mean_degree=degree,
        complete_share=degree / (n - 1),
    )


def count_missed(points: Points, graph: NDArray[np.int32], queries: Points) -> int:
    """Greedy walks from every point to every query that end farther away than the nearest point."""
    from experiments.ann.core.theory.routing import greedy_from_everywhere, misses

    return int(misses(points, queries, greedy_from_everywhere(points, graph, queries)).sum())


def draw(points: Points, queries: Points, joggle: bool) -> Drawing:
    from experiments.ann.core.theory.delaunay import delaunay_graph
    from experiments.ann.core.theory.graphs import undirected_edges
    from experiments.ann.core.theory.routing import greedy_path

    graph = delaunay_graph(points, joggle=joggle)
    start = int(((points - queries[0]) ** 2).sum(axis=1).argmax())
    return Drawing(
        name="delaunay",
        title="Delaunay graph and the greedy walk from the farthest point to a query outside the set",
        points=tuple((float(x), float(y)) for x, y in points),
        edges=tuple((int(p), int(q)) for p, q in undirected_edges(graph)),
        paths=(("greedy", tuple(greedy_path(points, graph, queries[0], start))),),
        marks=(("query", float(queries[0, 0]), float(queries[0, 1])),),
    )


def edges_are_common_facets(rows: Sequence[Row]) -> Comparison:
    return theorem([row.duality_errors for row in rows], control=[row.duality_errors_gabriel for row in rows])


def circumspheres_are_empty(rows: Sequence[Row]) -> Comparison:
    # a linear system of condition c loses c eps; 2^20 covers every simplex that qhull does not merge
    tolerance = float(2**20 * np.finfo(np.float64).eps)
    control = [row.sphere_intrusion_shuffled for row in rows]
    return theorem([row.sphere_intrusion for row in rows], tolerance=tolerance, control=control)


def proximity_graphs_are_nested(rows: Sequence[Row]) -> Comparison:
    return theorem([row.nesting_errors for row in rows], control=[row.nesting_errors_reversed for row in rows])


def greedy_never_misses(rows: Sequence[Row]) -> Comparison:
    control = [min(row.missed_inside_rng, row.missed_outside_rng) for row in rows]
    return theorem([row.missed_inside + row.missed_outside for row in rows], control=control)


def degree_rises_with_dimension(rows: Sequence[Row]) -> Comparison:
    dims = sorted({row.dim for row in rows})
    degree = {(row.seed, row.dim): row.mean_degree for row in rows}
    seeds = sorted({row.seed for row in rows})
    return order(dims, {seed: [degree[seed, dim] for dim in dims] for seed in seeds}, direction="rising")


EXPERIMENT = Experiment(
    params=Params,
    row=Row,
    run=run,
    claims=(
        Claim(
            statement="Two points share a Delaunay edge exactly if their Voronoi cells share a facet",
            notes="Delaunay graph as dual (000:3)",
            kind="theorem",
            rule="holds iff the two edge sets are equal on every point set; control: Gabriel edges instead",
            predicted="holds",
            judge=edges_are_common_facets,
        ),
        Claim(
            statement="No point lies inside the circumsphere of a Delaunay simplex",
            notes="Delaunay graph, empty circle (000:3)",
            kind="theorem",
            rule="holds iff no point reaches deeper than 2^20 eps of the squared radius; control: shuffled corners",
            predicted="holds",
            judge=circumspheres_are_empty,
        ),
        Claim(
            statement="Nearest-neighbor graph and spanning tree lie within RNG within Gabriel within Delaunay",
            notes="Delaunay graph, RNG (000:3, 000:5)",
            kind="theorem",
            rule="holds iff no edge breaks an inclusion; control: the last two inclusions reversed",
            predicted="holds",
            judge=proximity_graphs_are_nested,
        ),
        Claim(
            statement="Greedy routing on the Delaunay graph finds the nearest point from every start, for any query",
            notes="Delaunay graph, greedy routing (000:3)",
            kind="theorem",
            rule="holds iff no walk ends at a farther point, for all pairs of the set and all starts to queries "
            "outside it; "
            "control: the RNG, which must miss in both cases",
            predicted="holds",
            judge=greedy_never_misses,
        ),
        Claim(
            statement="The mean degree of the Delaunay graph rises with the dimension",
            notes="Delaunay graph in many dimensions (000:3)",
            kind="order",
            rule="holds iff the mean degree rises over the dimensions with rho >= 0.9 and Page's p < 0.01",
            predicted="holds",
            judge=degree_rises_with_dimension,
        ),
    ),
    tables=(
        Table(
            title="Delaunay graph by dimension",
            by=("dataset", "n", "dim"),
            columns=(
                "mean_degree",
                "complete_share",
                "missed_inside",
                "missed_outside",
                "nesting_errors",
                "sphere_intrusion",
            ),
        ),
        Table(
            title="Controls, which must fail",
            by=("dataset", "n", "dim"),
            columns=(
                "duality_errors_gabriel",
                "sphere_intrusion_shuffled",
                "nesting_errors_reversed",
                "missed_inside_rng",
                "missed_outside_rng",
            ),
        ),
    ),
    curves=(Curve(name="degree_by_dimension", x="dim", y="mean_degree", y_scale="log"),),
)
