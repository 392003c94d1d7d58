"""What seq.forecast can be asked, the series that it draws, and what a forecast of them is worth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
from pydantic import Field

from experiments.lab.experiment import Setup, once, parameters
from experiments.seq.core.known_series import PROCESSES, Floats, Known, Process, simulate

if TYPE_CHECKING:
    from experiments.foundation.datasets.formats.series import Series
    from experiments.seq.core.forecasters import Reading, Windows

Network = Literal["lstm", "gru", "transformer"]
NAMES: dict[str, str] = {"lstm": "LSTM", "gru": "GRU", "transformer": "Transformer"}
WALK, DIFFERENCES = "random walk", "walk, differences"
STATIONARY = ("ar2", "seasonal", "nonlinear")
CASES: dict[str, tuple[Process, Reading]] = {
    WALK: ("random walk", "levels"),
    DIFFERENCES: ("random walk", "differences"),
    **{process: (process, "levels") for process in PROCESSES[1:]},
}
"""Which series is forecast, and what the networks and the autoregression see of it."""
WORDS = dict(
    zip(CASES, ("a random walk", "its differences", "an AR(2)", "a season", "a nonlinear series"), strict=True)
)


@parameters
class Params:
    series: Path | None = None
    """A csv file with the columns t,y of yours: which forecaster to take, on an end that is held out."""
    period: Annotated[int, Field(ge=1, le=10_000)] = 12
    """Points of a season of your series, for the value one season ago."""
    networks: Annotated[tuple[Network, ...], Field(min_length=1)] = ("lstm", "gru", "transformer")
    """Networks to train."""
    points: Annotated[int, Field(ge=60, le=1_000_000)] = 150
    """Points of a series to fit forecasters to."""
    validation: Annotated[int, Field(ge=20, le=1_000_000)] = 50
    """Points after them by which learning rates are chosen."""
    test: Annotated[int, Field(ge=20, le=1_000_000)] = 100
    """Points after those, on which forecasts are judged."""
    width: Annotated[int, Field(ge=2, le=200)] = 12
    """Points that a forecaster sees, at most a fifth of the points."""
    hidden: Annotated[int, Field(ge=4, le=256, multiple_of=4)] = 8
    """Size of a network's state; a multiple of the Transformer's 4 heads."""
    steps: Annotated[int, Field(ge=1, le=100_000)] = 15
    """Updates of a network."""
    batch_size: Annotated[int, Field(ge=1, le=4096)] = 32
    """Windows of an update."""
    lrs: Annotated[tuple[Annotated[float, Field(gt=0, le=1)], ...], Field(min_length=1)] = (1e-2, 3e-2, 1e-1)
    """Learning rates of Adam that every network tries; they fall to 0."""
    lengths: Annotated[tuple[Annotated[int, Field(ge=100, le=100_000)], ...], Field(min_length=2)] = (100, 200, 400)
    """Points from which linear autoregressions are fitted, to see how their excess error falls."""
    repeats: Annotated[int, Field(ge=1, le=1000)] = 4
    """Series of each length."""

    def __post_init__(self) -> None:
        if self.points < 5 * self.width:
            raise ValueError(f"width: expected at most points / 5 = {self.points // 5}, got {self.width}")


@dataclass(frozen=True)
class Case:
    """A series under one reading, with its best forecasts."""

    known: Known
    windows: Windows
    params: Params

    @property
    def train(self) -> Windows:
        return self.windows.part(slice(0, self.params.points - self.params.width - 1))

    def validation_error(self, forecasts: Floats) -> float:
        """Mean squared error of forecasts (windows,) on the points for validation."""
        count, test = self.params.validation, self.params.test
        errors = forecasts[:-1] - self.known.y[self.params.width + 1 :]
        return float(np.mean(errors[-test - count : -test] ** 2))

    def error(self, forecasts: Floats, instead: Floats | None = None) -> float:
        """Expected squared error of forecasts (windows,) at the test points, over that of the best forecast.

        What chance adds at a point, e, may as well be -e: both are averaged, so that no luck is left in a comparison
        with the best forecast. ``instead`` are the forecasts where it is -e: others only if they know the future.
        """
        count = self.params.test
        best, y = self.known.best[-count:], self.known.y[-count:]
        e = y - best
        up, down = forecasts[:-1][-count:], (forecasts if instead is None else instead)[:-1][-count:]
        return float(np.mean((y - up) ** 2 + (best - e - down) ** 2) / 2 / np.mean(e**2))

    def last_value(self) -> float:
        """``error`` of the last value as the forecast."""
        return self.error(self.known.y[self.params.width :])

    def linear(self) -> float:
        """``error`` of the autoregression by least squares."""
        from experiments.seq.core.forecasters import least_squares, with_one

        fitted = least_squares(self.train.inputs, self.train.targets)
        return self.error(self.windows.forecasts(with_one(self.windows.inputs) @ fitted))

    def leaked(self) -> float:
        """``error`` of the autoregression that sees one point too many: the one that it forecasts."""
        from experiments.seq.core.forecasters import least_squares, with_one

        windows, known, width = self.windows, self.known, self.params.width
        fitted = least_squares(np.column_stack([self.train.inputs, self.train.targets]), self.train.targets)
        outcomes = (np.append(y[width + 1 :], 0.0) for y in (known.y, 2 * known.best - known.y))
        futures = ((y - windows.base - windows.mean) / windows.scale for y in outcomes)
        seen = (with_one(np.column_stack([windows.inputs, future])) for future in futures)
        return self.error(*(windows.forecasts(inputs @ fitted) for inputs in seen))


@dataclass(frozen=True, kw_only=True)
class Forecasting(Setup[Params]):
    """One series of each process, and the user's."""

    known: Mapping[Process, Known]
    yours: Series | None = None

    @once
    def cases(self) -> dict[str, Case]:
        from experiments.seq.core.forecasters import windows

        asked = self.params
        return {
            name: Case(self.known[process], windows(self.known[process].y, asked.width, reading, asked.points), asked)
            for name, (process, reading) in CASES.items()
        }


def prepare(params: Params, seed: int) -> Forecasting:
    """Raises InputError if the user's series cannot be read or is too short."""
    if params.series is not None:
        from experiments.foundation.datasets.formats.series import load_series

        needed = 5 * max(params.width, params.period)
        yours = load_series(params.series.expanduser(), min_points=needed)
        return Forecasting(params=params, seed=seed, known={}, yours=yours, notes=(yours.description,))
    rng = np.random.default_rng(seed)
    total = params.points + params.validation + params.test
    return Forecasting(params=params, seed=seed, known={name: simulate(name, total, rng) for name in PROCESSES})
