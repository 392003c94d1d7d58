"""Does filtered search keep its recall?

Does a search among few allowed vectors still find the nearest, and is it ever slower than scanning them?

Vectors are allowed at random, from all of them down to one in ten thousand, each query with a set of its own.

Notes: NSG, its construction and its parameters.

Source: Gollapudi et al.: Filtered-DiskANN, WWW 2023; for the fallback to a scan, the request faiss#4727.
"""

from __future__ import annotations

from collections.abc import Sequence

from experiments.ann.filter.selectivity import PART, FilterRow, Params
from experiments.ann.filter.ways import OURS, SCAN
from experiments.lab.answers import mean, number, percent
from experiments.lab.experiment import Experiment, Findings, Headline, Rows, Table, plain_setup


def answer(findings: Findings, rows: Rows) -> str:
    seen = rows.of(PART)
    worst = min(seen, key=lambda row: (row.method != OURS, row.recall_at_k))
    fewest = min(row.share for row in seen)
    ours, scanned = (mean(seen, "queries_per_second", method=method, share=fewest) for method in (OURS, SCAN))
    return (
        f"Recall is at least {number(worst.recall_at_k, 4)} at every share. With {percent(fewest)} allowed the search "
        f"answers {number(ours)} queries per second, a scan of them {number(scanned)}."
    )


def fewest(rows: Sequence[FilterRow]) -> Sequence[FilterRow]:
    """The rows of the smallest share of the vectors."""
    return [row for row in rows if row.share == min(one.share for one in rows)]


EXPERIMENT = Experiment(
    about=__doc__,
    params=Params,
    prepare=plain_setup,
    parts=(PART,),
    answer=answer,
    headline=Headline(
        part=PART,
        table=Table(
            "Where the fewest are allowed", by=("method",), columns=("share", "recall_at_k", "queries_per_second")
        ),
        pick=fewest,
    ),
)
