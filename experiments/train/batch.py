"""What does the randomness of mini-batches do: noise, saddles, wells, memory and accuracy?

Curvature at random weights, the covariance of batch gradients against its closed form, a saddle and a double well in
which noise can be dosed, bytes kept for the backward pass, and accuracy at equal epochs and at equal steps.

Notes: non-convex losses, mini-batches, saddles and noise (002:78-82).
Source: Lee et al., Gradient Descent Only Converges to Minimizers, COLT 2016; Keskar et al., On Large-Batch Training
for Deep Learning, ICLR 2017.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import chain
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass as parameters

from experiments.lab.experiment import CHECKED, Curve, Event, Experiment, Progress, Table
from experiments.lab.experiment import Row as LabRow
from experiments.lab.judge.claims import (
    Claim,
    Comparison,
    by_seed,
    conditional,
    effect,
    order,
    slope,
    theorem,
)
from experiments.train.core.batch_observation import Observation

if TYPE_CHECKING:
    from experiments.train.splits import Splits

INFINITY = float("inf")


@parameters(frozen=True, kw_only=True, config=CHECKED)
class Params:
    dataset: Literal["digits", "fashion", "mnist"] = "digits"
    """Images."""
    train_images: Annotated[int, Field(ge=64, le=60_000)] = 128
    """Training images; as many others are tested on, 800 at most."""
    width: Annotated[int, Field(ge=1, le=1024)] = 16
    """Hidden units."""
    batch_sizes: Annotated[tuple[Annotated[int, Field(ge=1, le=4096)], ...], Field(min_length=5)] = (1, 2, 4, 8, 16)
    """Batches whose noise and memory are measured."""
    draws: Annotated[int, Field(ge=10, le=100_000)] = 100
    """Batches drawn of every size."""
    curvature_points: Annotated[int, Field(ge=1, le=1000)] = 3
    """Random weights of every network whose curvature is measured."""
    saddle_lr: Annotated[float, Field(gt=0, lt=2)] = 0.05
    """Learning rate on the saddle."""
    saddle_steps: Annotated[int, Field(ge=10, le=1_000_000)] = 1000
    """Most steps on the saddle."""
    well_batches: Annotated[tuple[Annotated[int, Field(ge=1, le=4096)], ...], Field(min_length=3)] = (1, 4, 16, 64)
    """Batches in the double well."""
    well_sigma: Annotated[float, Field(ge=0, le=100)] = 4.0
    """Standard deviation of the gradient noise at batch 1."""
    well_tilt: Annotated[float, Field(gt=0, lt=1.5)] = 0.2
    """Slope that makes one well the global minimum."""
    well_steps: Annotated[int, Field(ge=10, le=1_000_000)] = 500
    """Steps of every descent, learning rate 0.05."""
    well_runs: Annotated[int, Field(ge=10, le=100_000)] = 100
    """Descents of every batch size."""
    lr: Annotated[float, Field(gt=0, le=10)] = 0.05
    """Learning rate of both trainings, momentum 0.9."""
    epochs: Annotated[int, Field(ge=1, le=1000)] = 2
    """Passes at equal epochs."""
    steps: Annotated[int, Field(ge=1, le=100_000)] = 20
    """Updates at equal steps."""
    small_batch: Annotated[int, Field(ge=1, le=4096)] = 8
    """Small batch of the trainings; the large one is the whole training set."""


@dataclass(frozen=True, kw_only=True)
class Row(LabRow, Observation):
    """One measurement of what a batch does."""


def run(params: Params, seed: int) -> Iterator[Event]:
    import torch

    from experiments.train.core import batch_probes as probes
    from experiments.train.core.perceptron import perceptron
    from experiments.train.splits import split_images

    size = params.train_images
    data = split_images(params.dataset, seed, train=size, test=min(size, 800))
    torch.manual_seed(seed)
    network = perceptron((data.features, params.width, data.classes))
    rng = torch.Generator().manual_seed(seed)
    for observation in chain(
        probes.curvatures_observed(params.curvature_points),
        probes.noise_observed(network, data.train.inputs, data.train.labels, params.batch_sizes, params.draws, rng),
        probes.saddles_observed(params.saddle_lr, params.saddle_steps, seed),
        probes.wells_observed(
            params.well_batches,
            tilt=params.well_tilt,
            sigma=params.well_sigma,
            steps=params.well_steps,
            runs=params.well_runs,
            seed=seed,
        ),
    ):
        yield Row(**asdict(observation))
    yield from accuracy_rows(params, data, seed)


def accuracy_rows(params: Params, data: Splits, seed: int) -> Iterator[Event]:
    import math

    import torch

    from experiments.train.core.perceptron import accuracy, batches, perceptron

    n = len(data.train)
    for size in (params.small_batch, n):
        by_epochs = params.epochs * math.ceil(n / size)
        for case, updates in (("equal epochs", by_epochs), ("equal steps", params.steps)):
            yield Progress("trainings", 0, 1)
            torch.manual_seed(seed)
            network = perceptron((data.features, params.width, data.classes))
            optimizer = torch.optim.SGD(network.parameters(), params.lr, momentum=0.9)
            for chosen in batches(n, size, updates, torch.Generator().manual_seed(seed)):
                optimizer.zero_grad()
                torch.nn.functional.cross_entropy(
                    network(data.train.inputs[chosen]), data.train.labels[chosen]
                ).backward()
                optimizer.step()
            right = accuracy(network, data.test.inputs, data.test.labels)
            yield Row(part="accuracy", case=case, batch_size=size, updates=updates, test_accuracy=right)


def losses_of_networks_are_not_convex(rows: Sequence[Row]) -> Comparison:
    """Error: how far the smallest eigenvalue is above 0; softmax regression, which is convex, must not go below."""

    def errors(case: str) -> list[float]:
        chosen = [row for row in rows if row.part == "curvature" and row.case == case]
        return [float(row.smallest_curvature >= -1e-10) for row in chosen]

    return theorem(errors("network with a hidden layer"), control=errors("softmax regression"))


def permuted_units_are_another_equal_minimum(rows: Sequence[Row]) -> Comparison:
    chosen = [row for row in rows if row.part == "symmetry"]
    return theorem(
        [row.loss_difference for row in chosen],
        tolerance=1e-13,
        control=[row.control_difference for row in chosen],
    )


def gradient_noise_falls_as_one_over_the_batch(rows: Sequence[Row]) -> Comparison:
    chosen = [row for row in rows if row.case == "with replacement"]
    full = max(row.batch_size for row in chosen)
    return _power(chosen, "noise", -1.0, 0.05, full)


def all_images_at_once_have_no_noise(rows: Sequence[Row]) -> Comparison:
    """Relative to the noise of a batch of one, which is the control."""
    chosen = [row for row in rows if row.case == "without replacement"]
    full = max(row.batch_size for row in chosen)
    single = {row.seed: row.noise_in_theory for row in chosen if row.batch_size == min(r.batch_size for r in chosen)}
    errors = {
        all_at_once: [row.noise / single[row.seed] for row in chosen if (row.batch_size == full) == all_at_once]
        for all_at_once in (True, False)
    }
    return theorem(errors[True], tolerance=1e-25, control=errors[False])


def noise_leaves_saddles(rows: Sequence[Row]) -> Comparison:
    """Left in every repetition: a theorem whose control is the exact start, which stays."""

    def stays(case: str) -> list[float]:
        return [1 - row.escaped for row in rows if row.part == "saddle" and row.case == case]

    exact = stays("exact start, no noise")
    return conditional(
        {
            case: theorem(stays(case), control=exact)
            for case in ("exact start, noise 1e-3", "start off by 1e-8, no noise", "exact start, no noise")
        }
    )


def small_batches_leave_local_wells(rows: Sequence[Row]) -> Comparison:
    chosen = [row for row in rows if row.part == "well" and row.case == "from the local well"]
    sizes = sorted({row.batch_size for row in chosen if row.batch_size < INFINITY})
    return order(sizes, _per_seed(chosen, sizes, "left_start"), direction="falling")


def noise_finds_the_global_minimum(rows: Sequence[Row]) -> Comparison:
    """At least 95 % of runs end in the global basin; and, at the noisiest, they end near its minimum."""

    def share(size: float, case: str) -> Comparison:
        ended = by_seed(rows, lambda row: row.in_global_basin, lambda row: row.batch_size == size and row.case == case)
        return effect(ended, dict.fromkeys(ended, 0.95), delta=0.0)

    sizes = sorted({row.batch_size for row in rows if row.part == "well" and row.batch_size < INFINITY})
    parts = {f"from the local well, batch {size:g}": share(size, "from the local well") for size in sizes}
    parts[f"from the global well, batch {sizes[0]:g}"] = share(sizes[0], "from the global well")
    return conditional(parts)


def activations_grow_with_the_batch(rows: Sequence[Row]) -> Comparison:
    return _power([row for row in rows if row.part == "memory"], "activation_kilobytes", 1.0, 0.05, INFINITY)


def small_batches_generalize_better(rows: Sequence[Row]) -> Comparison:
    sizes = sorted({row.batch_size for row in rows if row.part == "accuracy"})

    def accuracies(size: float, case: str) -> dict[int, float]:
        return by_seed(
            rows,
            lambda row: row.test_accuracy,
            lambda row: row.part == "accuracy" and (row.batch_size, row.case) == (size, case),
        )

    return conditional(
        {
            case: effect(accuracies(sizes[0], case), accuracies(sizes[-1], case), delta=0.01)
            for case in ("equal epochs", "equal steps")
        }
    )


def _power(rows: Sequence[Row], column: str, theory: float, tolerance: float, below: float) -> Comparison:
    sizes = sorted({row.batch_size for row in rows if row.batch_size < below})
    return slope(sizes, _per_seed(rows, sizes, column), theory=theory, tolerance=tolerance)


def _per_seed(rows: Sequence[Row], sizes: Sequence[float], column: str) -> dict[int, list[float]]:
    values = {(row.seed, row.batch_size): float(getattr(row, column)) for row in rows}
    return {seed: [values[seed, size] for size in sizes] for seed in sorted({row.seed for row in rows})}


EXPERIMENT = Experiment(
    params=Params,
    row=Row,
    run=run,
    claims=(
        Claim(
            statement="The loss of a network with a hidden layer is not convex.",
            notes="Non-convex losses (002:78-79)",
            kind="theorem",
            rule="An eigenvalue of the Hessian below -1e-10 at every random point; softmax regression must have none.",
            predicted="holds",
            judge=losses_of_networks_are_not_convex,
        ),
        Claim(
            statement="Permuting hidden units gives other weights of equal loss: h! equal minima for each one.",
            notes="Many minima (002:79)",
            kind="theorem",
            rule="Relative difference of the loss <= 1e-13; permuting the first layer alone must change it.",
            predicted="holds",
            judge=permuted_units_are_another_equal_minimum,
        ),
        Claim(
            statement="The variance of a batch's gradient falls as 1 / batch size, drawn with replacement.",
            notes="Noisy gradients (002:82)",
            kind="slope",
            rule="Exponent of the trace of the covariance over the batch size is -1 +- 0.05.",
            predicted="holds",
            judge=gradient_noise_falls_as_one_over_the_batch,
        ),
        Claim(
            statement="A batch of all images, drawn without replacement, has no noise.",
            notes="Noisy gradients (002:82)",
            kind="theorem",
            rule="Noise / that of the smallest batch <= 1e-25, rounding alone; smaller batches must exceed it.",
            predicted="holds",
            judge=all_images_at_once_have_no_noise,
        ),
        Claim(
            statement="Descent leaves a saddle.",
            notes="Saddles (002:81)",
            kind="conditional",
            rule="Left in every repetition: with noise; without, from a start off by 1e-8 and from the exact one.",
            predicted="conditional",
            judge=noise_leaves_saddles,
        ),
        Claim(
            statement="The smaller the batch, the more runs leave the local well.",
            notes="Batches leave local minima (002:80)",
            kind="order",
            rule="Share of runs that end in the other well falls along the batch size.",
            predicted="holds",
            judge=small_batches_leave_local_wells,
        ),
        Claim(
            statement="The noise of batches finds the global minimum.",
            notes="Batches find the global minimum (002:80)",
            kind="conditional",
            rule="Per batch size: over 95 % of runs end in the global basin, also from the global well itself.",
            predicted="refuted",
            judge=noise_finds_the_global_minimum,
        ),
        Claim(
            statement="Bytes kept for the backward pass grow in proportion to the batch.",
            notes="Mini-batches save memory (002:80)",
            kind="slope",
            rule="Exponent of bytes of saved activations over the batch size is 1 +- 0.05.",
            predicted="holds",
            judge=activations_grow_with_the_batch,
        ),
        Claim(
            statement="Small batches generalize better by at least a point.",
            notes="Mini-batches (002:80-82)",
            kind="conditional",
            rule="Paired difference of test accuracy, small minus full batch, > 0.01: at equal epochs, at equal steps.",
            predicted="conditional",
            judge=small_batches_generalize_better,
        ),
    ),
    tables=(
        Table(
            title="Gradient noise",
            by=("case", "batch_size"),
            columns=("noise", "noise_in_theory"),
            where=lambda row: row.part == "noise",
        ),
        Table(
            title="Saddle",
            by=("case",),
            columns=("escaped", "escape_steps", "escape_steps_in_theory"),
            where=lambda row: row.part == "saddle",
        ),
        Table(
            title="Double well",
            by=("case", "batch_size"),
            columns=("left_start", "in_global_basin", "excess_loss"),
            where=lambda row: row.part == "well",
        ),
        Table(
            title="Memory of one step",
            by=("batch_size",),
            columns=("activation_kilobytes", "parameter_kilobytes"),
            where=lambda row: row.part == "memory",
        ),
        Table(
            title="Accuracy",
            by=("case", "batch_size"),
            columns=("updates", "test_accuracy"),
            where=lambda row: row.part == "accuracy",
        ),
        Table(
            title="Curvature",
            by=("case",),
            columns=("smallest_curvature",),
            where=lambda row: row.part == "curvature",
        ),
    ),
    curves=(
        Curve(
            name="noise",
            x="batch_size",
            y="noise",
            group="case",
            x_scale="log",
            y_scale="log",
            where=lambda row: row.part == "noise" and row.noise > 1e-20,
        ),
        Curve(
            name="escape",
            x="batch_size",
            y="left_start",
            group="case",
            x_scale="log",
            where=lambda row: row.part == "well" and row.batch_size < INFINITY,
        ),
    ),
)
