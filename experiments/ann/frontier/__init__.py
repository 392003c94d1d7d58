"""What does recall cost in each index?

What does a given recall cost with scans, trees, hashing, quantization and graphs?

Every method gets the same vectors, one thread, and two ways of asking: one query at a time and all queries in one call.
Recall is measured again from the ids, by distance, so ties count; the cost is the number of vectors compared with a
query, then time.

Notes: the KNN and ANN problems, classes of algorithms; distances.

Source: Aumüller, Bernhardsson, Faithfull: ANN-Benchmarks: a benchmarking tool for approximate nearest neighbor
algorithms, Information Systems 87, 2020.
"""

from __future__ import annotations

from statistics import fmean

from experiments.ann.frontier import exact, methods, metrics
from experiments.ann.frontier.setup import Params, prepare
from experiments.lab.answers import listing, number
from experiments.lab.experiment import Experiment, Findings, Headline, Rows, Table


def answer(findings: Findings, rows: Rows) -> str:
    measured = rows.of(methods.PART)
    found = []
    for family in ("graph", "quantization", "hash", "tree"):
        best = methods.cheapest(measured, (family,)).values()
        if best:
            names = listing(dict.fromkeys(method for _, method in best), last="or")
            found.append(f"{number(fmean(cost for cost, _ in best))} with {names}")
    n = max(row.n for row in measured)
    if not found:
        return f"No method but a scan of all {n:,} vectors is known to reach recall {methods.RECALL}."
    return f"Of {n:,} vectors, this many are compared with a query at recall {methods.RECALL}: {listing(found)}."


EXPERIMENT = Experiment(
    about=__doc__,
    params=Params,
    prepare=prepare,
    parts=(methods.PART, exact.AGREEMENT, exact.TREE, metrics.PART),
    answer=answer,
    headline=Headline(
        part=methods.PART,
        table=Table(
            title="The least effort with recall 0.9",
            by=("method",),
            columns=("effort", "distance_computations", "queries_per_second", "bytes_per_vector"),
        ),
        pick=methods.at_recall,
    ),
)
