"""What does the MRNG guarantee?

Which guarantees does the monotonic relative neighborhood graph give, and which does it not?

Greedy routing finds every point of the set; a query outside the set it may miss. The out-degree is bounded by the
kissing number, whatever the size of the set, but in many dimensions the degree that one sees still grows with it. Ties
must be kept.

Notes: MRNG and the theorems on it.

Source: Fu, Xiang, Wang, Cai: Fast Approximate Nearest Neighbor Search With The Navigating Spreading-out Graph, PVLDB
12(5), 2019; Conway, Sloane: Sphere Packings, Lattices and Groups, 3rd edition, 1999.
"""

from __future__ import annotations

from experiments.ann.mrng import degrees, laws, routing
from experiments.ann.mrng.setup import Params, prepare
from experiments.lab.answers import mean, number, percent
from experiments.lab.experiment import Experiment, Findings, Headline, Rows, Table


def answer(findings: Findings, rows: Rows) -> str:
    routed, grown = rows.of(routing.PART), rows.of(degrees.PART)
    inside, outside = (mean(routed, f"success_{place}", graph="mrng") for place in ("inside", "outside"))
    dim, ns = max(row.dim for row in grown), sorted({row.n for row in grown})
    few, many = (number(mean(grown, "mean_degree", dim=dim, n=n)) for n in (ns[0], ns[-1]))
    return (
        f"Greedy routing on the MRNG arrives in {percent(inside)} of all walks between its points, and at the nearest "
        f"point in {percent(outside)} of the walks to queries outside the set. In {dim} dimensions a point has {few} "
        f"out-edges among {ns[0]:,} points and {many} among {ns[-1]:,}."
    )


EXPERIMENT = Experiment(
    about=__doc__,
    params=Params,
    prepare=prepare,
    parts=(routing.PART, laws.PART, degrees.PART),
    answer=answer,
    headline=Headline(
        part=routing.PART,
        table=Table(
            title="Greedy walks that arrive, between points and to queries outside the set",
            by=("graph",),
            columns=("success_inside", "success_outside", "mean_degree", "max_degree"),
        ),
    ),
)
