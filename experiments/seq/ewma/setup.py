"""What seq.ewma can be asked, the series that its parts look at, and how they are forecast."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from experiments.lab.experiment import Setup, parameters
from experiments.seq.core.forecasts import METHODS, Method, forecasts, tuned_betas
from experiments.seq.core.processes import Floats, Process, simulate

KINDS: dict[str, str] = {
    "iid": "independent values",
    "random_walk": "random walks",
    "local_level": "drifting levels",
    "trend": "trends",
    "seasonal": "seasons",
    "ar_negative": "values that swing back",
}
"""The kinds of series in words."""
DRIFT = ("random_walk", "local_level", "trend")
"""Those in which the past says ever less of the future."""
BETAS = (0.5, 0.9, 0.98)
"""Averages whose identities and weights are looked at."""
EXAMPLE = "example of local_level"


@parameters
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

    @property
    def count(self) -> int:
        """Points of a series that are forecast."""
        return self.n - self.history


@dataclass(frozen=True, kw_only=True)
class Shop(Setup[Params]):
    """Series of revenue, (series, n) where there are several."""

    noisy: Floats
    """One series per beta of ``BETAS`` on which identities are tried."""
    generated: Mapping[str, Floats]
    """Kind of series -> series."""
    drifting: Mapping[float, Floats]
    """q -> long series whose level drifts."""
    name: str
    """Of the one series that is shown: the user's, or an example that is the same for every seed."""
    shown: Floats
    """(n,)"""

    def betas(self, x: Floats) -> Floats:
        """For each of series (m, n) the given beta, or the one chosen on its history: (m,)."""
        params = self.params
        if params.beta == "auto":
            history = x[:, : x.shape[1] - params.count]
            return tuned_betas(history, horizon=params.horizon, corrected=params.bias_correction)
        return np.full(len(x), params.beta)

    def predictions(self, x: Floats) -> Iterator[tuple[Method, Floats]]:
        """Forecasts of the last points of series (m, n) by every method: (m, count)."""
        params, beta = self.params, self.betas(x)
        for method in METHODS:
            yield (
                method,
                forecasts(
                    x,
                    method,
                    start=x.shape[1] - params.count,
                    horizon=params.horizon,
                    period=params.period,
                    beta=beta,
                    corrected=params.bias_correction,
                ),
            )


def prepare(params: Params, seed: int) -> Shop:
    """Raises InputError if the user's series cannot be read or is too short for its forecasts."""
    name, shown, notes = EXAMPLE, example(params), tuple[str, ...]()
    if params.data is not None:
        from experiments.foundation.datasets.formats.series import load_series

        needed = params.count + max(5, 2 * params.period, 2 * params.horizon)
        series = load_series(Path(params.data).expanduser(), min_points=needed)
        name, shown, notes = series.name, series.y, (f"Forecasts of {series.description}.",)
    rng = np.random.default_rng(seed)
    return Shop(
        params=params,
        seed=seed,
        notes=notes,
        noisy=10 + rng.standard_normal((len(BETAS), 40)),
        generated={
            process: simulate(process, params.series, params.n, rng, q=params.q, period=params.period)
            for process in params.processes
        },
        drifting={q: simulate("local_level", 4, params.long_n, rng, q=q, period=4) for q in params.ratios},
        name=name,
        shown=shown,
    )


def example(params: Params) -> Floats:
    """One drifting level (n,) to look at."""
    return simulate("local_level", 1, params.n, np.random.default_rng(0), q=params.q, period=params.period)[0]
