"""Does a network beat the last value?

Does a network forecast the next value better than the last value does, or a line through the past ones?

LSTM, GRU and Transformer, a linear autoregression and the last value on a random walk, an AR(2), a season in noise and
a nonlinear series, of which the best forecast is known; and with series=FILE.csv which of them to take for yours.

Notes: time series prediction (stocks) with RNN, LSTM and GRU.

Source: Hyndman, Athanasopoulos: Forecasting: Principles and Practice, 3rd edition, 2021; Makridakis, Spiliotis,
Assimakopoulos: Statistical and Machine Learning forecasting methods: Concerns and ways forward, PLOS ONE 13(3), 2018;
Box, Jenkins, Reinsel: Time Series Analysis, 1994.
"""

from __future__ import annotations

from experiments.lab.answers import mean, number
from experiments.lab.experiment import Experiment, Findings, Headline, Own, Rows, Table
from experiments.seq.forecast import networks, own, samples
from experiments.seq.forecast.setup import DIFFERENCES, STATIONARY, WALK, WORDS, Params, prepare


def answer(findings: Findings, rows: Rows) -> str:
    if not rows.if_run(networks.PART):
        return own.in_words(rows.of(own.PART))
    best = networks.best_networks(rows.of(networks.PART))

    def errors(column: str, case: str) -> str:
        return number(mean(best, column, case=case))

    first, *others = (
        f"{errors('error', case)}, {errors('linear', case)} and {errors('last_value', case)}" for case in STATIONARY
    )
    rest = "".join(f"; on {WORDS[case]} {said}" for case, said in zip(STATIONARY[1:], others, strict=True))
    return (
        f"On a random walk the best network errs {errors('error', WALK)} times as much as the last value, which "
        f"nothing beats; from the walk's differences {errors('error', DIFFERENCES)} times. On {WORDS[STATIONARY[0]]} "
        f"the best network, a line and the last value err {first} times as much as the best forecast{rest}."
    )


EXPERIMENT = Experiment(
    about=__doc__,
    params=Params,
    prepare=prepare,
    parts=(networks.PART, samples.PART, own.PART),
    answer=answer,
    own=Own(
        given=lambda params: params.series is not None,
        parts=(own.PART.name,),
        headline=Headline(own.PART, own.PART.tables[0]),
    ),
    headline=Headline(
        networks.PART,
        Table(
            "Squared errors of the best network, a line and the last value, 1 at best",
            by=("case", "network"),
            columns=("error", "linear", "last_value"),
        ),
        pick=networks.best_networks,
    ),
)
