"""Diabetes with some targets grossly wrong: what squared, Huber's and absolute error then predict."""

from __future__ import annotations

from collections.abc import Iterator

from experiments.lab.experiment import Part, Row, Table, observation
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measures import paired
from experiments.lab.judge.rules import Ratio
from experiments.train.linear.setup import Problems


@observation
class OutlierRow(Row):
    dataset: str
    loss: str
    targets: str
    """Of training: clean, or with outliers."""
    test_rmse: float
    """Root mean squared error on clean targets."""


def run(problems: Problems) -> Iterator[OutlierRow]:
    from experiments.train.core import linear_models as linear

    test = problems.diabetes.test
    fits = {"squared": linear.fit_squared, "Huber": linear.fit_huber, "absolute": linear.fit_absolute}
    for targets, (X, y) in problems.diabetes.train.items():
        for loss, fit in fits.items():
            rmse = float(linear.squared_errors(test.X @ fit(X, y), test.y).mean() ** 0.5)
            yield OutlierRow(dataset="diabetes", loss=loss, targets=targets, test_rmse=rmse)


PART = Part(
    name="outliers",
    row=OutlierRow,
    run=run,
    claims=(
        Claim(
            "outliers_spoil_the_squared_error",
            statement="With 5 % gross outliers squared error predicts at least 5 % worse than Huber's loss.",
            rule=Ratio("test RMSE on diabetes with outliers, squared / Huber", at_least=1.05),
            measure=paired("test_rmse", {"targets": "with outliers"}, loss=("squared", "Huber")),
            topic="MSE: a suitable penalty",
            predicted="holds",
            source="Huber 1964",
        ),
    ),
    tables=(Table(title="Diabetes: test error by loss", by=("loss", "targets"), columns=("test_rmse",)),),
)
