"""Does an index age as vectors change?

Does an index stay as good as a new one while half of its vectors are replaced?

Vectors are added and deleted in rounds; then the index is compacted and compared with one that is built from the same
vectors. What it promises is counted after every round.

Notes: NSG, its construction and its parameters.

Source: Singh, Subramanya, Krishnaswamy, Simhadri: FreshDiskANN, arXiv 2105.09613, 2021.
"""

from __future__ import annotations

from experiments.ann.churn.replacing import CHANGED, PART, REBUILT, Params, last
from experiments.lab.answers import mean, number
from experiments.lab.experiment import Experiment, Findings, Headline, Rows, Table, plain_setup


def answer(findings: Findings, rows: Rows) -> str:
    ends = last(rows.of(PART))
    recalls, speeds = (
        [number(mean(ends, column, method=method)) for method in (CHANGED, REBUILT)]
        for column in ("recall_at_k", "queries_per_second")
    )
    unreachable = sum(row.unreachable for row in rows.of(PART))
    return (
        f"With half of the vectors replaced recall is {recalls[0]}, in a new index {recalls[1]}, at {speeds[0]} and "
        f"{speeds[1]} queries per second; {unreachable} vectors were out of reach on the way."
    )


EXPERIMENT = Experiment(
    about=__doc__,
    params=Params,
    prepare=plain_setup,
    parts=(PART,),
    answer=answer,
    headline=Headline(
        part=PART,
        table=Table(
            title="With half of the vectors replaced",
            by=("method",),
            columns=("recall_at_k", "queries_per_second", "unreachable", "deleted_found"),
        ),
        pick=last,
    ),
)
