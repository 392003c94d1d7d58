"""Test error of three regressions on one linear truth with more and more irrelevant features, and as many samples."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from experiments.ann.curse.setup import TEST_POINTS, Model, Params, held_out_error
from experiments.lab.experiment import Curve, Part, Row, Setup, Table, observation
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Pairs
from experiments.lab.judge.measures import by_seed
from experiments.lab.judge.rules import Each, Effect

NAMES = {"knn": "nearest neighbors", "ols": "least squares", "lasso": "lasso with a sparse truth"}


@observation
class FeaturesRow(Row):
    """One regression."""

    model: str
    irrelevant: int
    dim: int
    """Features, relevant ones included."""
    n: int
    """Samples for fitting."""
    test_error: float
    """Mean squared error on new points; the targets have variance 1 + noise^2."""
    least_squares_error: float
    """Expected of least squares with a Gaussian design of as many features."""


def run(setup: Setup[Params]) -> Iterator[FeaturesRow]:
    from experiments.ann.core.theory.regression import linear_task, random_design_risk

    params = setup.params
    for irrelevant in params.irrelevant:
        task = linear_task(np.random.default_rng(setup.seed), params.samples + TEST_POINTS, irrelevant, params.noise)
        features = task.features.shape[1]
        for model in params.models:
            yield FeaturesRow(
                model=model,
                irrelevant=irrelevant,
                dim=features,
                n=params.samples,
                test_error=held_out_error(regressor(model, params.k), task, params.samples),
                least_squares_error=random_design_risk(params.noise**2, params.samples, features),
            )


def regressor(model: Model, k: int) -> Any:
    """knn: mean of the k nearest; ols: least squares; lasso: its penalty chosen by 5-fold cross-validation."""
    from sklearn.linear_model import LassoCV, LinearRegression
    from sklearn.neighbors import KNeighborsRegressor

    if model == "knn":
        return KNeighborsRegressor(n_neighbors=k)
    return LinearRegression() if model == "ols" else LassoCV(cv=5, max_iter=10_000)


def most_against_fewest(rows: Sequence[FeaturesRow]) -> Mapping[str, Pairs]:
    """Per model that ran, test error with the most irrelevant features against that with the fewest."""
    counts, ran = [row.irrelevant for row in rows], {row.model for row in rows}
    return {
        name: Pairs(
            *(by_seed(rows, "test_error", model=model, irrelevant=count) for count in (max(counts), min(counts)))
        )
        for model, name in NAMES.items()
        if model in ran
    }


PART = Part(
    name="features",
    row=FeaturesRow,
    run=run,
    claims=(
        Claim(
            "more_features_need_more_samples",
            statement="More features need more samples: with the most irrelevant features the error rises by over "
            "0.02.",
            rule=Each(
                Effect("test error with the most - with the fewest irrelevant features, same samples", delta=0.02),
                per="model",
            ),
            measure=most_against_fewest,
            topic="features and samples",
            predicted={
                "nearest neighbors": "holds",
                "least squares": "holds",
                "lasso with a sparse truth": "refuted",
            },
            source="pilot",
        ),
    ),
    tables=(
        Table(
            title="Test error with irrelevant features",
            by=("model", "irrelevant"),
            columns=("test_error", "least_squares_error"),
        ),
    ),
    curves=(Curve(name="error_by_irrelevant_features", x="irrelevant", y="test_error", group="model"),),
)
