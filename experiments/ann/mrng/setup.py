"""What ann.mrng can be asked: the graphs on data and on small sets, and the MRNG by dimension and size."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from experiments.ann.core.theory.graphs import Neighbors
from experiments.ann.core.theory.point_sets import Points, hexagonal_lattice, uniform_points, with_duplicates
from experiments.lab.experiment import Setup, parameters

CONTROL_NEIGHBORS = 10
"""Neighbors per point of the nearest-neighbor graph that serves as a control."""
ON_THREE_POINTS, BY_SIZE = "mrng, three points", "mrng by size"
"""Graphs that are not on the data."""
MRNG = ("mrng", ON_THREE_POINTS)


@parameters
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
class Case:
    """One graph on points (n, d)."""

    dataset: str
    graph: str
    points: Points
    neighbors: Neighbors


@dataclass(frozen=True, kw_only=True)
class RoutingCase(Case):
    """One graph whose routing is looked at, with queries (m, d) outside the set."""

    queries: Points


@dataclass(frozen=True, kw_only=True)
class Networks(Setup[Params]):
    """Graphs, each made once, whichever part asks first."""

    points: Points
    queries: Points
    swept: dict[tuple[int, int], Case] = field(default_factory=dict)

    @cached_property
    def cases(self) -> tuple[RoutingCase, ...]:
        return (*self._on_data(), *self._on_small_sets())

    def mrng(self, points: Points) -> Neighbors:
        """The MRNG with the ties that were asked for."""
        from experiments.ann.core.theory.monotonic import monotonic_relative_neighborhood_graph

        return monotonic_relative_neighborhood_graph(points, self.params.ties)

    def sized(self, dim: int, n: int) -> Case:
        """The MRNG of n uniform points."""
        from experiments.ann.core.theory.named_graphs import GRAPHS

        if (dim, n) not in self.swept:
            points = uniform_points(np.random.default_rng((self.seed, dim, n)), n, dim)
            self.swept[dim, n] = Case(dataset="uniform", graph=BY_SIZE, points=points, neighbors=GRAPHS["mrng"](points))
        return self.swept[dim, n]

    def _on_data(self) -> Iterator[RoutingCase]:
        from experiments.ann.core.theory.named_graphs import GRAPHS
        from experiments.ann.core.theory.proximity import knn_graph

        graphs = {
            "mrng": self.mrng(self.points),
            "rng": GRAPHS["rng"](self.points),
            "nearest neighbors": knn_graph(self.points, CONTROL_NEIGHBORS),
        }
        for name, neighbors in graphs.items():
            yield RoutingCase(
                dataset=self.params.dataset,
                graph=name,
                points=self.points,
                neighbors=neighbors,
                queries=self.queries,
            )

    def _on_small_sets(self) -> Iterator[RoutingCase]:
        """Three points, exact ties kept and dropped, tied edges at a narrow angle, and a set with repeated points."""
        from experiments.ann.core.theory.counterexamples import MISSED_QUERY, MRNG_MISSES_QUERY, TIED_EDGES
        from experiments.ann.core.theory.monotonic import monotonic_relative_neighborhood_graph

        def case(
            dataset: str, graph: str, points: Points, queries: Points, ties: Literal["keep", "drop"] = "keep"
        ) -> RoutingCase:
            neighbors = monotonic_relative_neighborhood_graph(points, ties)
            return RoutingCase(dataset=dataset, graph=graph, points=points, neighbors=neighbors, queries=queries)

        yield case("three points", ON_THREE_POINTS, MRNG_MISSES_QUERY, MISSED_QUERY[None, :])
        lattice = hexagonal_lattice(10)
        outside = np.random.default_rng(self.seed).uniform(lattice.min(), lattice.max(), (20, 3))
        yield case("hexagonal lattice", "mrng, ties kept", lattice, outside)
        yield case("hexagonal lattice", "mrng, ties dropped", lattice, outside, "drop")
        yield case("isosceles triangle", "mrng, tied lengths", TIED_EDGES, TIED_EDGES)
        repeated = with_duplicates(np.random.default_rng(self.seed), self.points, max(1, len(self.points) // 5))
        yield case("repeated points", "mrng, repeats kept", repeated, self.queries)


def prepare(params: Params, seed: int) -> Networks:
    from experiments.foundation.datasets.sources import load_points

    points, queries = load_points(
        params.dataset, n=params.n, n_queries=params.queries_out, dim=params.dim, seed=seed, distinct=params.dedup
    )
    return Networks(params=params, seed=seed, points=points, queries=queries)
