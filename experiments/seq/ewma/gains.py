"""The best weight of the newest value on a level that drifts, found on long series, against Muth's formula."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from experiments.lab.experiment import Part, Row, Table, observation
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Pairs
from experiments.lab.judge.measures import by_seed
from experiments.lab.judge.rules import Each, Equivalence
from experiments.seq.core.averages import steady_gain
from experiments.seq.core.forecasts import best_gain
from experiments.seq.ewma.setup import Shop


@observation
class GainRow(Row):
    """Drifting levels of one ratio of variances."""

    q: float
    """Variance of a step over that of the noise."""
    gain: float
    """Best 1 - beta that was found."""
    theory: float
    """Best 1 - beta by Muth's formula."""


def run(shop: Shop) -> Iterator[GainRow]:
    for q, x in shop.drifting.items():
        yield GainRow(q=q, gain=best_gain(x, x.shape[1] // 4), theory=steady_gain(q))


def found_and_theory(rows: Sequence[GainRow]) -> Mapping[str, Pairs]:
    return {
        f"q = {q:g}": Pairs(by_seed(rows, "gain", q=q), by_seed(rows, "theory", q=q))
        for q in dict.fromkeys(row.q for row in rows)
    }


PART = Part(
    name="gains",
    row=GainRow,
    run=run,
    claims=(
        Claim(
            "best_weight_is_the_kalman_gain",
            statement=(
                "On a level that drifts, the best 1 - beta is (-q + sqrt(q^2 + 4 q)) / 2 for the ratio q of variances."
            ),
            rule=Each(Equivalence("the best weight found on long series, and the formula", margin=0.03), per="q"),
            measure=found_and_theory,
            topic="Exponentially weighted average, best weight",
            predicted="holds",
            source="Muth 1960",
        ),
    ),
    tables=(Table(title="Best weight on a drifting level", by=("q",), columns=("gain", "theory")),),
)
