"""How far the ten nearest under l1, inner product and cosine differ from those under l2."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from experiments.ann.frontier.setup import Vectors
from experiments.lab.experiment import Part, Row, Table, kept, observation
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Instances
from experiments.lab.judge.rules import Each, Theorem

GIVEN, UNIT = "as given", "unit length"


@observation
class MetricRow(Row):
    """One metric, on the vectors as given or at unit length."""

    dataset: str
    method: str
    """Metric and length."""
    metric: str
    length: str
    n: int
    dim: int
    disagreement: float
    """1 - mean Jaccard index of the neighbors under this metric and under l2."""
    control_disagreement: float
    """The same with the neighbors of the next query under l2."""


def run(vectors: Vectors) -> Iterator[MetricRow]:
    from experiments.ann.core.rivals.measuring import one_thread
    from experiments.ann.core.theory.similarity import jaccard, top_k, unit_rows

    base, queries = vectors.given, vectors.asked
    k = min(10, len(base))
    for length, points, asked in ((GIVEN, base, queries), (UNIT, unit_rows(base), unit_rows(queries))):
        for metric in ("l1", "ip", "cosine"):
            with one_thread():
                euclidean, found = (top_k(points, asked, k, one) for one in ("l2", metric))
            yield MetricRow(
                dataset=vectors.dataset,
                method=f"{metric}, {length}",
                metric=metric,
                length=length,
                n=len(base),
                dim=base.shape[1],
                disagreement=1 - float(jaccard(euclidean, found).mean()),
                control_disagreement=1 - float(jaccard(euclidean, np.roll(euclidean, 1, axis=0)).mean()),
            )


def disagreements(rows: Sequence[MetricRow]) -> Mapping[str, Instances]:
    """Per group of metrics; the neighbors of another query are the control."""

    def found(length: str, *metrics: str) -> Instances:
        of_group = kept(rows, {"length": length, "metric": metrics})
        return Instances([row.disagreement for row in of_group], [row.control_disagreement for row in of_group])

    return {
        "l2, ip and cosine at unit length": found(UNIT, "ip", "cosine"),
        "l2, ip and cosine as given": found(GIVEN, "ip", "cosine"),
        "l2 and l1 at unit length": found(UNIT, "l1"),
    }


PART = Part(
    name="metrics",
    row=MetricRow,
    run=run,
    claims=(
        Claim(
            "metrics_agree",
            statement="The ten nearest do not depend on the metric.",
            rule=Each(
                Theorem(
                    "1 - Jaccard index of the neighbors, mean over queries", control="the neighbors of another query"
                ),
                per="group of metrics",
            ),
            measure=disagreements,
            topic="L1 and L2 distance, metrics",
            predicted={
                "l2, ip and cosine at unit length": "holds",
                "l2, ip and cosine as given": "refuted",
                "l2 and l1 at unit length": "refuted",
            },
            source="|x - y|^2 = 2 - 2 x y at unit length; neither lengths nor l1 enter it",
        ),
    ),
    tables=(
        Table(
            title="Ten nearest against those under l2",
            by=("dataset", "method"),
            columns=("disagreement", "control_disagreement"),
        ),
    ),
)
