"""Samples that three regressions need for one error, on one linear truth with more and more irrelevant features."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from experiments.ann.curse.setup import TEST_POINTS, Model, Params
from experiments.lab.answers import listing, mean, number
from experiments.lab.experiment import Curve, Event, Part, Progress, Row, Setup, Table, observation
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import NotMeasured, Points
from experiments.lab.judge.measures import points
from experiments.lab.judge.rules import Each, Slope, SlopeBelow

NAMES = {"knn": "nearest neighbors", "ols": "least squares", "lasso": "lasso with a sparse truth"}
EXCESS = 0.5
"""Squared error without the noise, as a share of the signal's variance, that a regression has to reach."""
NOISE = 1.0
"""Standard deviation of the targets' noise, and of their signal."""
FEWEST, GROWTH = 8, 1.5
"""Samples that are tried: 8, and so on by half more."""


@observation
class FeaturesRow(Row):
    """One regression."""

    model: str
    irrelevant: int
    dim: int
    """Features, relevant ones included."""
    samples: float
    """For an excess error of half the signal's variance; NaN where the most that were tried leave more."""
    least_squares_samples: int
    """Expected of least squares with a Gaussian design of as many features."""


def run(setup: Setup[Params]) -> Iterator[Event]:
    from experiments.ann.core.theory.regression import RELEVANT, least_squares_samples

    params = setup.params
    tasks = [(model, irrelevant) for irrelevant in params.irrelevant for model in params.models]
    for done, (model, irrelevant) in enumerate(tasks):
        yield Progress("samples of regressions", done, len(tasks))
        dim = RELEVANT + irrelevant
        yield FeaturesRow(
            model=model,
            irrelevant=irrelevant,
            dim=dim,
            samples=samples_needed(partial(mean_excess, setup, model, irrelevant), params.most_samples),
            least_squares_samples=least_squares_samples(NOISE**2, dim, EXCESS),
        )


def samples_needed(excess: Callable[[int], float], most: int) -> float:
    """The number at which ``excess`` of a number of samples falls to ``EXCESS``, between two that are tried.

    >>> round(samples_needed(lambda n: 30 / n, most=1000))
    60
    """
    n, fewer, before = FEWEST, FEWEST, math.nan
    while n <= most:
        error = excess(n)
        if error <= EXCESS:
            way = math.log(before / EXCESS) / math.log(before / error) if fewer < n else 0.0
            return fewer * (n / fewer) ** way
        n, fewer, before = math.ceil(n * GROWTH), n, error
    return math.nan


def mean_excess(setup: Setup[Params], model: Model, irrelevant: int, n: int) -> float:
    """Mean squared error without the noise after fitting n samples, over ``draws`` sets of them."""
    from experiments.ann.core.theory.regression import linear_task

    params, errors = setup.params, []
    for draw in range(params.draws):
        task = linear_task(np.random.default_rng((setup.seed, draw, irrelevant, n)), n + TEST_POINTS, irrelevant, NOISE)
        fitted = regressor(model, min(params.k, n)).fit(task.features[:n], task.targets[:n])
        errors.append(np.mean((fitted.predict(task.features[n:]) - task.signal[n:]) ** 2))
    return float(np.mean(errors))


def regressor(model: Model, k: int) -> Any:
    """knn: mean of the k nearest; ols: least squares; lasso: its penalty chosen by 5-fold cross-validation."""
    from sklearn.linear_model import LassoCV, LinearRegression
    from sklearn.neighbors import KNeighborsRegressor

    if model == "knn":
        return KNeighborsRegressor(n_neighbors=k)
    return LinearRegression() if model == "ols" else LassoCV(cv=5, max_iter=10_000)


def reached(rows: Sequence[FeaturesRow], model: str) -> list[FeaturesRow]:
    """The rows of a model with as many features as it copes with in every seed."""
    of_model = [row for row in rows if row.model == model]
    failed = {row.dim for row in of_model if math.isnan(row.samples)}
    return [row for row in of_model if row.dim not in failed]


def per_sample(rows: Sequence[FeaturesRow]) -> Mapping[str, Points]:
    """1 / samples over features, per model that ran: it falls as the samples rise."""
    ran = {row.model for row in rows}
    return {
        name: points(reached(rows, model), "dim", lambda row: 1 / row.samples)
        for model, name in NAMES.items()
        if model in ran
    }


def of_least_squares(rows: Sequence[FeaturesRow]) -> Points | NotMeasured:
    found = points(reached(rows, "ols"), "dim", "samples")
    return found if found.x else NotMeasured("needs the model ols")


def of_neighbors(rows: Sequence[FeaturesRow]) -> Points | NotMeasured:
    """1 / samples over e^features: the exponent is by how much its logarithm changes per feature."""
    found = points(reached(rows, "knn"), "dim", lambda row: 1 / row.samples)
    return Points([math.exp(dim) for dim in found.x], found.y) if found.x else NotMeasured("needs the model knn")


def samples_by_model(rows: Sequence[FeaturesRow]) -> dict[str, tuple[str, int]]:
    """Model -> in words the samples with the fewest and the most features that it copes with; how many those are."""
    found = {}
    for model in dict.fromkeys(row.model for row in rows):
        coped = reached(rows, model)
        if dims := sorted({row.dim for row in coped}):
            few, most = (number(mean(coped, "samples", dim=dim), 2) for dim in (dims[0], dims[-1]))
            found[model] = f"{few} to {most}", dims[-1]
    return found


def more_samples(rows: Sequence[FeaturesRow]) -> str:
    said = listing(f"{model} {samples}" for model, (samples, _) in samples_by_model(rows).items())
    return f"Samples needed as features are added: {said}"


PART = Part(
    name="features",
    row=FeaturesRow,
    run=run,
    claims=(
        Claim(
            "more_features_need_more_samples",
            statement="More features need more samples: at least like the root of the number of features.",
            rule=Each(
                SlopeBelow("1 / samples for an error of half the variance, over features", limit=-0.5), per="model"
            ),
            measure=per_sample,
            topic="features and samples",
            predicted={
                "nearest neighbors": "holds",
                "least squares": "holds",
                "lasso with a sparse truth": "refuted",
            },
            source="Stone 1982 for neighbors; p / (n - p - 2) of least squares; Wainwright 2009: s log p for the lasso",
        ),
        Claim(
            "least_squares_needs_samples_in_proportion",
            statement="Least squares needs samples in proportion to the features.",
            rule=Slope("samples for an error of half the variance, over features", theory=1, tolerance=0.15),
            measure=of_least_squares,
            topic="features and samples: least squares",
            predicted="holds",
            source="the excess error is s^2 p / (n - p - 2) for Gaussian features",
        ),
        Claim(
            "neighbors_need_a_quarter_more_samples_per_feature",
            statement="Nearest neighbors need at least a quarter more samples for every further feature.",
            rule=SlopeBelow("1 / samples for an error of half the variance, over e^features", limit=-math.log(1.25)),
            measure=of_neighbors,
            topic="features and samples: nearest neighbors",
            predicted="holds",
            source="pilot of three seeds; Stone 1982 has the direction: n^(-2/(2 + d)) needs more samples",
        ),
    ),
    tables=(
        Table(
            title="Samples for an excess error of half the signal's variance",
            by=("model", "dim"),
            columns=("samples", "least_squares_samples"),
        ),
    ),
    curves=(Curve("samples_by_features", "dim", "samples", "model", x_scale="log", y_scale="log", title=more_samples),),
)
