"""How many points a linear autoregression needs: its error above the best possible, by the length of the series."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from experiments.lab.answers import mean, number
from experiments.lab.experiment import Curve, Part, Row, Table, observation
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measures import points
from experiments.lab.judge.rules import Slope
from experiments.seq.core.known_series import simulate
from experiments.seq.forecast.setup import Forecasting

JUDGED = 1000
"""Points on which a fit is judged, after those that it was fitted to."""


@observation
class SampleRow(Row):
    """Autoregressions fitted to AR(2) series of one length."""

    windows: int
    """To which one is fitted."""
    kind: str
    """measured, or the theory (width + 1) / windows."""
    excess: float
    """Expected squared error above the best, in units of it; the mean over series."""


def run(setup: Forecasting) -> Iterator[SampleRow]:
    width, rng = setup.params.width, np.random.default_rng(setup.seed + 1)
    for length in setup.params.lengths:
        count = length - width - 1
        found = [excess(length, width, rng) for _ in range(setup.params.repeats)]
        yield SampleRow(windows=count, kind="measured", excess=float(np.mean(found)))
        yield SampleRow(windows=count, kind="theory", excess=(width + 1) / count)


def excess(length: int, width: int, rng: np.random.Generator) -> float:
    """Mean (f - m)^2 of an autoregression fitted to ``length`` points; the noise has variance 1."""
    from experiments.seq.core.forecasters import least_squares, windows, with_one

    known = simulate("ar2", length + JUDGED, rng)
    seen = windows(known.y, width, "levels", length)
    fitted = seen.part(slice(0, length - width - 1))
    named = with_one(seen.inputs) @ least_squares(fitted.inputs, fitted.targets)
    return float(np.mean((seen.forecasts(named)[:-1] - known.best[width + 1 :])[-JUDGED:] ** 2))


def excess_in_words(rows: Sequence[SampleRow]) -> str:
    few, many = (end(row.windows for row in rows) for end in (min, max))
    low, high = (number(mean(rows, "excess", kind="measured", windows=n), 2) for n in (many, few))
    return f"An autoregression's excess error falls from {high} at {few} windows to {low} at {many}"


PART = Part(
    name="samples",
    row=SampleRow,
    run=run,
    claims=(
        Claim(
            "excess_error_falls_with_the_points",
            statement="What a fitted autoregression loses to the best forecast falls as 1 / points.",
            rule=Slope("excess error over the number of windows", theory=-1.0, tolerance=0.15),
            measure=lambda rows: points(rows, "windows", "excess", kind="measured"),
            topic="Time series: what can be known",
            predicted="holds",
            source="(width + 1) / windows for least squares, Box, Jenkins, Reinsel 1994, appendix A7.5",
        ),
    ),
    tables=(Table("Excess error of linear autoregressions", by=("windows", "kind"), columns=("excess",)),),
    curves=(Curve("excess", "windows", "excess", "kind", x_scale="log", y_scale="log", title=excess_in_words),),
)
