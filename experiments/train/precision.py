"""What do 16-bit numbers lose in training, what brings it back, and what do they save?

Formats and lost updates, gradients that underflow and their rescue by loss scaling, one network trained in every
format from the same weights, and the price of operations on this device.

Notes: mixed-precision training (000:31-33).
Source: Micikevicius et al., Mixed Precision Training, https://arxiv.org/abs/1710.03740, 2018.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import chain
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass as parameters

from experiments.foundation.networks.choices import DeviceName
from experiments.lab.experiment import CHECKED, Curve, Event, Experiment, Note, Progress, Table
from experiments.lab.experiment import Row as LabRow
from experiments.lab.judge.claims import Claim, Comparison, by_seed, conditional, equivalence, fact, ratio, theorem
from experiments.train.core.precision_observation import Observation

if TYPE_CHECKING:
    from experiments.train.core.precision_arms import Arm
    from experiments.train.splits import Splits

ARMS = (
    ("fp32", "mixed"),
    ("bf16", "mixed"),
    ("fp16", "mixed"),
    ("fp16", "master"),
    ("bf16", "true"),
    ("fp16", "true"),
)


@parameters(frozen=True, kw_only=True, config=CHECKED)
class Params:
    dataset: Literal["digits", "fashion", "mnist"] = "digits"
    """Images for the accuracies."""
    device: DeviceName = "cpu"
    """Where operations are timed; everything else is computed on the CPU."""
    train_images: Annotated[int, Field(ge=10, le=60_000)] = 200
    """Training images; as many others are tested on."""
    width: Annotated[int, Field(ge=1, le=1024)] = 32
    """Hidden units of the network."""
    steps: Annotated[int, Field(ge=1, le=100_000)] = 20
    """Updates of each training."""
    batch_size: Annotated[int, Field(ge=1, le=4096)] = 64
    """Images per update."""
    lr: Annotated[float, Field(gt=0, le=10)] = 0.05
    """Learning rate of SGD with momentum 0.9; Adam's is a thirtieth of it."""
    updates: Annotated[int, Field(ge=1, le=100_000)] = 200
    """Small updates of one weight."""
    weights: Annotated[int, Field(ge=1, le=10_000)] = 10
    """Random weights that are updated, and random gradients through the scaler."""
    loss_factor: Annotated[float, Field(gt=0, le=1)] = 1e-7
    """Factor that makes the loss, and so all gradients, small."""
    scale_exponents: tuple[Annotated[int, Field(ge=0, le=30)], ...] = (0, 8, 16, 24)
    """Loss scales 2^k for the share of gradients that underflow."""
    rescue_steps: Annotated[int, Field(ge=1, le=10_000)] = 30
    """Updates of the training with the small loss."""
    cost_size: Annotated[int, Field(ge=8, le=8192)] = 64
    """Rows and columns of the matrices that are timed."""
    rounds: Annotated[int, Field(ge=1, le=1000)] = 3
    """Repetitions of every timed operation; the median counts."""


@dataclass(frozen=True, kw_only=True)
class Row(LabRow, Observation):
    """One measurement of a number format."""


def run(params: Params, seed: int) -> Iterator[Event]:
    import torch

    from experiments.foundation.networks.device import device_title, resolve_device
    from experiments.train.core import precision_probes as probes
    from experiments.train.splits import split_images

    device = resolve_device(params.device)
    data = split_images(params.dataset, seed, train=params.train_images, test=params.train_images)
    yield Note(f"operations are timed on {device_title(device)}, forward and backward")
    torch.manual_seed(seed)
    for observation in chain(
        probes.formats_observed(),
        probes.updates_observed(params.weights, params.updates),
        probes.gradients_observed(params.loss_factor, params.scale_exponents, params.weights),
        probes.rescues_observed(params.loss_factor, params.rescue_steps, seed),
        probes.costs_observed(device, params.cost_size, params.rounds),
    ):
        yield Row(**asdict(observation))
    yield from accuracy_rows(params, data, seed)


