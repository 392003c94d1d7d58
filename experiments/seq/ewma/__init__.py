"""When does EWMA beat the plain mean?

When does the exponentially weighted average of a shop's revenue forecast better than the plain mean?

One-step forecasts of the last points of many series of six kinds, beta chosen on the history alone; the identities
of the average; its best weight on a drifting level; and, with data=FILE.csv, forecasts of the user's own series.

Notes: exponentially weighted average.

Source: Muth: Optimal Properties of Exponentially Weighted Forecasts, JASA 55, 1960; Hyndman, Athanasopoulos:
Forecasting: Principles and Practice, 3rd edition, 2021, chapter 8; Kingma, Ba: Adam, ICLR 2015.
"""

from __future__ import annotations

from collections.abc import Mapping

from experiments.lab.answers import listing, mean, number, percent
from experiments.lab.experiment import Experiment, Findings, Headline, Rows, Table
from experiments.seq.ewma import forecasts, gains, laws, own
from experiments.seq.ewma.setup import EXAMPLE, KINDS, Params, prepare


def answer(findings: Findings, rows: Rows) -> str:
    errors = rows.of(forecasts.PART)
    shares = {kind: mean(errors, "of_the_mean", process=kind, method="ewma") for kind in forecasts.kinds(errors)}
    better, other = ({kind: s for kind, s in shares.items() if (s < 0.95) == beats} for beats in (True, False))
    return (
        f"The average forecasts at least 5 % better than the mean of the past for {in_words(better)}, "
        f"but not for {in_words(other)}: in brackets its squared error relative to the mean's.{best_of_own(rows)}"
    )


def in_words(shares: Mapping[str, float]) -> str:
    return listing(f"{KINDS[kind]} ({percent(share)})" for kind, share in shares.items())


def best_of_own(rows: Rows) -> str:
    """Which method forecasts the user's series best; nothing where the series is our example or was left out."""
    errors = rows.of(own.PART) if own.PART.name in rows.by_part else []
    if not errors or errors[0].process == EXAMPLE:
        return ""
    best = min(errors, key=lambda row: row.mean_squared_error)
    average = mean(errors, "mean_squared_error", method="ewma")
    who = "the average" if best.method == "ewma" else f"its {best.method}"
    return (
        f" Of {best.process} {who} is the best forecast: squared error {number(best.mean_squared_error)}, "
        f"that of the average {number(average)}."
    )


EXPERIMENT = Experiment(
    about=__doc__,
    params=Params,
    prepare=prepare,
    parts=(
        laws.PART,
        laws.WEIGHTS,
        forecasts.PART,
        forecasts.BETAS,
        forecasts.LAGS,
        gains.PART,
        own.PART,
        own.PATH,
    ),
    answer=answer,
    headline=Headline(
        part=forecasts.PART,
        table=Table(
            title="The average's forecasts, and their error as a share of the mean's",
            by=("process",),
            columns=("mean_squared_error", "of_the_mean"),
            only={"method": "ewma"},
        ),
    ),
)
