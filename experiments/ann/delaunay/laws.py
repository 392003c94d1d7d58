"""What must hold of every Delaunay graph, with a control beside it that must fail."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from experiments.ann.core.theory.graphs import edge_differences, edges_outside, undirected_edges
from experiments.ann.delaunay.setup import PointSet, PointSets
from experiments.foundation.statements.trials import TrialRow, instances, trials_of
from experiments.lab.experiment import Drawing, Event, Part, Progress, Table, observation
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Instances
from experiments.lab.judge.rules import Theorem

SHOWN = Table(title="Laws and their controls, which must fail", by=("statement",), columns=("error", "control_error"))


@observation
class LawRow(TrialRow):
    """One law on one point set."""

    dataset: str


def run(sets: PointSets) -> Iterator[Event]:
    for number, each in enumerate(sets.sets):
        yield Progress("point sets", number, len(sets.sets))
        for statement, error, control_error in laws(each, sets.seed):
            yield LawRow(
                dataset=sets.params.dataset,
                statement=statement,
                case=f"{each.dim} dimensions",
                error=error,
                control_error=control_error,
            )
    if sets.sets[0].dim == 2:
        yield draw(sets.sets[0])


def laws(each: PointSet, seed: int) -> Iterator[tuple[str, float, float]]:
    """Every law with its error and that of its control."""
    from experiments.ann.core.theory.delaunay import sphere_intrusions
    from experiments.ann.core.theory.proximity import (
        gabriel_graph,
        minimum_spanning_tree,
        nearest_neighbor_graph,
        relative_neighborhood_graph,
    )
    from experiments.ann.core.theory.routing import missed_walks
    from experiments.ann.core.theory.voronoi import dual_graph

    points, delaunay = each.points, each.delaunay
    dual, lune, ball = dual_graph(points), relative_neighborhood_graph(points), gabriel_graph(points)
    yield "edges are facets", edge_differences(delaunay, dual), edge_differences(ball, dual)

    shuffled = np.random.default_rng(seed).permutation(points)
    deepest, deepest_shuffled = (sphere_intrusions(corners, each.simplices).max() for corners in (points, shuffled))
    yield "empty spheres", float(deepest), float(deepest_shuffled)

    nested = ((lune, ball), (ball, delaunay))
    inside = ((nearest_neighbor_graph(points), lune), (minimum_spanning_tree(points), lune), *nested)
    broken = sum(len(edges_outside(inner, outer)) for inner, outer in inside)
    yield "nested graphs", broken, sum(len(edges_outside(outer, inner)) for inner, outer in nested)

    for name, goals in (("greedy to points", points), ("greedy to queries", each.queries)):
        yield name, missed_walks(points, delaunay, goals), missed_walks(points, lune, goals)


def draw(each: PointSet) -> Drawing:
    from experiments.ann.core.theory.routing import greedy_path

    points, query = each.points, each.queries[0]
    start = int(((points - query) ** 2).sum(axis=1).argmax())
    walk = tuple(greedy_path(points, each.delaunay, query, start))
    x, y = query.tolist()
    return Drawing(
        name="delaunay",
        title=f"Greedy walks {len(walk) - 1} Delaunay edges from the farthest point toward a query outside the set",
        points=tuple(map(tuple, points.tolist())),
        edges=tuple(map(tuple, undirected_edges(each.delaunay).tolist())),
        paths=(("greedy", walk),),
        marks=(("query", x, y),),
    )


def greedy_to_points_and_queries(rows: Sequence[TrialRow]) -> Instances:
    """Walks that miss in one point set; the control must miss points of the set and queries outside it."""
    both = list(zip(trials_of(rows, "greedy to points"), trials_of(rows, "greedy to queries"), strict=True))
    return Instances(
        errors=[inside.error + outside.error for inside, outside in both],
        control=[min(inside.control_error, outside.control_error) for inside, outside in both],
    )


PART = Part(
    name="laws",
    row=LawRow,
    run=run,
    claims=(
        Claim(
            "edges_are_common_facets",
            statement="Two points share a Delaunay edge exactly if their Voronoi cells share a facet.",
            rule=Theorem("the two sets of edges are equal", control="Gabriel edges"),
            measure=instances("edges are facets"),
            topic="Delaunay graph as dual",
            predicted="holds",
            source="Aurenhammer 1991: the Delaunay triangulation is the dual of the Voronoi diagram",
        ),
        Claim(
            "circumspheres_are_empty",
            statement="No point lies inside the circumsphere of a Delaunay simplex.",
            # a linear system of condition c loses c eps; 2^20 eps covers every simplex that qhull does not merge
            rule=Theorem(
                "no point reaches into a sphere, as a share of its squared radius",
                control="spheres through shuffled corners",
                tolerance=2.0**-32,
            ),
            measure=instances("empty spheres"),
            topic="Delaunay graph, empty circle",
            predicted="holds",
            source="Delaunay 1934",
        ),
        Claim(
            "proximity_graphs_are_nested",
            statement="Nearest-neighbor graph and spanning tree lie within RNG within Gabriel within Delaunay.",
            rule=Theorem("no edge breaks an inclusion", control="the last two inclusions reversed"),
            measure=instances("nested graphs"),
            topic="Delaunay graph, RNG",
            predicted="holds",
            source="Toussaint 1980; Jaromczyk and Toussaint 1992",
        ),
        Claim(
            "greedy_never_misses",
            statement="Greedy routing on the Delaunay graph finds the nearest point from every start, for any query.",
            rule=Theorem(
                "no walk between points, or to a query outside the set, ends at a farther point",
                control="the RNG, which must miss in both cases",
            ),
            measure=greedy_to_points_and_queries,
            topic="Delaunay graph, greedy routing",
            predicted="holds",
            source="a point nearer than all its Delaunay neighbors has the query in its Voronoi cell",
        ),
    ),
    tables=(Table(title="Laws by dimension", by=("statement", "case"), columns=("error", "control_error")),),
)
