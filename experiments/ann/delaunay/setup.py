"""What ann.delaunay can be asked: point sets of several dimensions, and the graphs that its parts look at."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from experiments.ann.core.theory.graphs import Neighbors, graph_from_edges
from experiments.ann.core.theory.point_sets import Points
from experiments.lab.errors import InputError
from experiments.lab.experiment import Setup, parameters

if TYPE_CHECKING:
    from experiments.ann.core.theory.delaunay import Simplices


@parameters
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
class PointSet:
    """Distinct points (n, d), queries (m, d), and their Delaunay graph, made by the part that asks first."""

    points: Points
    queries: Points
    joggle: bool

    @property
    def dim(self) -> int:
        return self.points.shape[1]

    @cached_property
    def simplices(self) -> Simplices:
        from experiments.ann.core.theory.delaunay import delaunay_simplices

        return delaunay_simplices(self.points, joggle=self.joggle)

    @cached_property
    def delaunay(self) -> Neighbors:
        from experiments.ann.core.theory.delaunay import simplex_edges

        return graph_from_edges(simplex_edges(self.simplices), len(self.points))


@dataclass(frozen=True, kw_only=True)
class PointSets(Setup[Params]):
    """One point set per dimension."""

    sets: tuple[PointSet, ...]


def prepare(params: Params, seed: int) -> PointSets:
    from experiments.foundation.datasets.choices import GENERATED

    if params.dataset in GENERATED:
        sets = tuple(take_points(params, dim, seed) for dim in params.dims)
    else:
        sets = (take_points(params, 2, seed),)
        if not 2 <= sets[0].dim <= 6 + params.allow_slow:
            wanted = "vectors of 2 to 6 dimensions (7 with allow_slow=true)"
            raise InputError(f"dataset: expected {wanted}, {params.dataset} has {sets[0].dim}")
    return PointSets(params=params, seed=seed, sets=sets)


def take_points(params: Params, dim: int, seed: int) -> PointSet:
    from experiments.foundation.datasets.sources import load_points

    points, queries = load_points(params.dataset, n=params.n, n_queries=params.queries, dim=dim, seed=seed)
    return PointSet(points=points, queries=queries, joggle=params.joggle)
