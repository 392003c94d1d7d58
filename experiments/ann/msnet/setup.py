"""What ann.msnet can be asked: points, and the graphs on them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal, get_args

from pydantic import Field

from experiments.ann.core.theory.graphs import Neighbors
from experiments.ann.core.theory.point_sets import Points
from experiments.lab.experiment import Setup, parameters

Graph = Literal["delaunay", "mrng", "complete", "rng", "gabriel", "knn", "nsg", "nsg, all candidates"]
GRAPH_NAMES: tuple[Graph, ...] = get_args(Graph)


@parameters
class Params:
    dataset: str = "uniform"
    """"uniform", another generated or stored set of vectors, or a file of vectors."""
    graph: tuple[Graph, ...] = GRAPH_NAMES
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
class Networks(Setup[Params]):
    """Distinct points (n, d) and the graphs on them."""

    points: Points

    def graphs(self) -> tuple[Graph, ...]:
        """The graphs to look at, without Delaunay where it would take too long."""
        can_triangulate = 2 <= self.points.shape[1] <= 6
        return tuple(name for name in self.params.graph if name != "delaunay" or can_triangulate)

    def build(self, graph: Graph) -> Neighbors:
        """The named graph; of the NSG one with few candidates (L = k, C = 2 k, R = 16) and one with all."""
        from experiments.ann.core.nsg.index import NSG
        from experiments.ann.core.theory.named_graphs import GRAPHS
        from experiments.ann.core.theory.proximity import knn_graph

        n, k = len(self.points), self.params.knn_k
        if graph == "nsg":
            return NSG.build(self.points, knn=k, search_list_size=k, candidates=2 * k, max_degree=16, threads=1).graph
        if graph == "nsg, all candidates":
            return NSG.build(self.points, knn=n - 1, search_list_size=n, candidates=n, max_degree=n, threads=1).graph
        return knn_graph(self.points, k) if graph == "knn" else GRAPHS[graph](self.points)


def prepare(params: Params, seed: int) -> Networks:
    from experiments.foundation.datasets.sources import load_points

    points, _ = load_points(params.dataset, n=params.n, dim=params.dim, seed=seed)
    return Networks(params=params, seed=seed, points=points)
