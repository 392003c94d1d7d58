"""Which graphs are monotonic networks?

Which graphs are monotonic search networks, and how long are greedy paths on them?

A graph is an MSNET if from every point a path leads to every other on which each step comes nearer. That is decided
three ways that must agree: by searching for such paths, by the local condition on neighbors, and by walking greedily
between all pairs.

Notes: monotonic search networks, MSNET.

Source: Dearholt, Gonzales, Kurup: Monotonic search networks for computer vision databases, 1988; Fu, Xiang, Wang, Cai:
Fast Approximate Nearest Neighbor Search With The Navigating Spreading-out Graph, PVLDB 12(5), 2019.
"""

from __future__ import annotations

from experiments.ann.msnet import graphs, paths
from experiments.ann.msnet.setup import GRAPH_NAMES, Params, prepare
from experiments.lab.answers import listing, mean, number, percent
from experiments.lab.experiment import Experiment, Findings, Headline, Rows
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.rules import Theorem


def answer(findings: Findings, rows: Rows) -> str:
    tried, swept = rows.of(graphs.PART), rows.of(paths.PART)
    ran = [name for name in GRAPH_NAMES if name in {row.graph for row in tried}]
    success = {name.replace(",", " of"): mean(tried, "success", graph=name) for name in ran}
    whole = listing(name for name, share in success.items() if share == 1)
    others = listing(f"{name} ({percent(share)})" for name, share in success.items() if share < 1)
    ns = sorted({row.n for row in swept})
    hops = listing(f"{number(mean(swept, 'mean_hops', n=n))} hops among {n:,}" for n in (*ns[:1], *ns[1:][-1:]))
    return (
        f"All greedy walks between points arrive on {whole}; fewer do on {others}. "
        f"On the MRNG of uniform points they take {hops}."
    )


EXPERIMENT = Experiment(
    about=__doc__,
    params=Params,
    prepare=prepare,
    parts=(graphs.PART, paths.PART),
    answer=answer,
    headline=Headline(part=graphs.PART, table=graphs.SHOWN),
    claims=(
        Claim(
            "three_criteria_agree",
            statement="Monotonic paths exist for all pairs iff every point always has a nearer neighbor iff greedy "
            "always arrives.",
            rule=Theorem(
                "the three criteria give one answer on every graph",
                control="single pairs of the RNG and k-NN graph, where greedy stalls although a monotonic path exists,",
            ),
            measure=paths.three_verdicts,
            topic="MSNET, definition and theorem",
            predicted="holds",
            source="Dearholt, Gonzales and Kurup 1988",
        ),
    ),
)
