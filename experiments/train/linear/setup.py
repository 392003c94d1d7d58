"""What train.linear can be asked, and every random number of one repetition: problems y = X w + noise, and diabetes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Literal, NamedTuple

from pydantic import Field

from experiments.lab.errors import InputError
from experiments.lab.experiment import Setup, parameters

if TYPE_CHECKING:
    import numpy as np

    from experiments.train.core.linear_models import Array


@parameters
class Params:
    n: Annotated[int, Field(ge=4, le=100_000)] = 100
    """Generated observations."""
    p: Annotated[int, Field(ge=1, le=1000)] = 5
    """Generated features; at most n / 2."""
    kappas: Annotated[tuple[Annotated[float, Field(ge=1.5, le=1e6)], ...], Field(min_length=1)] = (10.0, 100.0)
    """Condition numbers of the Hessian; 3, 10, 100 and 1000 are judged."""
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


class Problem(NamedTuple):
    X: Array
    y: Array


class Repeated(NamedTuple):
    """Targets drawn again and again around one truth."""

    X: Array
    truth: Array
    targets: list[Array]


class Diabetes(NamedTuple):
    """Standardized features and a column of ones; the test targets are never broken."""

    train: Mapping[str, Problem]
    """With clean targets, and with outliers."""
    test: Problem


@dataclass(frozen=True, kw_only=True)
class Problems(Setup[Params]):
    conditioned: Mapping[float, Problem]
    """By the condition number of the Hessian."""
    gentle: Problem
    """Of condition number 5."""
    sigmoid_start: float
    loop: Problem
    repeated: Repeated
    square: tuple[Problem, Problem]
    """Unrelated targets with twice as many observations as features, and with as many."""
    diabetes: Diabetes
    descended: dict[float, Array] = field(default_factory=dict)

    def distances(self, kappa: float) -> Array:
        """|w_k - w*| (steps + 1,) of descent at its best step, computed once."""
        import numpy as np

        from experiments.train.core import linear_models as linear

        if kappa not in self.descended:
            X, y = self.conditioned[kappa]
            iterates = np.stack(list(linear.descend(X, y, linear.best_step(X), self.params.steps)))
            self.descended[kappa] = np.linalg.norm(iterates - linear.fit_squared(X, y), axis=1)
        return self.descended[kappa]


def prepare(params: Params, seed: int) -> Problems:
    import numpy as np

    from experiments.train.core.linear_models import design_with_condition

    n, p = params.n, params.p
    if p > n // 2:
        raise InputError(f"expected p <= n / 2, got p={p} and n={n}; take fewer features")
    rng = np.random.default_rng(seed)

    def noise() -> Array:
        return rng.standard_normal(n) if params.noise == "gauss" else rng.laplace(0, 0.5**0.5, n)

    def truth(kappa: float) -> Problem:
        X = design_with_condition(n, p, kappa, rng)
        return Problem(X, X @ rng.standard_normal(p))

    def noisy(kappa: float) -> Problem:
        X, y = truth(kappa)
        return Problem(X, y + noise())

    def unrelated(observations: int, features: int) -> Problem:
        return Problem(rng.standard_normal((observations, features)), rng.standard_normal(observations))

    # the arguments draw from one generator, in this order
    return Problems(
        params=params,
        seed=seed,
        conditioned={kappa: noisy(kappa) for kappa in params.kappas},
        gentle=noisy(5.0),
        sigmoid_start=-8 - rng.random(),
        loop=unrelated(20, 3),
        repeated=Repeated(*(exact := truth(5.0)), [exact.y + noise() for _ in range(params.repetitions)]),
        square=(unrelated(2 * p, p), unrelated(p, p)),
        diabetes=diabetes(params, rng),
    )


def diabetes(params: Params, rng: np.random.Generator) -> Diabetes:
    """A random quarter for test."""
    import numpy as np

    from experiments.foundation.datasets.tables import load_table
    from experiments.train.core.linear_models import with_outliers

    data = load_table("diabetes")
    order = rng.permutation(len(data.targets))
    test, train = np.split(order, [len(order) // 4])
    mean, deviation = data.features[train].mean(0), data.features[train].std(0)
    X = np.column_stack([np.ones(len(order)), (data.features - mean) / deviation])
    clean = data.targets[train]
    broken = with_outliers(clean, params.outlier_fraction, params.outlier_size, rng)
    return Diabetes(
        train={"clean": Problem(X[train], clean), "with outliers": Problem(X[train], broken)},
        test=Problem(X[test], data.targets[test]),
    )
