"""Does Delaunay lead to the nearest?

Is the Delaunay graph the dual of the Voronoi diagram, and does greedy routing on it always find the nearest point?

It does, for queries outside the set as well: a point whose neighbors are all farther from the query has the query in
its own Voronoi cell. Of the graphs here it alone has this property, and its degree is the price.

Notes: Delaunay graph and the theorems on it.

Source: Delaunay: Sur la sphère vide, 1934; Aurenhammer: Voronoi diagrams - a survey of a fundamental geometric data
structure, ACM Computing Surveys 23(3), 1991; Toussaint: The relative neighbourhood graph of a finite planar set,
Pattern Recognition 12(4), 1980; Jaromczyk, Toussaint: Relative neighborhood graphs and their relatives, Proceedings of
the IEEE 80(9), 1992.
"""

from __future__ import annotations

from experiments.ann.delaunay import degrees, laws
from experiments.ann.delaunay.setup import Params, prepare
from experiments.foundation.statements.trials import trials_of
from experiments.lab.answers import mean, number, percent
from experiments.lab.experiment import Experiment, Findings, Headline, Rows


def answer(findings: Findings, rows: Rows) -> str:
    tried, measured = rows.of(laws.PART), rows.of(degrees.PART)
    differing = sum(row.error for row in trials_of(tried, "edges are facets"))
    missed, missed_on_rng = (
        sum(getattr(row, column) for name in ("points", "queries") for row in trials_of(tried, f"greedy to {name}"))
        for column in ("error", "control_error")
    )
    most = max(row.dim for row in measured)
    degree, share = (mean(measured, column, dim=most) for column in ("mean_degree", "complete_share"))
    return (
        f"Delaunay edges and common facets of Voronoi cells differ in {number(differing)} edges; greedy walks miss the "
        f"nearest point {number(missed)} times, where those on the relative neighborhood graph miss it "
        f"{number(missed_on_rng)} times. In {most} dimensions a point has {number(degree)} neighbors on average, "
        f"{percent(share)} of all others."
    )


EXPERIMENT = Experiment(
    about=__doc__,
    params=Params,
    prepare=prepare,
    parts=(laws.PART, degrees.PART),
    answer=answer,
    headline=Headline(part=laws.PART, table=laws.SHOWN),
)
