"""When does the exponentially weighted average of a shop's revenue forecast better than the plain mean?

One-step forecasts of the last points of many series of six kinds, beta chosen on the history alone; the identities
of the average; its best weight on a drifting level; and, with data=FILE.csv, forecasts of the user's own series.

Notes: exponentially weighted average (000:8-9).
Source: Muth: Optimal Properties of Exponentially Weighted Forecasts, JASA 55, 1960; Hyndman, Athanasopoulos:
Forecasting: Principles and Practice, 3rd edition, 2021, chapter 8; Kingma, Ba: Adam, ICLR 2015.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass as parameters

from experiments.lab.experiment import CHECKED, Curve, Event, Experiment, Note, Table
from experiments.lab.judge.claims import Claim, Comparison, by_seed, conditional, equivalence, fact, ratio, theorem
from experiments.seq import revenue
from experiments.seq.revenue import Row

Process = Literal["iid", "random_walk", "local_level", "trend", "seasonal", "ar_negative"]


@parameters(frozen=True, kw_only=True, config=CHECKED)
class Params:
    beta: Literal["auto"] | Annotated[float, Field(ge=0, lt=1)] = "auto"
    """Share of the average that is kept at every step; auto chooses it on the history of each series."""
    bias_correction: bool = True
    """Whether the average is divided by 1 - beta^t."""
    processes: tuple[Process, ...] = ("iid", "random_walk", "local_level", "trend", "seasonal", "ar_negative")
    """Kinds of series; all have noise of variance 1."""
    series: Annotated[int, Field(ge=1, le=100_000)] = 30
    """Series of each kind per seed."""
    q: Annotated[float, Field(gt=0, le=1e6)] = 0.1
    """Variance of a step of the local level, in units of the noise's."""
    n: Annotated[int, Field(ge=8, le=1_000_000)] = 40
    """Points of a series."""
    history: Annotated[int, Field(ge=5)] = 30
    """Points before the first forecast, at most n - horizon; of the user's series the last n - history points are
    forecast.
    """
    horizon: Annotated[int, Field(ge=1)] = 1
    """Steps between the last known point and the one that is forecast."""
    period: Annotated[int, Field(ge=2)] = 4
    """Points of a season, at most history / 2."""
    ratios: tuple[Annotated[float, Field(gt=0, le=100)], ...] = (0.01, 0.1, 1.0)
    """Values of q for which the best weight is compared with theory."""
    long_n: Annotated[int, Field(ge=200, le=1_000_000)] = 300
    """Points of the long series on which the best weight is found."""
    data: str | None = None
    """A csv file with the columns t,y to forecast beside the generated series."""

    def __post_init__(self) -> None:
        if self.history + self.horizon > self.n:
            raise ValueError(f"history: expected at most n - horizon = {self.n - self.horizon}, got {self.history}")
        if 2 * self.period > self.history or self.horizon > self.history // 2:
            raise ValueError(
                f"history: expected at least two periods and twice the horizon, got {self.history} "
                f"for period={self.period}, horizon={self.horizon}"
            )


def run(params: Params, seed: int) -> Iterator[Event]:
    import numpy as np

    from experiments.seq.core.processes import simulate

    how = revenue.Forecasting(
        count=params.n - params.history,
        horizon=params.horizon,
        period=params.period,
        beta=params.beta,
        corrected=params.bias_correction,
    )
    own = None if params.data is None else revenue.own_series(params.data, how)
    yield Note(revenue.series_on_which_it_loses())
    rng = np.random.default_rng(seed)
    yield from revenue.identity_rows(rng)
    yield from revenue.weight_rows()
    for process in params.processes:
        x = simulate(process, params.series, params.n, rng, q=params.q, period=params.period)
        yield from revenue.process_rows(process, x, how)
    yield from revenue.gain_rows(params.ratios, params.long_n, rng)
    if own is None:
        yield from revenue.example_rows(params.n, params.q, how)
    else:
        yield Note(f"Forecasts of {own.description}.")
        yield from revenue.forecast_rows(own.name, own.y[None, :], how)
        yield from revenue.path_rows(own.name, own.y, how)


def _of(rows: Sequence[Row], part: str) -> list[Row]:
    return [row for row in rows if row.part == part]


def _generated(rows: Sequence[Row]) -> list[str]:
    """Kinds of series in the order of the rows; the user's own is not a repetition and gets no verdict."""
    return list(dict.fromkeys(row.process for row in _of(rows, "lag")))


def ewma_beats_the_mean(rows: Sequence[Row]) -> Comparison:
    parts = {}
    for process in _generated(rows):
        mean, average = (
            by_seed(
                _of(rows, "forecast"),
                lambda row: row.mean_squared_error,
                lambda row, method=method, process=process: (row.method, row.process) == (method, process),  # type: ignore[misc]
            )
            for method in ("mean", "ewma")
        )
        parts[process] = ratio(mean, average, at_least=1 / 0.95)
    return conditional(parts)


