"""How good is an NSG beside faiss's?

Does an NSG find the neighbors that faiss's NSG finds, at what cost, and which of its steps does it need?

It is built and searched beside faiss's indexes, taken apart step by step, and followed as the data grow. faiss counts
distances for HNSW only, so its NSG has none to show. Recall is measured again from the ids, by distance, so ties count.

Notes: NSG, its construction and its parameters.

Source: Fu, Xiang, Wang, Cai: Fast Approximate Nearest Neighbor Search With The Navigating Spreading-out Graph, PVLDB
12(5), 2019.
"""

from __future__ import annotations

from experiments.ann.nsg import growth, search, steps
from experiments.ann.nsg.advice import advice, quickest
from experiments.ann.nsg.setup import Params, prepare
from experiments.lab.answers import listing, mean, number
from experiments.lab.experiment import Experiment, Findings, Headline, Own, Rows, Table
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.rules import Theorem


def answer(findings: Findings, rows: Rows) -> str:
    if steps.PART.name not in rows.by_part:
        return advice(rows.of(search.PART))
    enough = search.enough(rows.of(search.PART))
    speeds = [
        f"{method.replace(', ', ' with ')} answers {number(mean(enough, 'queries_per_second', method=method))}"
        for method in dict.fromkeys(row.method for row in enough)
        if method.startswith(("NSG", "faiss NSG"))
    ]
    said = f"At recall {search.ENOUGH}, {listing(speeds)} queries per second."
    said = said if speeds else f"No list reaches recall {search.ENOUGH}."
    apart = rows.of(steps.PART)
    gains = steps.gains(apart)
    added = listing(f"{number(gain, 2)} with {step.replace(', where', ' where')}" for step, gain in gains.items())
    return f"{said} Recall rises by {added}." if gains else said


EXPERIMENT = Experiment(
    about=__doc__,
    params=Params,
    prepare=prepare,
    parts=(search.PART, steps.PART, growth.PART),
    claims=(
        Claim(
            "degree_limit_is_kept",
            statement="No out-degree of an NSG exceeds max_degree, repair included.",
            rule=Theorem("the largest out-degree is at most max_degree", control="keeping all reverse edges"),
            measure=growth.excess_degrees,
            topic="NSG: degree limit R",
            predicted="holds",
            source="Fu et al. 2019, algorithm 2; repair here attaches only where there is room",
        ),
    ),
    answer=answer,
    own=Own(
        given=lambda params: params.is_own,
        parts=(search.PART.name,),
        headline=Headline(
            part=search.PART,
            table=Table(
                title="The quickest search for recall 0.9, 0.95, 0.99 and 0.999, ours and another",
                by=("method", "search_list_size"),
                columns=(
                    "recall_at_k",
                    "queries_per_second",
                    "latency_p50_us",
                    "latency_p99_us",
                    "build_seconds",
                    "index_bytes",
                ),
            ),
            pick=quickest,
        ),
    ),
    headline=Headline(
        part=search.PART,
        table=Table(
            title="The shortest list with recall 0.99",
            by=("method",),
            columns=("search_list_size", "recall_at_k", "queries_per_second", "index_bytes"),
        ),
        pick=search.enough,
    ),
)
