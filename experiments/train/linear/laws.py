"""Identities of linear models on random instances, the least error there can be, and the price of outliers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from experiments.foundation.statements.trials import TrialRow, instances
from experiments.lab.experiment import Part, Row, Table, observation
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Instances
from experiments.lab.judge.measures import paired
from experiments.lab.judge.rules import Counterexample, Ratio, Theorem, Under
from experiments.train.linear.setup import Problem, Problems, Repeated


@observation
class LeastErrorRow(Row):
    """The least squares fit to targets of variance 1 that have nothing to do with the features."""

    observations: int
    features: int
    mean_squared_error: float


def run(problems: Problems) -> Iterator[TrialRow]:
    yield from one_solution(problems.gentle)
    yield from accumulation(problems.loop)
    yield from squared_error(problems.repeated)


def one_solution(problem: Problem) -> Iterator[TrialRow]:
    """Descent after 200 steps against closed forms; after 5 steps it is the control."""
    import numpy as np

    from experiments.train.core import linear_models as linear

    X, y = problem
    *_, limit = linear.descend(X, y, linear.best_step(X), 200)
    *_, early = linear.descend(X, y, linear.best_step(X), 5)
    for case, other in (("normal equations", linear.normal_equations(X, y)), ("lstsq", linear.fit_squared(X, y))):
        scale = float(np.abs(other).max())
        error, control = (float(np.abs(w - other).max()) / scale for w in (limit, early))
        yield TrialRow(statement="one solution", case=case, error=error, control_error=control)


def accumulation(problem: Problem) -> Iterator[TrialRow]:
    """k backward passes leave k times the gradient; with zero_grad, the control, they do not."""
    import torch

    from experiments.train.core.linear_models import gradient_after

    inputs, targets = torch.from_numpy(problem.X), torch.from_numpy(problem.y)
    once = gradient_after(1, inputs, targets, zero_grad=True)
    for passes in (2, 5):
        error, control = (
            float((gradient_after(passes, inputs, targets, zero_grad=zeroed) - passes * once).norm() / once.norm())
            for zeroed in (False, True)
        )
        yield TrialRow(statement="accumulation", case=f"{passes} passes", error=error, control_error=control)


def squared_error(repeated: Repeated) -> Iterator[TrialRow]:
    """scikit-learn's, which other targets are not; bias^2 + variance, which the variance with n - 1 is not."""
    import numpy as np
    from sklearn.metrics import mean_squared_error

    from experiments.train.core import linear_models as linear

    X, truth, targets = repeated
    predictions = np.stack([X @ linear.fit_squared(X, y) for y in targets])
    ours = float(linear.squared_errors(predictions[0], targets[0]).mean())
    error, control = (abs(ours / mean_squared_error(targets[k], predictions[0]) - 1) for k in (0, 1))
    yield TrialRow(statement="squared error", case="scikit-learn", error=error, control_error=control)
    sums = (linear.bias_and_variance(predictions, truth, degrees_lost=lost) for lost in (0, 1))
    error, control = (abs(bias + variance - mse) / mse for mse, bias, variance in sums)
    yield TrialRow(statement="squared error", case="bias and variance", error=error, control_error=control)


def least_errors(problems: Problems) -> Iterator[LeastErrorRow]:
    from experiments.train.core import linear_models as linear

    for X, y in problems.square:
        error = float(linear.squared_errors(X @ linear.fit_squared(X, y), y).mean())
        yield LeastErrorRow(observations=len(y), features=X.shape[1], mean_squared_error=error)


MORE, EQUAL = "more observations than features", "as many features as observations"


def vanishing(rows: Sequence[LeastErrorRow]) -> Mapping[str, Instances]:
    """1 where the error is 0 up to rounding."""
    more, equal = (
        [float(row.mean_squared_error <= 1e-20) for row in rows if (row.observations > row.features) == is_more]
        for is_more in (True, False)
    )
    return {MORE: Instances(more, control=equal), EQUAL: Instances(equal, control=more)}


LAWS = Part(
    name="laws",
    row=TrialRow,
    run=run,
    claims=(
        Claim(
            "descent_ends_at_least_squares",
            statement="Gradient descent, the normal equations and numpy's lstsq give one solution.",
            rule=Theorem("relative difference of the weights", control="descent after 5 steps", tolerance=1e-8),
            measure=instances("one solution"),
            topic="Training a linear model",
            predicted="holds",
            source="Nocedal and Wright 2006, section 3.3",
        ),
        Claim(
            "gradients_add_up_without_zero_grad",
            statement="Without zero_grad k backward passes leave k times the gradient.",
            rule=Theorem("relative difference of the gradients", control="a loop with zero_grad", tolerance=1e-12),
            measure=instances("accumulation"),
            topic="Training loop",
            predicted="holds",
            source="documentation of torch.Tensor.backward: gradients are accumulated in the leaves",
        ),
        Claim(
            "squared_error_is_bias_and_variance",
            statement="Mean squared error is scikit-learn's, and equals squared bias plus variance.",
            rule=Theorem("relative difference", control="other targets, or the variance with n - 1,", tolerance=1e-12),
            measure=instances("squared error"),
            topic="MSE as bias and variance",
            predicted="holds",
            source="Hastie, Tibshirani and Friedman 2009",
        ),
    ),
    tables=(
        Table(title="Identities and their controls", by=("statement", "case"), columns=("error", "control_error")),
    ),
)
LEAST = Part(
    name="least_errors",
    row=LeastErrorRow,
    run=least_errors,
    claims=(
        Claim(
            "the_error_is_always_positive",
            statement="The mean squared error is always positive.",
            rule=Under(
                {
                    MORE: Theorem("the least error exceeds rounding, 1e-20", control="as many features"),
                    EQUAL: Counterexample("the least error exceeds rounding, 1e-20"),
                }
            ),
            measure=vanishing,
            topic="MSE is positive",
            predicted={MORE: "holds", EQUAL: "refuted"},
            source="p independent equations in p unknowns have an exact solution",
        ),
    ),
    tables=(Table(title="The least error", by=("observations", "features"), columns=("mean_squared_error",)),),
)


@observation
class OutlierRow(Row):
    dataset: str
    loss: str
    targets: str
    """Of training: clean, or with outliers."""
    test_rmse: float
    """Root mean squared error on clean targets."""


def run_outliers(problems: Problems) -> Iterator[OutlierRow]:
    from experiments.train.core import linear_models as linear

    test = problems.diabetes.test
    fits = {"squared": linear.fit_squared, "Huber": linear.fit_huber, "absolute": linear.fit_absolute}
    for targets, (X, y) in problems.diabetes.train.items():
        for loss, fit in fits.items():
            rmse = float(linear.squared_errors(test.X @ fit(X, y), test.y).mean() ** 0.5)
            yield OutlierRow(dataset="diabetes", loss=loss, targets=targets, test_rmse=rmse)


OUTLIERS = Part(
    name="outliers",
    row=OutlierRow,
    run=run_outliers,
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
