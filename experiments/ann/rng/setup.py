"""What ann.rng can be asked: point sets, and the graphs on them that its parts look at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from experiments.ann.core.theory.graphs import Neighbors
from experiments.ann.core.theory.point_sets import Points, hexagonal_lattice
from experiments.lab.experiment import Setup, parameters

Compared = Literal["gabriel", "spanning tree", "delaunay"]
DELAUNAY_DIMS = 5
"""Largest dimension in which the Delaunay graph is made for comparison."""


@parameters
class Params:
    dataset: str = "uniform"
    """"uniform", another generated or stored set of vectors, or a file of vectors."""
    n: Annotated[int, Field(ge=3, le=3000)] = 60
    """Number of points."""
    dims: Annotated[tuple[Annotated[int, Field(ge=2, le=256)], ...], Field(min_length=1)] = (2, 3, 4)
    """Dimensions to run over; stored vectors and files have their own."""
    lune: Literal["open", "closed"] = "open"
    """Whether a third point exactly on the border of the lune forbids the edge."""
    compare: tuple[Compared, ...] = ("gabriel", "spanning tree", "delaunay")
    """Graphs to set beside it and the MRNG; Delaunay up to 5 dimensions. A claim needs gabriel as its control."""


@dataclass(frozen=True, kw_only=True)
class PointSet:
    """Distinct points (n, d) and the graphs on them."""

    dataset: str
    points: Points
    graphs: Mapping[str, Neighbors]
    delaunay: Neighbors | None = None


@dataclass(frozen=True, kw_only=True)
class PointSets(Setup[Params]):
    """Two small examples, and the data: one set per dimension."""

    four_points: PointSet
    lattice: PointSet
    data: tuple[PointSet, ...]

    @property
    def sets(self) -> tuple[PointSet, ...]:
        return (self.four_points, self.lattice, *self.data)


def prepare(params: Params, seed: int) -> PointSets:
    from experiments.ann.core.theory.counterexamples import RNG_STALLS
    from experiments.ann.core.theory.proximity import relative_neighborhood_graph
    from experiments.foundation.datasets.choices import GENERATED
    from experiments.foundation.datasets.sources import load_points

    four, lattice = {"rng, four points": relative_neighborhood_graph(RNG_STALLS)}, hexagonal_lattice(8)
    tied = {f"rng, {lune} lune": relative_neighborhood_graph(lattice, lune) for lune in ("open", "closed")}
    dims = params.dims if params.dataset in GENERATED else params.dims[:1]
    return PointSets(
        params=params,
        seed=seed,
        four_points=PointSet(dataset="four points", points=RNG_STALLS, graphs=four),
        lattice=PointSet(dataset="hexagonal lattice", points=lattice, graphs=tied),
        data=tuple(with_graphs(params, load_points(params.dataset, n=params.n, dim=dim, seed=seed)[0]) for dim in dims),
    )


def with_graphs(params: Params, points: Points) -> PointSet:
    from experiments.ann.core.theory.named_graphs import GRAPHS
    from experiments.ann.core.theory.proximity import relative_neighborhood_graph

    n, dim = points.shape
    delaunay = GRAPHS["delaunay"](points) if dim <= DELAUNAY_DIMS and n >= dim + 2 else None
    graphs = {"rng": relative_neighborhood_graph(points, params.lune), "mrng": GRAPHS["mrng"](points)}
    graphs |= {name: GRAPHS[name](points) for name in params.compare if name != "delaunay"}
    if "delaunay" in params.compare and delaunay is not None:
        graphs["delaunay"] = delaunay
    return PointSet(dataset=params.dataset, points=points, graphs=graphs, delaunay=delaunay)
