"""One series to look at, the user's own or an example: errors of each method, and its forecasts point by point."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from statistics import fmean

from experiments.lab.answers import number
from experiments.lab.experiment import Curve, Part, Row, Table, observation
from experiments.seq.ewma.forecasts import ForecastRow, forecast_rows
from experiments.seq.ewma.setup import Shop


@observation
class PathRow(Row):
    """One point, observed or forecast."""

    method: str
    """``observed``, or who forecast it."""
    t: float
    """Points since the first."""
    value: float


def run(shop: Shop) -> Iterator[ForecastRow]:
    """A single series is no repetition, so nothing is judged."""
    return forecast_rows(shop, shop.name, shop.shown[None, :])


def run_path(shop: Shop) -> Iterator[PathRow]:
    start = len(shop.shown) - shop.params.count
    lines = {"observed": (0, shop.shown)}
    lines |= {method: (start, x[0]) for method, x in shop.predictions(shop.shown[None, :])}
    for method, (first, values) in lines.items():
        for t, value in enumerate(values, start=first):
            yield PathRow(method=method, t=float(t), value=float(value))


def nearest_forecast(rows: Sequence[PathRow]) -> str:
    observed = {row.t: row.value for row in rows if row.method == "observed"}
    methods = dict.fromkeys(row.method for row in rows if row.method != "observed")
    errors = {
        method: fmean((row.value - observed[row.t]) ** 2 for row in rows if row.method == method) for method in methods
    }
    best = min(errors, key=lambda method: errors[method])
    return f"Nearest to this series comes {best}, with a mean squared error of {number(errors[best])}"


PART = Part(
    name="series",
    row=ForecastRow,
    run=run,
    tables=(Table(title="Forecasts of one series", by=("process", "method"), columns=("mean_squared_error",)),),
)

PATH = Part(
    name="path",
    row=PathRow,
    run=run_path,
    curves=(Curve("forecasts", "t", "value", "method", title=nearest_forecast),),
)
