"""How does a linear model learn, and what is its squared error worth?

Gradient descent against the closed forms and its speed over the condition number, the training loop with and without
zero_grad, the squared error's identities, and its price when some targets are grossly wrong.

Notes: linear model and mean squared error (004:44-50, 82-85); the training loop (002:138-147).
Source: Nocedal, Wright, Numerical Optimization, 2006, section 3.3; Huber, Robust Estimation of a Location Parameter,
Annals of Mathematical Statistics 35(1), 1964.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass as parameters

from experiments.lab.errors import InputError
from experiments.lab.experiment import CHECKED, Curve, Event, Experiment, Table
from experiments.lab.experiment import Row as LabRow
from experiments.lab.judge.claims import Claim, Comparison, by_seed, conditional, equivalence, ratio, theorem

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

NAN = float("nan")
FAST = 100
"""Steps within which a convergence to 1e-6 of the first distance is called fast."""


@parameters(frozen=True, kw_only=True, config=CHECKED)
class Params:
    n: Annotated[int, Field(ge=4, le=100_000)] = 100
    """Generated observations."""
    p: Annotated[int, Field(ge=1, le=1000)] = 5
    """Generated features; at most n / 2."""
    kappas: Annotated[tuple[Annotated[float, Field(ge=1.5, le=1e6)], ...], Field(min_length=1)] = (10.0, 100.0)
    """Condition numbers of the Hessian."""
    noise: Literal["gauss", "laplace"] = "gauss"
    """Distribution of the generated noise, of variance 1."""
    steps: Annotated[int, Field(ge=10, le=1_000_000)] = 2000
    """Most steps of gradient descent."""
    outlier_fraction: Annotated[float, Field(ge=0, le=0.5)] = 0.05
    """Share of the training targets of diabetes that are wrong."""
    outlier_size: Annotated[float, Field(ge=0)] = 2000.0
    """What is added to them; the targets lie between 25 and 346."""
    repetitions: Annotated[int, Field(ge=2, le=10_000)] = 20
    """Data sets drawn for bias and variance."""


@dataclass(frozen=True, kw_only=True)
class Row(LabRow):
    part: str
    """closed form, rate, path, loop, identity, positive or outliers."""
    case: str
    kappa: float = NAN
    step: float = NAN
    distance: float = NAN
    """|w - w*| / |w_0 - w*|."""
    measured_rate: float = NAN
    theoretical_rate: float = NAN
    steps_to_millionth: float = NAN
    error: float = NAN
    """How far an identity is off, relative."""
    control_error: float = NAN
    mean_squared_error: float = NAN
    test_rmse: float = NAN


def run(params: Params, seed: int) -> Iterator[Event]:
    import numpy as np

    if params.p > params.n // 2:
        raise InputError(f"expected p <= n / 2, got p={params.p} and n={params.n}; take fewer features")
    rng = np.random.default_rng(seed)
    yield from descent_rows(params, rng)
    yield from loop_rows(rng)
    yield from identity_rows(params, rng)
    yield from positivity_rows(params, rng)
    yield from outlier_rows(params, rng)


def descent_rows(params: Params, rng: np.random.Generator) -> Iterator[Row]:
    """Gradient descent at its best step for every condition number, and one output through a sigmoid."""
    import numpy as np

    from experiments.train.core import linear_models as linear

    for kappa in params.kappas:
        X = linear.design_with_condition(params.n, params.p, kappa, rng)
        y = X @ rng.standard_normal(params.p) + _noise(params, params.n, rng)
        best = linear.fit_squared(X, y)
        iterates = np.stack(list(linear.descend(X, y, linear.best_step(X), params.steps)))
        distances = np.linalg.norm(iterates - best, axis=1)
        done = np.flatnonzero(distances <= 1e-6 * distances[0])
        yield Row(
            part="rate",
            case="least squares",
            kappa=kappa,
            measured_rate=linear.measured_rate(distances),
            theoretical_rate=linear.theoretical_rate(X),
            steps_to_millionth=float(done[0]) if len(done) else float(params.steps),
        )
        for step in np.unique(np.geomspace(1, params.steps + 1, 25).astype(int) - 1):
            yield Row(part="path", case="path", kappa=kappa, step=step, distance=distances[step] / distances[0])
    X = linear.design_with_condition(params.n, params.p, 5.0, rng)
    y = X @ rng.standard_normal(params.p) + _noise(params, params.n, rng)
    *_, limit = linear.descend(X, y, linear.best_step(X), 200)
    *_, early = linear.descend(X, y, linear.best_step(X), 5)
    for case, other in (("normal equations", linear.normal_equations(X, y)), ("lstsq", linear.fit_squared(X, y))):
        scale = float(np.abs(other).max())
        errors = [float(np.abs(w - other).max()) / scale for w in (limit, early)]
        yield Row(part="closed form", case=case, error=errors[0], control_error=errors[1])
    stalled = linear.sigmoid_steps(params.steps, start=-8 - rng.random(), step=1.0)
    yield Row(part="rate", case="through a sigmoid", steps_to_millionth=stalled)


def loop_rows(rng: np.random.Generator) -> Iterator[Row]:
    import torch

    from experiments.train.core.accumulation import gradient_after

    inputs, targets = torch.from_numpy(rng.standard_normal((20, 3))), torch.from_numpy(rng.standard_normal(20))
    once = gradient_after(1, inputs, targets, zero_grad=True)
    for passes in (2, 5):
        errors = [
            float((gradient_after(passes, inputs, targets, zero_grad=zeroed) - passes * once).norm() / once.norm())
            for zeroed in (False, True)
        ]
        yield Row(part="loop", case=f"{passes} passes", error=errors[0], control_error=errors[1])


def identity_rows(params: Params, rng: np.random.Generator) -> Iterator[Row]:
    import numpy as np
    from sklearn.metrics import mean_squared_error

    from experiments.train.core import linear_models as linear

    X = linear.design_with_condition(params.n, params.p, 5.0, rng)
    truth = X @ rng.standard_normal(params.p)
    targets = [truth + _noise(params, params.n, rng) for _ in range(params.repetitions)]
    predictions = np.stack([X @ linear.fit_squared(X, y) for y in targets])
    ours = float(linear.squared_errors(predictions[0], targets[0]).mean())
    theirs = [mean_squared_error(targets[k], predictions[0]) for k in (0, 1)]
    yield Row(
        part="identity", case="scikit-learn", error=abs(ours / theirs[0] - 1), control_error=abs(ours / theirs[1] - 1)
    )
    errors = []
    for lost in (0, 1):
        mse, bias, variance = linear.bias_and_variance(predictions, truth, degrees_lost=lost)
        errors.append(abs(bias + variance - mse) / mse)
    yield Row(part="identity", case="bias and variance", error=errors[0], control_error=errors[1])


def positivity_rows(params: Params, rng: np.random.Generator) -> Iterator[Row]:
    """The least mean squared error for more and for fewer observations than features, targets of variance 1."""
    from experiments.train.core import linear_models as linear

    for case, n in (("n = 2 p", 2 * params.p), ("n = p", params.p)):
        X, y = rng.standard_normal((n, params.p)), rng.standard_normal(n)
        error = float(linear.squared_errors(X @ linear.fit_squared(X, y), y).mean())
        yield Row(part="positive", case=case, mean_squared_error=error)


def outlier_rows(params: Params, rng: np.random.Generator) -> Iterator[Row]:
    """Diabetes, a random quarter for test; the test targets are never broken."""
    import numpy as np

    from experiments.foundation.datasets.tables import load_table
    from experiments.train.core import linear_models as linear

    data = load_table("diabetes")
    order = rng.permutation(len(data.targets))
    test, train = np.split(order, [len(order) // 4])
    mean, deviation = data.features[train].mean(0), data.features[train].std(0)
    X = np.column_stack([np.ones(len(order)), (data.features - mean) / deviation])
    broken = linear.with_outliers(data.targets[train], params.outlier_fraction, params.outlier_size, rng)
    fits = {"squared": linear.fit_squared, "Huber": linear.fit_huber, "absolute": linear.fit_absolute}
    for targets, name in ((data.targets[train], "clean"), (broken, "with outliers")):
        for loss, fit in fits.items():
            errors = linear.squared_errors(X[test] @ fit(X[train], targets), data.targets[test])
            yield Row(part="outliers", case=f"{loss}, {name}", test_rmse=float(np.sqrt(errors.mean())))


def _noise(params: Params, n: int, rng: np.random.Generator) -> NDArray[np.float64]:
    return rng.standard_normal(n) if params.noise == "gauss" else rng.laplace(0, 0.5**0.5, n)


def descent_ends_at_least_squares(rows: Sequence[Row]) -> Comparison:
    return _identity(rows, "closed form", 1e-8)


def gradients_add_up_without_zero_grad(rows: Sequence[Row]) -> Comparison:
    return _identity(rows, "loop", 1e-12)


def squared_error_is_bias_and_variance(rows: Sequence[Row]) -> Comparison:
    return _identity(rows, "identity", 1e-12)


def _identity(rows: Sequence[Row], part: str, tolerance: float) -> Comparison:
    chosen = [row for row in rows if row.part == part]
    return theorem([row.error for row in chosen], tolerance=tolerance, control=[row.control_error for row in chosen])


def the_error_is_always_positive(rows: Sequence[Row]) -> Comparison:
    """1 where the error is 0 up to rounding."""

    def vanishes(case: str) -> list[float]:
        return [float(row.mean_squared_error <= 1e-20) for row in rows if row.part == "positive" and row.case == case]

    cases = ("n = 2 p", "n = p")
    return conditional(
        {
            "more observations than features": theorem(vanishes(cases[0]), control=vanishes(cases[1])),
            "as many features as observations": theorem(vanishes(cases[1]), control=vanishes(cases[1])),
        }
    )


def descent_converges_fast(rows: Sequence[Row]) -> Comparison:
    """The rate of theory, and 1e-6 within 100 steps, per condition number."""
    squares = [row for row in rows if row.part == "rate" and row.case == "least squares"]
    parts: dict[str, Comparison] = {}
    for kappa in dict.fromkeys(row.kappa for row in squares):
        of_kappa = [row for row in squares if row.kappa == kappa]
        # -log(rate) is what a step gains; where the window holds no steps the rate is nan and this is undecided
        measured = by_seed(of_kappa, lambda row: (1 - row.measured_rate) / (1 - row.theoretical_rate))
        parts[f"as (kappa - 1) / (kappa + 1), kappa {kappa:g}"] = equivalence(
            measured, dict.fromkeys(measured, 1.0), margin=0.01
        )
        parts[f"within {FAST} steps, kappa {kappa:g}"] = _within(of_kappa)
    sigmoid = [row for row in rows if row.case == "through a sigmoid"]
    parts[f"within {FAST} steps, through a saturated sigmoid"] = _within(sigmoid)
    return conditional(parts)


def _within(rows: Sequence[Row]) -> Comparison:
    steps = by_seed(rows, lambda row: row.steps_to_millionth)
    return ratio(dict.fromkeys(steps, float(FAST)), steps, at_least=1.0)


def outliers_spoil_the_squared_error(rows: Sequence[Row]) -> Comparison:
    def rmse(case: str) -> dict[int, float]:
        return by_seed(rows, lambda row: row.test_rmse, lambda row: row.case == case)

    return ratio(rmse("squared, with outliers"), rmse("Huber, with outliers"), at_least=1.05)


EXPERIMENT = Experiment(
    params=Params,
    row=Row,
    run=run,
    claims=(
        Claim(
            statement="Gradient descent, the normal equations and numpy's lstsq give one solution.",
            notes="Linear model (004:44-49)",
            kind="theorem",
            rule="Relative difference <= 1e-8 in every instance; descent stopped after 5 steps must differ.",
            predicted="holds",
            judge=descent_ends_at_least_squares,
        ),
        Claim(
            statement="Without zero_grad k backward passes leave k times the gradient.",
            notes="Training loop (002:138-146)",
            kind="theorem",
            rule="Relative difference <= 1e-12 in every instance; a loop with zero_grad must differ.",
            predicted="holds",
            judge=gradients_add_up_without_zero_grad,
        ),
        Claim(
            statement="Mean squared error is scikit-learn's, and equals squared bias plus variance.",
            notes="MSE (004:50, 82)",
            kind="theorem",
            rule="Relative difference <= 1e-12; other targets resp. the variance with n - 1 must differ.",
            predicted="holds",
            judge=squared_error_is_bias_and_variance,
        ),
        Claim(
            statement="The mean squared error is always positive.",
            notes="MSE (004:83)",
            kind="conditional",
            rule="Least error above 1e-20, targets of variance 1, with more and with as many observations as features.",
            predicted="conditional",
            judge=the_error_is_always_positive,
        ),
        Claim(
            statement="With a squared error gradient descent converges fast.",
            notes="MSE (004:84)",
            kind="conditional",
            rule=(
                "Per condition number: (1 - rate) / (1 - theory) within 0.01 of 1, and 1e-6 of the first distance "
                "within 100 steps; through a sigmoid started at -8: 1e-3 of the loss within 100 steps."
            ),
            predicted="conditional",
            judge=descent_converges_fast,
        ),
        Claim(
            statement="With 5 % gross outliers squared error predicts at least 5 % worse than Huber's loss.",
            notes="MSE: a suitable penalty (004:84)",
            kind="effect",
            rule="Paired ratio of test RMSE on diabetes, squared / Huber > 1.05.",
            predicted="holds",
            judge=outliers_spoil_the_squared_error,
        ),
    ),
    tables=(
        Table(
            title="Speed of gradient descent",
            by=("case", "kappa"),
            columns=("measured_rate", "theoretical_rate", "steps_to_millionth"),
            where=lambda row: row.part == "rate",
        ),
        Table(
            title="Diabetes: test error by loss",
            by=("case",),
            columns=("test_rmse",),
            where=lambda row: row.part == "outliers",
        ),
        Table(
            title="Identities and their controls",
            by=("part", "case"),
            columns=("error", "control_error"),
            where=lambda row: row.part in ("closed form", "loop", "identity"),
        ),
        Table(
            title="The least error",
            by=("case",),
            columns=("mean_squared_error",),
            where=lambda row: row.part == "positive",
        ),
    ),
    curves=(
        Curve(
            name="distance",
            x="step",
            y="distance",
            group="kappa",
            y_scale="log",
            where=lambda row: row.part == "path" and row.distance > 0,
        ),
    ),
)