def average_is_a_sum_of_falling_weights(rows: Sequence[Row]) -> Comparison:
    tried = _of(rows, "identity")
    return theorem([row.error for row in tried], tolerance=1e-13, control=[row.control_error for row in tried])


def correction_removes_the_start(rows: Sequence[Row]) -> Comparison:
    tried = _of(rows, "start")
    return theorem([row.error for row in tried], tolerance=1e-13, control=[row.control_error for row in tried])


def memory_is_one_over_one_minus_beta(rows: Sequence[Row]) -> Comparison:
    kept = {row.beta: round(row.weight, 3) for row in _of(rows, "memory")}
    return fact((kept[0.9], kept[0.98]), (0.349, 0.364))


def best_weight_is_the_kalman_gain(rows: Sequence[Row]) -> Comparison:
    parts = {}
    for case in dict.fromkeys(row.method for row in _of(rows, "gain")):
        kept = [row for row in _of(rows, "gain") if row.method == case]
        found, theory = by_seed(kept, lambda row: row.gain), by_seed(kept, lambda row: row.theory)
        parts[case] = equivalence(found, theory, margin=0.03)
    return conditional(parts)


def newer_values_tell_more(rows: Sequence[Row]) -> Comparison:
    """The value one step back against the one a period back, as forecasts by themselves."""
    lags = _of(rows, "lag")
    far = max(row.lag for row in lags)
    parts = {}
    for process in _generated(rows):
        kept = [row for row in lags if row.process == process]
        near, old = (
            by_seed([row for row in kept if row.lag == lag], lambda row: row.mean_squared_error) for lag in (1, far)
        )
        parts[process] = ratio(old, near, at_least=1.05)
    return conditional(parts)


EXPERIMENT = Experiment(
    params=Params,
    row=Row,
    run=run,
    claims=(
        Claim(
            statement=(
                "The exponentially weighted average forecasts a series at least 5 % better than the mean of its past."
            ),
            notes="Exponentially weighted average (000:9)",
            kind="conditional",
            rule="Per kind of series: MSE of the mean / MSE of the EWMA > 1 / 0.95, paired over seeds.",
            predicted="conditional",
            judge=ewma_beats_the_mean,
        ),
        Claim(
            statement="The average is (1 - beta) sum beta^i x_(t-i), and with correction the mean weighted by beta^i.",
            notes="Exponentially weighted average (000:8)",
            kind="theorem",
            rule="Recursion and sum agree within 1e-13 of the level; the recursion started at x_1 must not.",
            predicted="holds",
            judge=average_is_a_sum_of_falling_weights,
        ),
        Claim(
            statement="Started at 0 the average is 1 - beta^t of its due, and dividing by that removes the bias.",
            notes="Exponentially weighted average (000:8)",
            kind="theorem",
            rule="On a constant series within 1e-13; the average without correction must be off.",
            predicted="holds",
            judge=correction_removes_the_start,
        ),
        Claim(
            statement=(
                "The value 1 / (1 - beta) steps back weighs about 1/e of the newest: 0.349 at 0.9, 0.364 at 0.98."
            ),
            notes="Exponentially weighted average (000:9)",
            kind="fact",
            rule="beta^(1 / (1 - beta)) rounded to three digits.",
            predicted="holds",
            judge=memory_is_one_over_one_minus_beta,
        ),
        Claim(
            statement=(
                "On a level that drifts, the best 1 - beta is (-q + sqrt(q^2 + 4 q)) / 2 for the ratio q of variances."
            ),
            notes="Exponentially weighted average (000:8-9)",
            kind="conditional",
            rule="Per q: the best weight found on long series equals the formula within 0.03 (equivalence over seeds).",
            predicted="holds",
            judge=best_weight_is_the_kalman_gain,
        ),
        Claim(
            statement="The closer a value is in time, the more it tells of the next one.",
            notes="The closer to now, the larger the influence (000:9)",
            kind="conditional",
            rule="Per kind of series: MSE of the value a period back / MSE of the last value > 1.05.",
            predicted="conditional",
            judge=newer_values_tell_more,
        ),
    ),
    tables=(
        Table(
            title="Forecasts",
            by=("process", "method"),
            columns=("mean_squared_error", "mean_scaled_error", "beta"),
            where=lambda row: row.part == "forecast",
        ),
        Table(
            title="One old value as the forecast",
            by=("process", "lag"),
            columns=("mean_squared_error",),
            where=lambda row: row.part == "lag",
        ),
        Table(
            title="Best weight on a drifting level",
            by=("method",),
            columns=("gain", "theory"),
            where=lambda row: row.part == "gain",
        ),
        Table(
            title="Identities and their controls",
            by=("part", "method", "beta"),
            columns=("error", "control_error"),
            where=lambda row: row.part in ("identity", "start"),
        ),
    ),
    curves=(
        Curve(name="weights", x="lag", y="weight", group="method", where=lambda row: row.part == "weight"),
        Curve(name="forecasts", x="t", y="value", group="method", where=lambda row: row.part == "path"),
    ),
)
