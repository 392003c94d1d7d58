"""The average as a sum of falling weights, its start, and how fast the weight of a value falls with its age."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np

from experiments.foundation.statements.trials import TrialRow, distinct, instances, trials_of, tried
from experiments.lab.answers import mean, number
from experiments.lab.experiment import Curve, Part, Row, Table, observation
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Instances, Observed
from experiments.lab.judge.rules import Fact, Theorem
from experiments.seq.core.averages import ewma, ewma_from_first, start_factors, weighted_sums
from experiments.seq.core.processes import LEVEL, Floats
from experiments.seq.ewma.setup import BETAS, Shop


def run(shop: Shop) -> Iterator[TrialRow]:
    for beta, series in zip(BETAS, shop.noisy, strict=True):
        yield from sum_trials(series, beta)
        yield from start_trials(len(series), beta)


def sum_trials(x: Floats, beta: float) -> Iterator[TrialRow]:
    """Recursion against explicit sum, relative to the level; the recursion from x_1, the control, must differ."""
    for corrected, case in ((False, "v_0 = 0"), (True, "corrected")):
        sums = weighted_sums(x, beta, corrected=corrected)
        error, control = (
            float(np.abs(average - sums).max() / LEVEL)
            for average in (ewma(x, beta, corrected=corrected), ewma_from_first(x, beta))
        )
        yield TrialRow(statement="sum", case=f"{case}, beta = {beta:g}", error=error, control_error=control)


def start_trials(n: int, beta: float) -> Iterator[TrialRow]:
    """The averages of 1, 1, 1, ... are 1 - beta^t and, corrected, 1; those without correction, the control, are not."""
    ones = np.ones(n)
    raw = ewma(ones, beta, corrected=False)
    cases = {"v_0 = 0": raw - start_factors(beta, n), "corrected": ewma(ones, beta) - 1}
    for case, off in cases.items():
        yield TrialRow(
            statement="start",
            case=f"{case}, beta = {beta:g}",
            error=float(np.abs(off).max()),
            control_error=float(np.abs(raw - 1).max()),
        )


def starts(rows: Sequence[TrialRow]) -> Instances:
    """A constant series is the same for every seed."""
    return tried(distinct(trials_of(rows, "start")))


PART = Part(
    name="laws",
    row=TrialRow,
    run=run,
    claims=(
        Claim(
            "average_is_a_sum_of_falling_weights",
            statement="The average is (1 - beta) sum beta^i x_(t-i), and with correction the mean weighted by beta^i.",
            rule=Theorem(
                "recursion and sum agree, relative to the level",
                control="the recursion started at x_1",
                tolerance=1e-13,
            ),
            measure=instances("sum"),
            topic="Exponentially weighted average, formula",
            predicted="holds",
            source="Kingma and Ba 2015, section 3",
        ),
        Claim(
            "correction_removes_the_start",
            statement=(
                "Started at 0, the average of a constant is 1 - beta^t of it, and dividing by that removes the bias."
            ),
            rule=Theorem(
                "a constant series has the predicted averages",
                control="the average without correction",
                tolerance=1e-13,
            ),
            measure=starts,
            topic="Exponentially weighted average, start",
            predicted="holds",
            source="Kingma and Ba 2015, section 3",
        ),
    ),
    tables=(
        Table(
            title="Identities and their controls",
            by=("statement", "case"),
            columns=("error", "control_error"),
        ),
    ),
)


@observation
class WeightRow(Row):
    """One value of the past in one average."""

    beta: float
    lag: int
    """Steps back."""
    weight: float
    """Relative to the newest value's."""


def run_weights(shop: Shop) -> Iterator[WeightRow]:
    for beta in BETAS:
        for lag in range(0, 101, 2):
            yield WeightRow(beta=beta, lag=lag, weight=beta**lag)


def weight_at_the_memory(rows: Sequence[WeightRow]) -> Observed:
    """Weights 1 / (1 - beta) steps back, of beta = 0.9 and 0.98."""
    left = {row.beta: round(row.weight, 3) for row in rows if row.lag == round(1 / (1 - row.beta))}
    return Observed((left[0.9], left[0.98]))


def weights_ten_steps_back(rows: Sequence[WeightRow]) -> str:
    short, long = (number(mean(rows, "weight", beta=beta, lag=10), 2) for beta in (BETAS[0], BETAS[-1]))
    return f"Ten steps back a value weighs {short} of the newest at beta {BETAS[0]}, {long} at beta {BETAS[-1]}"


WEIGHTS = Part(
    name="weights",
    row=WeightRow,
    run=run_weights,
    claims=(
        Claim(
            "memory_is_one_over_one_minus_beta",
            statement=(
                "The value 1 / (1 - beta) steps back weighs about 1/e of the newest: 0.349 at 0.9, 0.364 at 0.98."
            ),
            rule=Fact("beta^(1 / (1 - beta)) for 0.9 and 0.98, rounded to three digits,", expected=(0.349, 0.364)),
            measure=weight_at_the_memory,
            topic="Exponentially weighted average, memory",
            predicted="holds",
            source="(1 - 1/k)^k tends to 1/e",
        ),
    ),
    curves=(Curve("weights", "lag", "weight", "beta", title=weights_ten_steps_back, limit=math.exp(-1)),),
)
