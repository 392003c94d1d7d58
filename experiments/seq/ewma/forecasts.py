"""Forecasts of the last points of many series by each method, and by single old values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from experiments.lab.experiment import Event, Note, Part, Row, Table, observation
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Pairs
from experiments.lab.judge.measures import by_seed
from experiments.lab.judge.rules import Each, Ratio
from experiments.seq.core.averages import ewma
from experiments.seq.core.forecasts import lag_error, mean_scaled_error, mean_squared_error
from experiments.seq.core.processes import Floats
from experiments.seq.ewma.setup import DRIFT, KINDS, Shop


@observation
class ForecastRow(Row):
    """One method on all series of one kind."""

    process: str
    """Kind of series, or the name of the user's."""
    method: str
    mean_squared_error: float
    mean_scaled_error: float
    """MASE."""
    of_the_mean: float
    """mean_squared_error over that of the mean of the past."""


@observation
class BetaRow(Row):
    """What the average of one kind of series keeps per step."""

    process: str
    beta: float
    """Chosen or given; the mean over series."""


def run(shop: Shop) -> Iterator[Event]:
    yield Note(series_on_which_it_loses())
    for process, x in shop.generated.items():
        yield from forecast_rows(shop, process, x)


def forecast_rows(shop: Shop, process: str, x: Floats) -> Iterator[ForecastRow]:
    """Errors of every method on the last points of series (m, n)."""
    predictions = dict(shop.predictions(x))
    for method, predicted in predictions.items():
        yield ForecastRow(
            process=process,
            method=method,
            mean_squared_error=mean_squared_error(x, predicted),
            mean_scaled_error=mean_scaled_error(x, predicted),
            of_the_mean=mean_squared_error(x, predicted) / mean_squared_error(x, predictions["mean"]),
        )


def run_betas(shop: Shop) -> Iterator[BetaRow]:
    for process, x in shop.generated.items():
        yield BetaRow(process=process, beta=float(shop.betas(x).mean()))


def series_on_which_it_loses() -> str:
    """An alternating series: what mean and average forecast for the next value."""
    series = np.tile([0.0, 10.0], 4)
    average, mean = float(ewma(series, 0.5)[-1]), float(series.mean())
    return (
        f"A series on which it loses: after 0, 10, 0, 10, 0, 10, 0, 10 comes 0; the mean forecasts {mean:g} "
        f"(squared error {mean**2:.4g}), the corrected average with beta = 0.5 forecasts {average:.4g} "
        f"(squared error {average**2:.4g})."
    )


def kinds(rows: Sequence[ForecastRow | LagRow]) -> list[str]:
    """Kinds of series in the order of the rows."""
    return list(dict.fromkeys(row.process for row in rows))


def mean_against_average(rows: Sequence[ForecastRow]) -> Mapping[str, Pairs]:
    """Per kind of series: squared error of the mean, and of the average."""
    return {
        process: Pairs(
            by_seed(rows, "mean_squared_error", process=process, method="mean"),
            by_seed(rows, "mean_squared_error", process=process, method="ewma"),
        )
        for process in kinds(rows)
    }


PART = Part(
    name="forecasts",
    row=ForecastRow,
    run=run,
    claims=(
        Claim(
            "ewma_beats_the_mean",
            statement=(
                "The exponentially weighted average forecasts a series at least 5 % better than the mean of its past."
            ),
            rule=Each(
                Ratio("squared error of the mean over that of the average", at_least=1 / 0.95),
                per="kind of series",
            ),
            measure=mean_against_average,
            topic="Exponentially weighted average, forecasts",
            predicted={kind: "holds" if kind in DRIFT else "refuted" for kind in KINDS},
            source="pilot",
        ),
    ),
    tables=(
        Table(
            title="Forecasts",
            by=("process", "method"),
            columns=("mean_squared_error", "mean_scaled_error", "of_the_mean"),
        ),
    ),
)

BETAS = Part(
    name="betas",
    row=BetaRow,
    run=run_betas,
    tables=(Table(title="Share of the average that is kept per step", by=("process",), columns=("beta",)),),
)


@observation
class LagRow(Row):
    """The value so many steps back, as a forecast by itself, on all series of one kind."""

    process: str
    lag: int
    mean_squared_error: float


def run_lags(shop: Shop) -> Iterator[LagRow]:
    period = shop.params.period
    for process, x in shop.generated.items():
        for lag in range(1, period + 1):
            yield LagRow(process=process, lag=lag, mean_squared_error=lag_error(x, lag, period))


def far_against_near(rows: Sequence[LagRow]) -> Mapping[str, Pairs]:
    """Per kind of series: squared error of the value a period back, and of the last one."""
    far = max((row.lag for row in rows), default=1)
    return {
        process: Pairs(
            by_seed(rows, "mean_squared_error", process=process, lag=far),
            by_seed(rows, "mean_squared_error", process=process, lag=1),
        )
        for process in kinds(rows)
    }


LAGS = Part(
    name="lags",
    row=LagRow,
    run=run_lags,
    claims=(
        Claim(
            "newer_values_tell_more",
            statement="The closer a value is in time, the more it tells of the next one.",
            rule=Each(
                Ratio("squared error of the value a period back over that of the last value", at_least=1.05),
                per="kind of series",
            ),
            measure=far_against_near,
            topic="The closer to now, the larger the influence",
            predicted={kind: "holds" if kind in DRIFT else "refuted" for kind in KINDS},
            source="pilot",
        ),
    ),
    tables=(Table(title="One old value as the forecast", by=("process", "lag"), columns=("mean_squared_error",)),),
)
