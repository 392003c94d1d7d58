"""The rows of seq.ewma: identities, forecasts, lags and best weights, measured and named.

Knows nothing of claims; the mathematics is in ``experiments.seq.core``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from experiments.lab.experiment import Row as LabRow

if TYPE_CHECKING:
    import numpy as np

    from experiments.foundation.datasets.series import Series
    from experiments.seq.core.processes import Floats, Process

NAN = float("nan")


@dataclass(frozen=True, kw_only=True)
class Row(LabRow):
    part: str
    """forecast, lag, identity, start, weight, gain or path."""
    process: str = ""
    """Kind of series, or the name of the user's."""
    method: str = ""
    lag: int = 0
    """Steps back, of a lag or a weight."""
    beta: float = NAN
    """Chosen or given; the mean over series."""
    mean_squared_error: float = NAN
    mean_scaled_error: float = NAN
    """MASE."""
    weight: float = NAN
    """Weight of a value relative to the newest."""
    gain: float = NAN
    """Best 1 - beta that was found."""
    theory: float = NAN
    """Best 1 - beta by Muth's formula."""
    error: float = NAN
    control_error: float = NAN
    t: float = NAN
    """Points since the first of the series that is shown."""
    value: float = NAN
    """Observed or forecast."""


@dataclass(frozen=True, kw_only=True)
class Forecasting:
    """How the last points of a series are forecast."""

    count: int
    """Points to forecast."""
    horizon: int
    period: int
    beta: float | Literal["auto"]
    corrected: bool


def own_series(data: str, how: Forecasting) -> Series:
    """The user's series; InputError if it is too short for a history of two periods before the points to forecast."""
    from experiments.foundation.datasets.series import load_series

    needed = how.count + max(5, 2 * how.period, 2 * how.horizon)
    return load_series(Path(data).expanduser(), min_points=needed)


def identity_rows(rng: np.random.Generator) -> Iterator[Row]:
    """Recursion against explicit sum, and the start of a constant series; relative to the largest value."""
    import numpy as np

    from experiments.seq.core.averages import ewma, ewma_from_first, start_factors, weighted_sums

    for beta in (0.5, 0.9, 0.98):
        x = 10 + rng.standard_normal(40)
        for corrected, method in ((False, "v_0 = 0"), (True, "corrected")):
            sums = weighted_sums(x, beta, corrected=corrected)
            error, control = (
                float(np.abs(average - sums).max() / 10)
                for average in (ewma(x, beta, corrected=corrected), ewma_from_first(x, beta))
            )
            yield Row(part="identity", method=method, beta=beta, error=error, control_error=control)
        ones = np.ones(40)
        raw, corrected_average = ewma(ones, beta, corrected=False), ewma(ones, beta)
        bias = float(np.abs(raw - 1).max())
        yield Row(
            part="start",
            method="v_0 = 0",
            beta=beta,
            error=float(np.abs(raw - start_factors(beta, 40)).max()),
            control_error=bias,
        )
        yield Row(
            part="start",
            method="corrected",
            beta=beta,
            error=float(np.abs(corrected_average - 1).max()),
            control_error=bias,
        )


def weight_rows() -> Iterator[Row]:
    """Weights by lag for three betas; the row at lag 1 / (1 - beta) is the memory."""
    from experiments.seq.core.averages import memory_weight

    for beta in (0.5, 0.9, 0.98):
        for lag in range(0, 101, 2):
            yield Row(part="weight", method=f"beta = {beta:g}", beta=beta, lag=lag, weight=beta**lag)
        yield Row(
            part="memory", method=f"beta = {beta:g}", beta=beta, lag=round(1 / (1 - beta)), weight=memory_weight(beta)
        )


def process_rows(process: Process, x: Floats, how: Forecasting) -> Iterator[Row]:
    """Forecasts of series (m, n) of one kind, and each single old value as the forecast."""
    from experiments.seq.core.forecasts import lag_error

    yield from forecast_rows(process, x, how)
    for lag in range(1, how.period + 1):
        yield Row(part="lag", process=process, lag=lag, mean_squared_error=lag_error(x, lag, how.period))


def forecast_rows(process: str, x: Floats, how: Forecasting) -> Iterator[Row]:
    """Errors of every method on the last points of series (m, n)."""
    from experiments.seq.core.forecasts import mean_scaled_error, mean_squared_error

    beta = _betas(x, how)
    for method, predicted in _predictions(x, beta, how):
        yield Row(
            part="forecast",
            process=process,
            method=method,
            beta=float(beta.mean()) if method == "ewma" else NAN,
            mean_squared_error=mean_squared_error(x, predicted),
            mean_scaled_error=mean_scaled_error(x, predicted),
        )


def path_rows(process: str, y: Floats, how: Forecasting) -> Iterator[Row]:
    """One series (n,) and its forecasts, point by point."""
    for t, value in enumerate(y):
        yield Row(part="path", process=process, method="observed", t=float(t), value=float(value))
    x = y[None, :]
    for method, predicted in _predictions(x, _betas(x, how), how):
        for t, value in enumerate(predicted[0], start=len(y) - how.count):
            yield Row(part="path", process=process, method=method, t=float(t), value=float(value))


def _predictions(x: Floats, beta: Floats, how: Forecasting) -> Iterator[tuple[str, Floats]]:
    from experiments.seq.core.forecasts import METHODS, forecasts

    start = x.shape[1] - how.count
    for method in METHODS:
        yield (
            method,
            forecasts(
                x, method, start=start, horizon=how.horizon, period=how.period, beta=beta, corrected=how.corrected
            ),
        )


def _betas(x: Floats, how: Forecasting) -> Floats:
    """The given beta, or the one chosen on the history of each series."""
    import numpy as np

    from experiments.seq.core.forecasts import tuned_betas

    if how.beta == "auto":
        return tuned_betas(x[:, : x.shape[1] - how.count], horizon=how.horizon, corrected=how.corrected)
    return np.full(len(x), how.beta)


def example_rows(n: int, q: float, how: Forecasting) -> Iterator[Row]:
    """One drifting level to look at, the same for every seed."""
    import numpy as np

    from experiments.seq.core.processes import simulate

    x = simulate("local_level", 1, n, np.random.default_rng(0), q=q, period=how.period)
    yield from path_rows("example of local_level", x[0], how)


def series_on_which_it_loses() -> str:
    """An alternating series: what mean and average forecast for the next value."""
    import numpy as np

    from experiments.seq.core.averages import ewma

    series = np.tile([0.0, 10.0], 4)
    average, mean = float(ewma(series, 0.5)[-1]), float(series.mean())
    return (
        f"A series on which it loses: after 0, 10, 0, 10, 0, 10, 0, 10 comes 0; the mean forecasts {mean:g} "
        f"(squared error {mean**2:.4g}), the corrected average with beta = 0.5 forecasts {average:.4g} "
        f"(squared error {average**2:.4g})."
    )


def gain_rows(ratios: Sequence[float], n: int, rng: np.random.Generator) -> Iterator[Row]:
    """The best weight on long drifting levels of n points, per ratio of variances, against the formula."""
    from experiments.seq.core.averages import steady_gain
    from experiments.seq.core.forecasts import best_gain
    from experiments.seq.core.processes import simulate

    for q in ratios:
        x = simulate("local_level", 4, n, rng, q=q, period=4)
        yield Row(part="gain", method=f"q = {q:g}", gain=best_gain(x, n // 4), theory=steady_gain(q))