def accuracy_rows(params: Params, data: Splits, seed: int) -> Iterator[Event]:
    import torch

    from experiments.train.core.perceptron import perceptron
    from experiments.train.core.precision_arms import Arm, train_in

    torch.manual_seed(seed)
    initial = perceptron((data.features, params.width, params.width, data.classes))
    arms: list[Arm] = [
        Arm(type_name=name, mode=mode, optimizer=optimizer) for optimizer in ("sgd", "adam") for name, mode in ARMS
    ]
    for number, arm in enumerate(arms):
        yield Progress("trainings", number, len(arms))
        outcome = train_in(
            arm,
            initial,
            (data.train.inputs, data.train.labels),
            (data.test.inputs, data.test.labels),
            lr=params.lr,
            batch_size=params.batch_size,
            steps=params.steps,
            seed=seed,
        )
        yield Row(
            part="accuracy",
            case=arm.optimizer,
            number_format=arm.name,
            final_loss=outcome.final_loss,
            test_accuracy=outcome.test_accuracy,
            diverged=float(outcome.diverged),
        )


def formats_are_what_their_bits_say(rows: Sequence[Row]) -> Comparison:
    limits = {(row.number_format, row.eps, row.largest, row.smallest) for row in rows if row.part == "format"}
    expected = {
        ("fp32", 2.0**-23, (2 - 2.0**-23) * 2.0**127, 2.0**-149),
        ("fp16", 2.0**-10, 65504.0, 2.0**-24),
        ("bf16", 2.0**-7, (2 - 2.0**-7) * 2.0**127, 2.0**-133),
    }
    agree = all(row.torch_agrees for row in rows if row.part == "format")
    return fact(sorted(limits) if agree else "torch.finfo differs", sorted(expected))


def small_updates_are_lost_without_a_master_copy(rows: Sequence[Row]) -> Comparison:
    """0 where the 16-bit weight stays and its float32 copy goes the exact way."""

    def error(row: Row) -> float:
        return float(row.moved != 0 or abs(row.moved_with_master - 1) > 0.01)

    updates = [row for row in rows if row.part == "update"]
    return theorem(
        [error(row) for row in updates if row.case == "below eps / 4"],
        control=[error(row) for row in updates if row.case == "above eps / 2"],
    )


def gradients_below_half_the_smallest_number_vanish(rows: Sequence[Row]) -> Comparison:
    tiny = [row for row in rows if row.part == "underflow" and row.case == "below 2^-25"]
    return theorem(
        [1 - row.share for row in tiny if row.number_format == "fp16"],
        control=[1 - row.share for row in tiny if row.number_format == "bf16"],
    )


def a_power_of_two_cancels_exactly(rows: Sequence[Row]) -> Comparison:
    errors = [row for row in rows if row.part == "exactness"]
    return theorem(
        [row.gradient_error for row in errors if row.case == "power of two"],
        control=[row.gradient_error for row in errors if row.case != "power of two"],
    )


def sixteen_bits_reach_the_accuracy_of_float32(rows: Sequence[Row]) -> Comparison:
    def accuracies(name: str, optimizer: str) -> dict[int, float]:
        return by_seed(
            rows,
            lambda row: row.test_accuracy,
            lambda row: row.part == "accuracy" and (row.number_format, row.case) == (name, optimizer),
        )

    arms = (("bf16-mixed", "sgd"), ("fp16-mixed", "sgd"), ("fp16-true", "sgd"), ("fp16-true", "adam"))
    return conditional(
        {
            f"{name}, {optimizer}": equivalence(
                accuracies(name, optimizer), accuracies("fp32", optimizer), margin=0.003
            )
            for name, optimizer in arms
        }
    )


def the_scaler_skips_overflow_and_halves(rows: Sequence[Row]) -> Comparison:
    def errors(case: str) -> list[float]:
        steps = [row for row in rows if row.part == "scaler" and row.case == case]
        return [float(not (row.skipped == 1 and row.scale_factor == 0.5)) for row in steps]

    return theorem(errors("overflow"), control=errors("finite"))


def sixteen_bits_are_cheaper(rows: Sequence[Row]) -> Comparison:
    def costs(part: str, case: str, name: str) -> dict[int, float]:
        return by_seed(
            rows,
            lambda row: row.milliseconds if part == "operation" else row.kilobytes,
            lambda row: (row.part, row.case, row.number_format) == (part, case, name),
        )

    def saving(part: str, case: str, name: str) -> Comparison:
        suffix = "-mixed" if part == "bytes" else ""
        return ratio(costs(part, case, f"fp32{suffix}"), costs(part, case, f"{name}{suffix}"), at_least=1.2)

    return conditional(
        {
            "time of a bf16 matrix product": saving("operation", "matrix product", "bf16"),
            "time of an fp16 matrix product": saving("operation", "matrix product", "fp16"),
            "bytes of saved activations, bf16 mixed": saving("bytes", "saved activations", "bf16"),
            "bytes of weights and gradients, bf16 mixed": saving("bytes", "weights and gradients", "bf16"),
        }
    )


