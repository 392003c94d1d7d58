"""Shares of the vectors allowed, from all down to few: recall and speed of every way to search."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from experiments.ann.filter.ways import AFTER, FAISS, OURS, SCAN, Search, built_hnsw, scan, searches
from experiments.foundation.datasets.sources import VectorSource
from experiments.lab.answers import mean, number, percent
from experiments.lab.experiment import (
    Curve,
    Event,
    Part,
    Progress,
    Row,
    Setup,
    Table,
    observation,
    parameters,
)
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Instances, NotMeasured, Pairs
from experiments.lab.judge.measures import by_seed
from experiments.lab.judge.rules import Each, Effect, Ratio, Theorem

ALLOWED = "Share of the vectors that is allowed"


@parameters
class Params(VectorSource):
    k: Annotated[int, Field(ge=1)] = 10
    """Neighbors per query."""
    search_list_size: Annotated[int, Field(ge=1)] = 60
    """Candidate list, and efSearch of HNSW."""
    shares: tuple[Annotated[float, Field(gt=0, le=1)], ...] = (1.0, 0.1, 0.01)
    """Shares of the vectors that are allowed."""


@observation
class FilterRow(Row):
    """One way to search at one share."""

    dataset: str
    method: str
    share: float
    n: int
    recall_at_k: float
    """Of the nearest allowed vectors, of which there may be fewer than k."""
    queries_per_second: float


def run(setup: Setup[Params]) -> Iterator[Event]:
    from experiments.ann.core.nsg.coded_index import CodedNSG
    from experiments.ann.core.nsg.index import NSG

    params, rng = setup.params, np.random.default_rng(setup.seed)
    data = params.load(setup.seed)
    base, queries = (part.astype(np.float32) for part in (data.base, data.queries))
    yield Progress("build", 0, len(params.shares))
    index = CodedNSG.of(NSG.build(base, seed=setup.seed))
    hnsw = built_hnsw(base)
    for done, share in enumerate(params.shares, start=1):
        count = max(1, round(share * len(base)))
        allowed = [np.sort(rng.choice(len(base), count, replace=False)) for _ in queries]
        truth = [scan(base, query, own, params.k) for query, own in zip(queries, allowed, strict=True)]
        for method, search in searches(index, hnsw, base, queries, allowed, params.k, params.search_list_size).items():
            yield FilterRow(
                dataset=data.name,
                method=method,
                share=share,
                n=len(base),
                recall_at_k=recall(base, queries, search(), truth),
                queries_per_second=rate(search, len(queries)),
            )
        yield Progress("shares", done, len(params.shares))


def recall(
    base: NDArray[np.float32],
    queries: NDArray[np.float32],
    found: NDArray[np.integer],
    truth: Sequence[NDArray[np.int64]],
) -> float:
    """Share of the true neighbors, by distance, that were found."""
    from experiments.ann.core.exact.exact import distances_of, recall_by_distance

    true = distances_of(base, queries, np.stack(truth))
    shares = recall_by_distance(distances_of(base, queries, found), true, found.shape[1])
    # Where fewer than k are allowed, those that are not there cannot be found; both sides are infinite there.
    return float(shares.mean())


def rate(search: Search, m: int) -> float:
    """Queries per second by CPU time: the quickest of two calls after the one that measured recall."""
    from experiments.ann.core.rivals.index import timed

    return m / min(timed(search)[1] for _ in range(2))


def lost(rows: Sequence[FilterRow]) -> Instances:
    ours, after = ([1 - row.recall_at_k for row in rows if row.method == method] for method in (OURS, AFTER))
    # With all allowed there is nothing to filter afterwards.
    fewest = min(row.share for row in rows)
    control = [1 - row.recall_at_k for row in rows if row.method == AFTER and row.share == fewest]
    return Instances(ours, control or after)


def against_scan(rows: Sequence[FilterRow]) -> Mapping[str, Pairs]:
    return {
        percent(share): Pairs(
            *(by_seed(rows, "queries_per_second", method=method, share=share) for method in (OURS, SCAN))
        )
        for share in sorted({row.share for row in rows}, reverse=True)
    }


def against_hnsw(rows: Sequence[FilterRow]) -> Pairs | NotMeasured:
    fewest = min(row.share for row in rows)
    ours, other = (by_seed(rows, "recall_at_k", method=method, share=fewest) for method in (OURS, FAISS))
    return Pairs(ours, other) if other else NotMeasured("needs faiss")


def recall_of_few(rows: Sequence[FilterRow]) -> str:
    share = min(row.share for row in rows)
    ours, after = (number(mean(rows, "recall_at_k", method=method, share=share)) for method in (OURS, AFTER))
    return f"With {percent(share)} allowed recall is {ours}, {after} where a list is filtered afterwards"


def beside_the_scan(rows: Sequence[FilterRow]) -> str:
    few, many = min(row.share for row in rows), max(row.share for row in rows)

    def times(share: float) -> str:
        ours, scan = (mean(rows, "queries_per_second", method=method, share=share) for method in (OURS, SCAN))
        return f"{number(ours / scan, 2)} times as fast as a scan with {percent(share)} allowed"

    return f"The search is {times(few)}, {times(many).replace(' as fast as a scan', '')}"


PART = Part(
    name="filter",
    row=FilterRow,
    run=run,
    claims=(
        Claim(
            "recall_stays_under_a_filter",
            statement="Recall is at least 0.99 whatever share of the vectors is allowed.",
            rule=Theorem(
                "1 - recall at k among the allowed", control="a list that is filtered afterwards", tolerance=0.01
            ),
            measure=lost,
            topic="NSG: search",
            predicted="holds",
            source="the list is lengthened by one over the share, and few allowed vectors are scanned",
        ),
        Claim(
            "never_slower_than_the_scan",
            statement="A filtered search is never more than a tenth slower than a scan of the allowed vectors.",
            rule=Each(Ratio("queries per second, NSG over the scan", at_least=0.9), per="share"),
            measure=against_scan,
            topic="NSG: search",
            predicted="holds",
            source="where the scan is cheaper it is what is done",
        ),
        Claim(
            "filtered_hnsw_loses_neighbors",
            statement="HNSW of faiss, filtered while it searches, finds fewer of the neighbors where few are allowed.",
            rule=Effect("recall at the smallest share, NSG - faiss HNSW", delta=0.01),
            measure=against_hnsw,
            topic="NSG: search",
            predicted="holds",
            source="reported as faiss#4727: recall collapses under strict filters",
        ),
    ),
    tables=(
        Table(title="Search among the allowed", by=("method", "share"), columns=("recall_at_k", "queries_per_second")),
    ),
    curves=(
        Curve("recall_share", "share", "recall_at_k", "method", x_scale="log", title=recall_of_few, x_label=ALLOWED),
        Curve(
            "speed_share",
            "share",
            "queries_per_second",
            "method",
            x_scale="log",
            y_scale="log",
            title=beside_the_scan,
            x_label=ALLOWED,
        ),
    ),
)
