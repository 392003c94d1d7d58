"""What does the learning rate decide: convergence, speed, the direction of a step?

Descent on quadratics around the limit 2 / lambda_max, a network trained over six decades of learning rates, and single
steps of SGD and Adam beside the gradient.

Notes: learning rate (004:9-10); tuning (002:159).
Source: Nesterov, Introductory Lectures on Convex Optimization, 2004, section 2.1; Kingma, Ba, Adam, ICLR 2015.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass as parameters

from experiments.foundation.networks.choices import ScheduleName
from experiments.lab.experiment import CHECKED, Curve, Event, Experiment, Progress, Table
from experiments.lab.experiment import Row as LabRow
from experiments.lab.judge.claims import (
    Claim,
    Comparison,
    by_seed,
    conditional,
    edge_of_grid,
    effect,
    equivalence,
    proportion,
    theorem,
    undecided,
)

if TYPE_CHECKING:
    import numpy as np

    from experiments.train.splits import Splits

NAN = float("nan")
CHANCE_AND_MORE = 0.3
"""Accuracy on ten classes up to which a network has learned next to nothing."""


@parameters(frozen=True, kw_only=True, config=CHECKED)
class Params:
    dataset: Literal["digits", "fashion", "mnist"] = "digits"
    """Images."""
    train_images: Annotated[int, Field(ge=10, le=60_000)] = 200
    """Training images; as many others for validation and for test."""
    width: Annotated[int, Field(ge=1, le=1024)] = 32
    """Hidden units."""
    lrs: Annotated[tuple[Annotated[float, Field(gt=0, le=1000)], ...], Field(min_length=3)] = (1e-3, 1e-1, 100.0)
    """Learning rates of the network."""
    schedule: ScheduleName = "constant"
    """How they fall during training."""
    steps: Annotated[int, Field(ge=1, le=100_000)] = 30
    """Updates of SGD without momentum."""
    batch_size: Annotated[int, Field(ge=1, le=4096)] = 64
    """Images per update."""
    dim: Annotated[int, Field(ge=2, le=1000)] = 5
    """Dimension of the quadratics; their largest eigenvalue is 1."""
    limits: tuple[Annotated[float, Field(gt=0, lt=4)], ...] = (1.9, 1.99, 1.999, 2.001, 2.01, 2.1)
    """Learning rate times largest eigenvalue at which descent is tried."""
    quadratic_steps: Annotated[int, Field(ge=100, le=1_000_000)] = 30_000
    """Most steps of descent on a quadratic."""
    small_rates: Annotated[tuple[Annotated[float, Field(gt=0, lt=1)], ...], Field(min_length=5)] = (
        0.005,
        0.01,
        0.02,
        0.04,
        0.08,
    )
    """The same for the number of steps that descent takes."""


@dataclass(frozen=True, kw_only=True)
class Row(LabRow):
    part: str
    """limit, speed, patience, network or step."""
    case: str
    lr: float = NAN
    """Of the network; for a quadratic times its largest eigenvalue."""
    converged: float = NAN
    steps: float = NAN
    excess: float = NAN
    """Loss / loss at the start."""
    train_loss: float = NAN
    """nan if the network diverged."""
    validation_accuracy: float = NAN
    test_accuracy: float = NAN
    diverged: float = NAN
    cosine: float = NAN
    """Between update and -gradient."""
    lengthening: float = NAN
    """Length of the update at 1000 times the gradient / length."""


def run(params: Params, seed: int) -> Iterator[Event]:
    import numpy as np

    from experiments.train.splits import split_images

    n = params.train_images
    data = split_images(params.dataset, seed, train=n, validation=n, test=n)
    rng = np.random.default_rng(seed)
    yield from quadratic_rows(params, rng)
    yield from step_rows(rng)
    yield from network_rows(params, data, seed)


def quadratic_rows(params: Params, rng: np.random.Generator) -> Iterator[Row]:
    import numpy as np

    from experiments.train.core.learning_rates import descend_quadratic

    eigenvalues = np.concatenate([[1.0], rng.uniform(0.3, 1.0, params.dim - 1)])
    for lr in params.limits:
        end = descend_quadratic(eigenvalues, lr, params.quadratic_steps)
        yield Row(part="limit", case="quadratic", lr=lr, converged=float(end.converged), steps=end.steps)
    for lr in params.small_rates:
        end = descend_quadratic(eigenvalues, lr, params.quadratic_steps)
        yield Row(part="speed", case="quadratic", lr=lr, steps=end.steps, excess=end.excess)
    for case, steps in (("100 steps", 100), ("unlimited", 100_000)):
        end = descend_quadratic(eigenvalues, 1e-3, steps, until=1e-12)
        yield Row(part="patience", case=case, lr=1e-3, steps=end.steps, excess=end.excess)


def step_rows(rng: np.random.Generator) -> Iterator[Row]:
    import torch

    from experiments.train.core.learning_rates import third_step

    gradients = torch.from_numpy(rng.standard_normal((3, 20)) * rng.lognormal(size=20))
    for optimizer in ("sgd", "adam"):
        step, longer = (third_step(optimizer, gradients, 0.01, factor) for factor in (1.0, 1000.0))
        yield Row(part="step", case=optimizer, cosine=step.cosine, lengthening=longer.length / step.length)


def network_rows(params: Params, data: Splits, seed: int) -> Iterator[Event]:
    import torch

    from experiments.foundation.networks.schedules import lr_factor
    from experiments.train.core.fitting import fit
    from experiments.train.core.perceptron import accuracy, perceptron

    for number, lr in enumerate(params.lrs):
        yield Progress("networks", number, len(params.lrs))
        torch.manual_seed(seed)
        network = perceptron((data.features, params.width, data.classes))
        loss = fit(
            network,
            data.train.inputs,
            data.train.labels,
            torch.optim.SGD(network.parameters(), lr),
            batch_size=params.batch_size,
            steps=params.steps,
            seed=seed,
            rates=[lr * lr_factor(params.schedule, step / params.steps) for step in range(params.steps)],
        )
        yield Row(
            part="network",
            case=params.schedule,
            lr=lr,
            train_loss=loss,
            validation_accuracy=accuracy(network, data.validation.inputs, data.validation.labels),
            test_accuracy=accuracy(network, data.test.inputs, data.test.labels),
            diverged=float(not math.isfinite(loss)),
        )


def descent_converges_below_two_over_the_largest_curvature(rows: Sequence[Row]) -> Comparison:
    """0 where theory is right; the control asks for half the limit."""
    chosen = [row for row in rows if row.part == "limit"]
    return theorem(
        [float((row.converged == 1) != (row.lr < 2)) for row in chosen],
        control=[float((row.converged == 1) != (row.lr < 1)) for row in chosen],
    )


def the_largest_rate_learns_nothing(rows: Sequence[Row]) -> Comparison:
    largest = max(row.lr for row in rows if row.part == "network")
    accuracies = [row.test_accuracy for row in rows if row.part == "network" and row.lr == largest]
    return proportion(sum(a <= CHANCE_AND_MORE for a in accuracies), len(accuracies), at_least=0.5)


def steps_are_inverse_to_small_rates(rows: Sequence[Row]) -> Comparison:
    """The law is exact for rates towards 0 alone, so the exponent has to be near -1, not to include it."""
    from statistics import linear_regression

    chosen = [row for row in rows if row.part == "speed"]
    exponents = {}
    for seed in sorted({row.seed for row in chosen}):
        of_seed = [row for row in chosen if row.seed == seed]
        exponents[seed] = linear_regression(
            [math.log(row.lr) for row in of_seed], [math.log(row.steps) for row in of_seed]
        ).slope
    return equivalence(exponents, dict.fromkeys(exponents, -1.0), margin=0.1)


def too_small_a_rate_stays_suboptimal(rows: Sequence[Row]) -> Comparison:
    networks = [row for row in rows if row.part == "network"]
    rates = sorted({row.lr for row in networks})
    best = max(rates, key=lambda lr: fmean(row.validation_accuracy for row in networks if row.lr == lr))
    small = by_seed(networks, lambda row: row.test_accuracy, lambda row: row.lr == rates[0])
    good = by_seed(networks, lambda row: row.test_accuracy, lambda row: row.lr == best)
    in_budget = (
        undecided("effect", f"the best rate, {best:g}, lies on the edge of its grid")
        if edge_of_grid(rates, best)
        else effect(good, small, delta=0.1)
    )

    def excess(case: str) -> dict[int, float]:
        return by_seed(rows, lambda row: row.excess, lambda row: row.part == "patience" and row.case == case)

    optimum = dict.fromkeys(excess("unlimited"), 0.0)
    return conditional(
        {
            "network, fixed budget: 0.1 below the best accuracy": in_budget,
            "quadratic, 100 steps: 0.1 of the first loss is left": effect(excess("100 steps"), optimum, delta=0.1),
            "quadratic, 100,000 steps: 1e-6 is left": effect(excess("unlimited"), optimum, delta=1e-6),
        }
    )


def a_step_is_the_rate_times_the_gradient(rows: Sequence[Row]) -> Comparison:
    def of(case: str) -> list[Row]:
        return [row for row in rows if row.part == "step" and row.case == case]

    angles = {case: [1 - row.cosine for row in of(case)] for case in ("sgd", "adam")}
    lengths = {case: [abs(row.lengthening / 1000 - 1) for row in of(case)] for case in ("sgd", "adam")}
    return conditional(
        {
            "direction, SGD": theorem(angles["sgd"], tolerance=1e-12, control=angles["adam"]),
            "direction, Adam": theorem(angles["adam"], tolerance=1e-12, control=angles["adam"]),
            "length, SGD": theorem(lengths["sgd"], tolerance=1e-12, control=lengths["adam"]),
            "length, Adam": theorem(lengths["adam"], tolerance=1e-12, control=lengths["adam"]),
        }
    )


EXPERIMENT = Experiment(
    params=Params,
    row=Row,
    run=run,
    claims=(
        Claim(
            statement="Descent on a quadratic converges exactly for learning rates below 2 / largest curvature.",
            notes="Too large a learning rate (004:10)",
            kind="theorem",
            rule="Right at 0.1 % on either side in every instance; the limit 1 / largest curvature must be wrong.",
            predicted="holds",
            judge=descent_converges_below_two_over_the_largest_curvature,
        ),
        Claim(
            statement="At the largest learning rate of the grid a network learns next to nothing.",
            notes="Too large a learning rate (004:10)",
            kind="proportion",
            rule="Share of seeds with test accuracy <= 0.3, a diverged network counting as such: >= 0.5.",
            predicted="holds",
            judge=the_largest_rate_learns_nothing,
        ),
        Claim(
            statement="For small learning rates the number of steps is proportional to 1 / rate.",
            notes="Too small a learning rate is slow (004:10)",
            kind="equivalence",
            rule="Exponent of the steps to 1e-6 of the first loss over the rate inside -1 +- 0.1.",
            predicted="holds",
            judge=steps_are_inverse_to_small_rates,
        ),
        Claim(
            statement="Too small a learning rate stays at a suboptimal place.",
            notes="Too small a learning rate (004:10)",
            kind="conditional",
            rule=(
                "Best rate by validation minus smallest: test accuracy > 0.1 at a fixed budget; on a quadratic more "
                "than 0.1 of the loss left after 100 steps, more than 1e-6 after 100,000."
            ),
            predicted="conditional",
            judge=too_small_a_rate_stays_suboptimal,
        ),
        Claim(
            statement="A step goes along the negative gradient, its length is the learning rate times the gradient's.",
            notes="Learning rate as step length (004:10)",
            kind="conditional",
            rule="1 - cosine <= 1e-12, and 1000 times the gradient gives 1000 times the step, for SGD and for Adam.",
            predicted="conditional",
            judge=a_step_is_the_rate_times_the_gradient,
        ),
    ),
    tables=(
        Table(
            title="A network over learning rates",
            by=("lr",),
            columns=("test_accuracy", "train_loss", "diverged"),
            where=lambda row: row.part == "network",
        ),
        Table(
            title="Quadratic: rate x largest curvature",
            by=("lr",),
            columns=("converged", "steps"),
            where=lambda row: row.part == "limit",
        ),
        Table(
            title="Small rates",
            by=("part", "lr", "case"),
            columns=("steps", "excess"),
            where=lambda row: row.part in ("speed", "patience"),
        ),
        Table(
            title="One step",
            by=("case",),
            columns=("cosine", "lengthening"),
            where=lambda row: row.part == "step",
        ),
    ),
    curves=(Curve(name="accuracy", x="lr", y="test_accuracy", x_scale="log", where=lambda row: row.part == "network"),),
)
