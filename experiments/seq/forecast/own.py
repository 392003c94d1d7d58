"""One series of the user's, or an example: which forecaster to take, judged on an end that none of them saw."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from experiments.lab.answers import number
from experiments.lab.experiment import Event, Part, Progress, Row, Table, observation
from experiments.seq.core.known_series import Floats
from experiments.seq.forecast.setup import NAMES, Forecasting

LAST, SEASON, EXAMPLE = "last value", "value one season ago", "example of a season"


@observation
class OwnRow(Row):
    """One forecaster of one series; errors are root mean squared errors, in units of the series."""

    series: str
    forecaster: str
    reads: str
    """levels or differences, whichever validation prefers; or the one value that it repeats."""
    validation_error: float
    """On the fifth before the held-out one: by it the forecaster is recommended."""
    held_out_error: float
    """On the last fifth."""
    of_the_last_value: float
    """held_out_error over that of the last value."""
    next_value: float
    """What it forecasts to come after the series."""


@dataclass(frozen=True)
class Candidate:
    """Forecasts (n - width,) of the points after the first width + 1 and of the next one."""

    forecaster: str
    reads: str
    forecasts: Floats


def run(setup: Forecasting) -> Iterator[Event]:
    """Fit to the first three fifths, choose on the fourth, judge on the last."""
    y = setup.yours.y if setup.yours else setup.known["seasonal"].y
    chosen: dict[str, tuple[float, float, Candidate]] = {}
    for one in candidates(setup, y, fitted=len(y) * 3 // 5):
        yield Progress(one.forecaster, 0, 1)
        ahead = y[setup.params.width + 1 :] - one.forecasts[:-1]
        held = len(y) - len(y) * 4 // 5
        validated, judged = (float(np.sqrt(np.mean(part**2))) for part in (ahead[-2 * held : -held], ahead[-held:]))
        if validated <= chosen.get(one.forecaster, (np.inf,))[0]:
            chosen[one.forecaster] = (validated, judged, one)
    last = chosen[LAST][1]
    for validated, judged, one in chosen.values():
        yield OwnRow(
            series=setup.yours.name if setup.yours else EXAMPLE,
            forecaster=one.forecaster,
            reads=one.reads,
            validation_error=validated,
            held_out_error=judged,
            of_the_last_value=judged / last if last else float("nan"),
            next_value=float(one.forecasts[-1]),
        )


def candidates(setup: Forecasting, y: Floats, fitted: int) -> Iterator[Candidate]:
    """Every forecaster under both readings, networks at every rate; which only a user's series gets."""
    from experiments.foundation.networks.timing import reproducible
    from experiments.seq.core.forecasters import READINGS, Recipe, least_squares, named_by, trained, windows, with_one

    asked = setup.params
    seasons = np.arange(asked.width + 1, len(y) + 1) - asked.period
    yield Candidate(LAST, "the last value", y[asked.width :])
    yield Candidate(SEASON, "one value", np.where(seasons >= 0, y[seasons], np.nan))
    seen = {reading: windows(y, asked.width, reading, fitted) for reading in READINGS}
    sets = [one.part(slice(0, fitted - asked.width - 1)) for one in seen.values()]
    for (reading, one), part in zip(seen.items(), sets, strict=True):
        fit = least_squares(part.inputs, part.targets)
        yield Candidate("linear autoregression", reading, one.forecasts(with_one(one.inputs) @ fit))
    for network in asked.networks if setup.yours else ():
        with reproducible(setup.seed):
            by_reading = trained(network, sets, asked.lrs, Recipe(asked.hidden, asked.steps, asked.batch_size))
        for (reading, one), networks in zip(seen.items(), by_reading, strict=True):
            for member in networks:
                yield Candidate(NAMES[network], reading, one.forecasts(named_by(member, one.inputs)))


def in_words(rows: Sequence[OwnRow]) -> str:
    """Which forecaster to take, and what it is worth on the end that was held out."""
    best = min(rows, key=lambda row: row.validation_error)
    plain = {row.forecaster: row.held_out_error for row in rows if row.forecaster in (LAST, SEASON)}
    errors = f"the last value {number(plain[LAST])}, the value one season ago {number(plain[SEASON])}"
    name = f"{best.forecaster} of its {best.reads}" if best.forecaster not in plain else best.forecaster
    if best.held_out_error < min(plain.values()) or best.forecaster in plain:
        taken = f"take the {name}; it says {number(best.next_value, 4)} comes next"
    else:
        taken = f"the {name} looked best on the fifth before, but here a repeated value is better: take that"
    return f"On the last fifth of {best.series} the {name} errs by {number(best.held_out_error)}, {errors}: {taken}."


PART = Part(
    name="series",
    row=OwnRow,
    run=run,
    tables=(
        Table(
            "One series: root mean squared errors",
            by=("forecaster", "reads"),
            columns=("validation_error", "held_out_error", "of_the_last_value", "next_value"),
        ),
    ),
)
