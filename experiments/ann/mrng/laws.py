"""What the definition says of the edges of an MRNG: their angles, the graphs inside it, and that none can be spared."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from experiments.ann.core.theory.graphs import edges_outside, union
from experiments.ann.mrng.setup import BY_SIZE, MRNG, Case, Networks
from experiments.foundation.statements.trials import TrialRow, tried
from experiments.lab.experiment import Part, Table, kept, observation
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Instances
from experiments.lab.judge.rules import Theorem


@observation
class LawRow(TrialRow):
    """One law tried on one graph; the case is the graph, the error a number of edges, or of pairs of them."""

    dataset: str
    n: int
    dim: int


def run(networks: Networks) -> Iterator[LawRow]:
    yield from angles(networks)
    yield from subgraphs(networks)
    yield from spare_edges(networks)


def angles(networks: Networks) -> Iterator[LawRow]:
    """Pairs of out-edges of a point that enclose less than 60 degrees."""
    from experiments.ann.core.theory.monotonic import narrow_angles

    swept = [networks.sized(dim, n) for dim in networks.params.dims for n in networks.params.ns]
    for case in (*networks.cases, *swept):
        yield trial("angles", case, len(narrow_angles(case.points, case.neighbors)))


def subgraphs(networks: Networks) -> Iterator[LawRow]:
    """Edges of the nearest-neighbor graph and of the RNG that the graph lacks."""
    from experiments.ann.core.theory.proximity import nearest_neighbor_graph, relative_neighborhood_graph

    for case in networks.cases:
        inside = (nearest_neighbor_graph(case.points), relative_neighborhood_graph(case.points))
        yield trial("subgraphs", case, sum(len(edges_outside(subgraph, case.neighbors)) for subgraph in inside))


def spare_edges(networks: Networks) -> Iterator[LawRow]:
    """Edges without which every walk still arrives, deleted in turn; also with five nearest neighbors added."""
    from experiments.ann.core.theory.monotonic import removable_edges
    from experiments.ann.core.theory.proximity import knn_graph

    chosen = np.random.default_rng(0).permutation(len(networks.points))[: networks.params.minimality_n]
    few = networks.points[chosen]
    exact = networks.mrng(few)
    for graph, neighbors in (("mrng", exact), ("mrng and 5 neighbors", union(exact, knn_graph(few, 5)))):
        case = Case(dataset=networks.params.dataset, graph=graph, points=few, neighbors=neighbors)
        yield trial("spare edges", case, len(removable_edges(few, neighbors)))


def trial(statement: str, case: Case, error: int) -> LawRow:
    n, dim = case.points.shape
    return LawRow(dataset=case.dataset, n=n, dim=dim, statement=statement, case=case.graph, error=error)


def of_graphs(rows: Sequence[TrialRow], statement: str, graphs: tuple[str, ...], control: tuple[str, ...]) -> Instances:
    """A law on some graphs, with others that must violate it."""
    beside = [row.error for row in kept(rows, {"statement": statement, "case": control})]
    return tried(kept(rows, {"statement": statement, "case": graphs}), beside)


def wide_angles(rows: Sequence[TrialRow]) -> Instances:
    return of_graphs(rows, "angles", (*MRNG, "mrng, ties kept", BY_SIZE), ("nearest neighbors",))


def subgraphs_inside(rows: Sequence[TrialRow]) -> Instances:
    return of_graphs(rows, "subgraphs", MRNG, ("nearest neighbors", "mrng, tied lengths"))


def no_spare_edges(rows: Sequence[TrialRow]) -> Instances:
    return of_graphs(rows, "spare edges", ("mrng",), ("mrng and 5 neighbors",))


PART = Part(
    name="laws",
    row=LawRow,
    run=run,
    claims=(
        Claim(
            "edges_enclose_sixty_degrees",
            statement="Any two out-edges of a point of the MRNG enclose at least 60 degrees.",
            rule=Theorem(
                "d(r, q) >= max(d(p, r), d(p, q)) for all pairs of edges p -> r, p -> q",
                control="the graph of 10 nearest neighbors",
            ),
            measure=wide_angles,
            topic="MRNG, angles",
            predicted="holds",
            source="Fu et al. 2019: the longest side of a triangle lies opposite the widest angle",
        ),
        Claim(
            "nearest_neighbors_and_rng_are_inside",
            statement="If no two distances from a point tie, the MRNG contains the nearest-neighbor graph and the RNG.",
            rule=Theorem(
                "no such edge is missing, RNG edges in both directions",
                control="the graph of 10 nearest neighbors and an isosceles triangle, two sides of which are RNG edges",
            ),
            measure=subgraphs_inside,
            topic="MRNG and RNG",
            predicted="holds",
            source="Fu et al. 2019: fewer points can reject an edge than in the RNG",
        ),
        Claim(
            "no_edge_can_be_spared",
            statement="No edge of the MRNG can be deleted without breaking monotonic search.",
            rule=Theorem(
                "after deleting any one edge some pair stalls", control="the MRNG with 5 nearest neighbors added"
            ),
            measure=no_spare_edges,
            topic="MRNG, minimality",
            predicted="holds",
            source="Fu et al. 2019: the MRNG is a minimal monotonic search network",
        ),
    ),
    tables=(Table(title="Edges that break a law, controls included", by=("statement", "case"), columns=("error",)),),
)
