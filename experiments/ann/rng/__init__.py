"""Why is the RNG no search network?

What does the relative neighborhood graph keep, and why is it no monotonic search network?

Two points are joined iff no third is nearer to both than they are to each other. The graph is connected and sparse, but
greedy routing on it stalls; four points show it.

Notes: relative neighborhood graph, RNG.

Source: Toussaint: The relative neighbourhood graph of a finite planar set, Pattern Recognition 12(4), 1980; Jaromczyk,
Toussaint: Relative neighborhood graphs and their relatives, Proceedings of the IEEE 80(9), 1992; Fu, Xiang, Wang, Cai:
Fast Approximate Nearest Neighbor Search With The Navigating Spreading-out Graph, PVLDB 12(5), 2019.
"""

from __future__ import annotations

from experiments.ann.rng import graphs, laws
from experiments.ann.rng.setup import Params, prepare
from experiments.foundation.statements.trials import trials_of
from experiments.lab.answers import mean, number, percent
from experiments.lab.experiment import Experiment, Findings, Headline, Rows, Table


def answer(findings: Findings, rows: Rows) -> str:
    tried, measured = rows.of(laws.PART), rows.of(graphs.PART)
    missing = sum(row.error for row in trials_of(tried, "contains the spanning tree", "rng"))
    degree = mean(measured, "mean_degree", graph="rng")
    arrived, on_mrng = (mean(measured, "success", graph=graph) for graph in ("rng", "mrng"))
    return (
        f"It lacks {number(missing)} edges of the minimum spanning tree and has {number(degree)} neighbors a point on "
        f"average. Greedy walks between its points arrive in {percent(arrived)} of all cases, on the monotonic graph "
        f"(MRNG) in {percent(on_mrng)}: a walk stalls where no neighbor is nearer to the goal."
    )


EXPERIMENT = Experiment(
    about=__doc__,
    params=Params,
    prepare=prepare,
    parts=(laws.PART, graphs.PART),
    answer=answer,
    headline=Headline(
        part=graphs.PART,
        table=Table(
            title="The relative neighborhood graph by dimension",
            by=("dim",),
            columns=("mean_degree", "max_degree", "stalled_pairs", "success"),
            only={"graph": "rng"},
        ),
    ),
)
