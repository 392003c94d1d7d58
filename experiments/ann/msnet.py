"""Which graphs are monotonic search networks, and how long are greedy paths on them?

A graph is an MSNET if from every point a path leads to every other on which each step comes nearer. That is decided
three ways that must agree: by searching for such paths, by the local condition on neighbors, and by walking greedily
between all pairs.

Notes: monotonic search networks, MSNET (000:4). Source: Dearholt, Gonzales, Kurup: Monotonic search networks for
computer vision databases, 1988; Fu, Xiang, Wang, Cai: Fast Approximate Nearest Neighbor Search With The Navigating
Spreading-out Graph, PVLDB 12(5), 2019.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from pydantic.dataclasses import dataclass as parameters

from experiments.lab.experiment import CHECKED, Curve, Drawing, Event, Experiment, Note, Progress, Table
from experiments.lab.experiment import Row as LabRow
from experiments.lab.judge.claims import Claim, Comparison, conditional, slope_below, theorem, undecided

Points = NDArray[np.float64]
Neighbors = NDArray[np.int32]
Graph = Literal["delaunay", "mrng", "complete", "rng", "gabriel", "knn", "nsg", "nsg, all candidates"]

NETWORKS = ("delaunay", "mrng", "complete")
NO_NETWORKS = ("rng", "knn")


@parameters(frozen=True, kw_only=True, config=CHECKED)
class Params:
    dataset: str = "uniform"
    """"uniform", another generated or stored set of vectors, or a file of vectors."""
    graph: tuple[Graph, ...] = (
        "delaunay",
        "mrng",
        "complete",
        "rng",
        "gabriel",
        "knn",
        "nsg",
        "nsg, all candidates",
    )
    """Graphs to classify; delaunay only up to 6 dimensions."""
    n: Annotated[int, Field(ge=10, le=2000)] = 80
    """Number of points."""
    dim: Annotated[int, Field(ge=1, le=256)] = 3
    """Dimension; stored vectors and files have their own."""
    knn_k: Annotated[int, Field(ge=1)] = 5
    """Neighbors per point of the nearest-neighbor graph."""
    ns: tuple[Annotated[int, Field(ge=10, le=5000)], ...] = (50, 100)
    """Sizes of the path-length sweep on the MRNG of uniform points; the exponent needs five."""


@dataclass(frozen=True, kw_only=True)
class Row(LabRow):
    dataset: str
    graph: str
    n: int
    dim: int
    stalled_pairs: int
    """Ordered pairs (p, q) without an out-neighbor of p strictly nearer to q."""
    unconnected_pairs: int
    """Ordered pairs without any monotonic path."""
    missed_pairs: int
    """Ordered pairs whose greedy walk does not arrive."""
    avoidable_misses: int
    """Ordered pairs whose greedy walk stalls although another monotonic path arrives."""
    success: float
    mean_hops: float
    mean_distance_computations: float
    mean_degree: float
    max_degree: int
    counterexample: str
    """The first pair that stalls, to be checked by hand; empty without one."""

    @property
    def verdicts(self) -> set[bool]:
        """Whether the graph is an MSNET by each of the three criteria; one element if they agree."""
        return {self.stalled_pairs == 0, self.unconnected_pairs == 0, self.missed_pairs == 0}


def run(params: Params, seed: int) -> Iterator[Event]:
    from experiments.ann.core.theory.counterexamples import GABRIEL_STALLS, RNG_STALLS

    points = take_points(params, seed)
    for graph, few in (("gabriel", GABRIEL_STALLS), ("rng", RNG_STALLS)):
        small = describe("four points", graph, few, build(few, graph, params))
        yield Note(f"The {graph} graph is no MSNET: {small.counterexample}")
        yield small
        yield draw(few, graph, build(few, graph, params))
    for graph in params.graph:
        if graph != "delaunay" or 2 <= points.shape[1] <= 6:
            yield describe(params.dataset, graph, points, build(points, graph, params))
    for number, n in enumerate(params.ns):
        yield Progress("path length", number, len(params.ns))
        yield path_length(n, params.dim, seed)


def take_points(params: Params, seed: int) -> Points:
    """Distinct points in float64; uniform ones lie on a grid of 2^-24, so squared distances are exact up to 32
    dimensions."""
    from experiments.foundation.datasets.vectors import load_vectors

    data = load_vectors(
        params.dataset, n=params.n, n_queries=1, dim=params.dim, intrinsic_dim=params.dim, seed=seed, metric="l2"
    )
    return np.unique(data.base.astype(np.float64), axis=0)


def build(points: Points, graph: str, params: Params) -> Neighbors:
    """The named graph of the points; of the NSG one with few candidates (L = k, C = 2 k, R = 16) and one with all."""
    from experiments.ann.core.nsg.index import NSG
    from experiments.ann.core.theory.delaunay import delaunay_graph
    from experiments.ann.core.theory.graphs import complete_graph
    from experiments.ann.core.theory.monotonic import monotonic_relative_neighborhood_graph
    from experiments.ann.core.theory.proximity import gabriel_graph, knn_graph, relative_neighborhood_graph

    n = len(points)
    if graph == "complete":
        return complete_graph(n)
    if graph == "knn":
        return knn_graph(points, params.knn_k)
    if graph in ("nsg", "nsg, all candidates"):
        few = {"knn": params.knn_k, "search_list_size": params.knn_k, "candidates": 2 * params.knn_k, "max_degree": 16}
        everything = {"knn": n - 1, "search_list_size": n, "candidates": n, "max_degree": n}
        return NSG.build(points, threads=1, **(few if graph == "nsg" else everything)).graph
    makers = {
        "delaunay": delaunay_graph,
        "gabriel": gabriel_graph,
        "mrng": monotonic_relative_neighborhood_graph,
        "rng": relative_neighborhood_graph,
    }
    return makers[graph](points)


def describe(dataset: str, graph: str, points: Points, neighbors: Neighbors) -> Row:
    from experiments.ann.core.theory.survey import survey_inside

    n, dim = points.shape
    return Row(dataset=dataset, graph=graph, n=n, dim=dim, **asdict(survey_inside(points, neighbors)))


def path_length(n: int, dim: int, seed: int) -> Row:
    """The MRNG of n uniform points, for its mean number of hops over all pairs."""
    from experiments.ann.core.theory.monotonic import monotonic_relative_neighborhood_graph
    from experiments.ann.core.theory.point_sets import uniform_points

    points = uniform_points(np.random.default_rng((seed, n)), n, dim)
    return describe("uniform", "mrng by size", points, monotonic_relative_neighborhood_graph(points))


def draw(points: Points, graph: str, neighbors: Neighbors) -> Drawing:
    from experiments.ann.core.theory.graphs import undirected_edges
    from experiments.ann.core.theory.monotonic import stalled_pairs

    start, goal = (int(node) for node in stalled_pairs(points, neighbors)[0])
    return Drawing(
        name=f"{graph}_is_no_msnet",
        title=f"The {graph} graph of four points: no neighbor of the start is nearer to the goal",
        points=tuple((float(x), float(y)) for x, y in points),
        edges=tuple((int(p), int(q)) for p, q in undirected_edges(neighbors)),
        marks=tuple(
            (name, float(points[node, 0]), float(points[node, 1])) for name, node in (("start", start), ("goal", goal))
        ),
    )


def three_criteria_agree(rows: Sequence[Row]) -> Comparison:
    control = [row.avoidable_misses for row in rows if row.graph in NO_NETWORKS]
    return theorem([len(row.verdicts) > 1 for row in rows], control=control)


def delaunay_mrng_and_complete_graphs_are_msnets(rows: Sequence[Row]) -> Comparison:
    networks = [row for row in rows if row.graph in NETWORKS]
    example = next((row.counterexample for row in networks if row.counterexample), None)
    controls = [row.stalled_pairs for row in rows if row.graph in NO_NETWORKS]
    weakest = [min(controls)] if controls else []
    return theorem([row.stalled_pairs for row in networks], control=weakest, counterexample=example)


def nsg_is_an_msnet(rows: Sequence[Row]) -> Comparison:
    control = [row.stalled_pairs for row in rows if row.graph == "rng"]

    def check(graph: str) -> Comparison:
        found = [row for row in rows if row.graph == graph]
        example = next((row.counterexample for row in found if row.counterexample), None)
        return theorem([row.stalled_pairs for row in found], control=control, counterexample=example)

    return conditional({"few candidates a point": check("nsg"), "all points": check("nsg, all candidates")})


def path_length_grows_as_the_theory_says(rows: Sequence[Row]) -> Comparison:
    swept = [row for row in rows if row.graph == "mrng by size"]
    if not swept:
        return undecided("slope", "expected a sweep over sizes, got none")
    ns, seeds = sorted({row.n for row in swept}), sorted({row.seed for row in swept})
    hops = {(row.seed, row.n): row.mean_hops for row in swept}
    limit = 1 / swept[0].dim + 0.05
    return slope_below(ns, {seed: [hops[seed, n] for n in ns] for seed in seeds}, limit=limit)


EXPERIMENT = Experiment(
    params=Params,
    row=Row,
    run=run,
    claims=(
        Claim(
            statement="Monotonic paths exist for all pairs iff every point always has a nearer neighbor iff greedy "
            "always arrives",
            notes="MSNET, definition and theorem (000:4)",
            kind="theorem",
            rule="holds iff the three criteria give one answer on every graph; control: single pairs of the RNG and "
            "k-NN graph, "
            "where greedy stalls although a monotonic path exists",
            predicted="holds",
            judge=three_criteria_agree,
        ),
        Claim(
            statement="Delaunay graph, MRNG and complete graph are MSNETs, RNG and k-NN graph are not",
            notes="MSNET, examples (000:4)",
            kind="theorem",
            rule="holds iff no pair stalls on the first three; control: RNG and k-NN graph, where on every point set "
            "some pair must",
            predicted="holds",
            judge=delaunay_mrng_and_complete_graphs_are_msnets,
        ),
        Claim(
            statement="The NSG is an MSNET",
            notes="NSG as an approximation of the MRNG (000:7)",
            kind="conditional",
            rule="theorem that no pair stalls, once with few candidates a point and once with all points as "
            "candidates and no "
            "limit on edges; control: the RNG",
            predicted="conditional",
            judge=nsg_is_an_msnet,
        ),
        Claim(
            statement="Greedy paths on the MRNG lengthen with the number of points no faster than n^(1/d), but for "
            "the logarithm",
            notes="MSNET, path length (000:4)",
            kind="slope",
            rule="holds iff the exponent of the mean hops over n is below 1/d + 0.05",
            predicted="holds",
            judge=path_length_grows_as_the_theory_says,
        ),
    ),
    tables=(
        Table(
            title="Graphs",
            by=("dataset", "graph", "dim", "n"),
            columns=(
                "stalled_pairs",
                "success",
                "mean_hops",
                "mean_distance_computations",
                "mean_degree",
                "max_degree",
            ),
            where=lambda row: row.graph != "mrng by size",
        ),
        Table(
            title="Path length on the MRNG",
            by=("dim", "n"),
            columns=("mean_hops", "mean_distance_computations", "mean_degree"),
            where=lambda row: row.graph == "mrng by size",
        ),
    ),
    curves=(
        Curve(
            name="hops_by_size",
            x="n",
            y="mean_hops",
            x_scale="log",
            y_scale="log",
            where=lambda row: row.graph == "mrng by size",
        ),
    ),
)
