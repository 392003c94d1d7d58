"""The definition of the RNG, and the graphs that it contains and lies in; other graphs are the controls."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from experiments.ann.core.theory.graphs import edge_differences, edges_outside, undirected_edges
from experiments.ann.rng.setup import PointSet, PointSets
from experiments.foundation.statements.trials import TrialRow, trials_of, tried
from experiments.lab.experiment import Part, Table, observation
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Instances
from experiments.lab.judge.rules import Theorem


@observation
class LawRow(TrialRow):
    """One law tried on one graph; the case is the graph, the error a number of edges."""

    dataset: str
    dim: int


def run(sets: PointSets) -> Iterator[LawRow]:
    for each in sets.sets:
        for statement, case, error in laws(each):
            dim = each.points.shape[1]
            yield LawRow(dataset=each.dataset, dim=dim, statement=statement, case=case, error=error)


def laws(each: PointSet) -> Iterator[tuple[str, str, int]]:
    """Law, graph and the edges that break it."""
    from experiments.ann.core.theory.proximity import (
        minimum_spanning_tree,
        relative_neighborhood_by_definition,
        relative_neighborhood_of_edges,
    )

    points, tree = each.points, minimum_spanning_tree(each.points)
    defined = [relative_neighborhood_by_definition(points)]
    if each.delaunay is not None and points.shape[1] == 2:
        defined.append(relative_neighborhood_of_edges(points, undirected_edges(each.delaunay)))
    for name, graph in each.graphs.items():
        yield "definition", name, sum(edge_differences(graph, expected) for expected in defined)
        yield "contains the spanning tree", name, len(edges_outside(tree, graph))
        if each.delaunay is not None:
            yield "within Delaunay", name, len(edges_outside(graph, each.delaunay))


def definition(rows: Sequence[TrialRow]) -> Instances:
    """The graph by its definition: for all triples and, in the plane, from filtered Delaunay edges."""
    control = [row.error for row in trials_of(rows, "definition", "gabriel")]
    return tried(trials_of(rows, "definition", "rng"), control)


def inclusions(rows: Sequence[TrialRow]) -> Instances:
    """Tree edges that the RNG lacks, examples included, and its edges outside Delaunay."""
    tree = trials_of(rows, "contains the spanning tree")
    between = [row for row in tree if row.case in ("rng", "rng, four points", "rng, open lune")]
    control = [row.error for row in tree if row.case == "rng, closed lune"]
    return tried([*between, *trials_of(rows, "within Delaunay", "rng")], control)


PART = Part(
    name="laws",
    row=LawRow,
    run=run,
    claims=(
        Claim(
            "search_by_distance_equals_the_definition",
            statement="The edges found by scanning points by distance are exactly those with an empty open lune.",
            rule=Theorem(
                "the graph is that of all triples and, in the plane, of the filtered Delaunay edges",
                control="the Gabriel graph, with a ball instead of a lune",
            ),
            measure=definition,
            topic="RNG, definition",
            predicted="holds",
            source="Toussaint 1980",
        ),
        Claim(
            "rng_lies_between_tree_and_delaunay",
            statement="The RNG contains the minimum spanning tree and lies within the Delaunay graph.",
            rule=Theorem(
                "no tree edge is missing and, up to 5 dimensions, no edge lies outside Delaunay",
                control="closed lunes on a hexagonal lattice, where ties drop tree edges",
            ),
            measure=inclusions,
            topic="RNG, spanning tree and Delaunay graph",
            predicted="holds",
            source="Toussaint 1980",
        ),
    ),
    tables=(
        Table(title="Edges that break a law, controls included", by=("statement", "case", "dim"), columns=("error",)),
    ),
)