EXPERIMENT = Experiment(
    params=Params,
    row=Row,
    run=run,
    claims=(
        Claim(
            statement="fp16 has eps 2^-10 and ends at 65504 and 2^-24; bf16 has eps 2^-7 and float32's range.",
            notes="Number formats of mixed precision (000:31)",
            kind="fact",
            rule="Limits computed from the bits, and those of torch.finfo, equal the stated ones.",
            predicted="holds",
            judge=formats_are_what_their_bits_say,
        ),
        Claim(
            statement="Updates below eps / 4 of a 16-bit weight are lost; a float32 master copy keeps them.",
            notes="Master weights (000:32)",
            kind="theorem",
            rule=(
                "Weight unmoved and master within 1 % of the exact way in every instance; updates above eps / 2 must "
                "move the weight."
            ),
            predicted="holds",
            judge=small_updates_are_lost_without_a_master_copy,
        ),
        Claim(
            statement="Gradients below 2^-25, half the smallest fp16 number, become 0 in fp16.",
            notes="Loss scaling (000:32)",
            kind="theorem",
            rule="Every random number in (2^-30, 2^-25) rounds to 0; in bf16 they must not.",
            predicted="holds",
            judge=gradients_below_half_the_smallest_number_vanish,
        ),
        Claim(
            statement="Scaling the loss by 2^k and dividing the gradient by 2^k changes no bit of it in float32.",
            notes="Loss scaling (000:32)",
            kind="theorem",
            rule="Largest relative difference over all gradients = 0 for every k; a scale of 1.1 * 2^k must differ.",
            predicted="holds",
            judge=a_power_of_two_cancels_exactly,
        ),
        Claim(
            statement="Training in 16 bits reaches float32's test accuracy within 0.3 points.",
            notes="Mixed precision (000:31-33)",
            kind="conditional",
            rule=(
                "Per format and optimizer: paired difference of test accuracy inside +-0.003; a diverged network "
                "counts as guessing."
            ),
            predicted="conditional",
            judge=sixteen_bits_reach_the_accuracy_of_float32,
        ),
        Claim(
            statement="On an infinite gradient the loss scaler skips the step and halves its scale.",
            notes="Loss scaling (000:32)",
            kind="theorem",
            rule="Weights unchanged and scale halved in every instance; finite gradients must not do so.",
            predicted="holds",
            judge=the_scaler_skips_overflow_and_halves,
        ),
        Claim(
            statement="16 bits save at least a sixth of time and memory.",
            notes="Mixed precision (000:31)",
            kind="conditional",
            rule="Per resource: paired ratio of float32 to 16 bits > 1.2, on the device named in the notes.",
            predicted="conditional",
            judge=sixteen_bits_are_cheaper,
        ),
    ),
    tables=(
        Table(
            title="Number formats",
            by=("number_format",),
            columns=("eps", "largest", "smallest", "square_sum"),
            where=lambda row: row.part == "format",
        ),
        Table(
            title="One weight, many small updates: way gone / exact way",
            by=("number_format", "case"),
            columns=("relative_update", "moved", "moved_with_master"),
            where=lambda row: row.part == "update",
        ),
        Table(
            title="Gradients of a small loss in fp16, by loss scale 2^k",
            by=("exponent",),
            columns=("share", "gradient_error"),
            where=lambda row: row.part == "underflow" and row.case == "network",
        ),
        Table(
            title="Training on a small loss",
            by=("number_format",),
            columns=("final_loss",),
            where=lambda row: row.part == "rescue",
        ),
        Table(
            title="Accuracy",
            by=("case", "number_format"),
            columns=("test_accuracy", "diverged"),
            where=lambda row: row.part == "accuracy",
        ),
        Table(
            title="Forward and backward",
            by=("case", "number_format"),
            columns=("milliseconds",),
            where=lambda row: row.part == "operation",
        ),
        Table(
            title="Memory",
            by=("case", "number_format"),
            columns=("kilobytes",),
            where=lambda row: row.part == "bytes",
        ),
    ),
    curves=(
        Curve(name="gradient_exponents", x="exponent", y="share", where=lambda row: row.part == "exponent"),
        Curve(
            name="underflow",
            x="exponent",
            y="share",
            where=lambda row: row.part == "underflow" and row.case == "network",
        ),
    ),
)
