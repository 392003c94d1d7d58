"""Can the operation that makes the first NaN or infinity of a training be named, and at what price?

Faults with a known origin are put into networks in training; a cheap check on every step and a replay of the bad one
have to name step, module, operation, direction and kind, beside forward hooks and torch's anomaly detection.

Notes: NaN and Inf, locating NaN with PyTorch (000:26-27).
Source: PyTorch, torch.autograd.detect_anomaly and torch.utils._python_dispatch, documentation of version 2.13.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass as parameters

from experiments.lab.experiment import CHECKED, Curve, Event, Experiment, Progress, Table
from experiments.lab.experiment import Row as LabRow
from experiments.lab.judge.claims import Claim, Comparison, by_seed, conditional, proportion, ratio, theorem

if TYPE_CHECKING:
    import torch

NAN = float("nan")
FaultName = Literal[
    "log0",
    "div0",
    "sqrt0_grad",
    "exp_overflow",
    "fp16_overflow",
    "bad_input",
    "lr",
    "inf_minus_inf",
    "where_grad",
]


@parameters(frozen=True, kw_only=True, config=CHECKED)
class Params:
    dataset: Literal["digits", "fashion", "mnist"] = "digits"
    """Images to train on."""
    faults: Annotated[tuple[FaultName, ...], Field(min_length=1)] = (
        "log0",
        "div0",
        "sqrt0_grad",
        "exp_overflow",
        "fp16_overflow",
        "bad_input",
        "lr",
        "inf_minus_inf",
        "where_grad",
    )
    """Kinds of faults, tried in turns: the operation that fails, a broken batch, or an update too large."""
    trials: Annotated[int, Field(ge=1, le=10_000)] = 18
    """Faults per seed, each at a random step and in a random layer."""
    steps: Annotated[int, Field(ge=2, le=1000)] = 5
    """Updates of one training; the fault comes at one of them but the first."""
    width: Annotated[int, Field(ge=1, le=4096)] = 16
    """Units per hidden layer."""
    depth: Annotated[int, Field(ge=2, le=100)] = 4
    """Hidden layers."""
    batch_size: Annotated[int, Field(ge=2, le=4096)] = 32
    """Images per update."""
    lr: Annotated[float, Field(gt=0, le=10)] = 0.1
    """Learning rate of the healthy updates."""
    healthy_steps: Annotated[int, Field(ge=1, le=10_000)] = 3
    """Updates of every healthy network, all of them traced."""
    cost_depth: Annotated[int, Field(ge=1, le=200)] = 4
    """Hidden layers of the network on which the price is measured."""
    cost_width: Annotated[int, Field(ge=1, le=4096)] = 64
    """Its units per layer."""
    rounds: Annotated[int, Field(ge=1, le=10_000)] = 3
    """Steps timed of every way to look; the median counts."""


@dataclass(frozen=True, kw_only=True)
class Row(LabRow):
    part: str
    """fault, healthy, where or price."""
    case: str
    """The fault, the healthy network or the function."""
    method: str
    named: float = NAN
    """1 if step, module, operation, direction and kind are all right."""
    step_right: float = NAN
    module_right: float = NAN
    operation_right: float = NAN
    direction_and_kind_right: float = NAN
    alarms: float = NAN
    """Healthy steps found fault with."""
    healthy_steps: float = NAN
    forward_finite: float = NAN
    """Share of the values of f that are finite."""
    gradient_finite: float = NAN
    step_milliseconds: float = NAN
    """Processor time of one forward and backward pass."""
    layers: float = NAN
    said: str = ""


def run(params: Params, seed: int) -> Iterator[Event]:
    import torch

    from experiments.foundation.datasets.images import load_images
    from experiments.train.core import nan_trials as trials
    from experiments.train.core.nan_baselines import double_where, healthy_networks, single_where

    data = load_images(params.dataset, seed=seed)
    inputs = torch.tensor(data.train_images.reshape(len(data.train_images), -1) / data.max_value, dtype=torch.float32)
    targets = torch.tensor(data.train_labels)
    torch.manual_seed(seed)
    for name, network in healthy_networks(inputs.shape[1], len(data.classes)).items():
        count = trials.alarms(
            network, inputs, targets, steps=params.healthy_steps, batch_size=params.batch_size, lr=params.lr
        )
        yield Row(part="healthy", case=name, method="watch and trace", alarms=count, healthy_steps=params.healthy_steps)
    for name, function in (("single where", single_where), ("double where", double_where)):
        values, gradients = trials.where_gradients(function, torch.rand(100).round() * torch.rand(100))
        finite = float(values.isfinite().float().mean()), float(gradients.isfinite().float().mean())
        yield Row(part="where", case=name, method="autograd", forward_finite=finite[0], gradient_finite=finite[1])
    yield from fault_rows(params, seed, inputs, targets)
    for depth in sorted({1, params.cost_depth}):
        seconds = trials.step_seconds(
            inputs, targets, width=params.cost_width, depth=depth, batch_size=params.batch_size, rounds=params.rounds
        )
        for method, of_method in seconds.items():
            yield Row(part="price", case="step", method=method, step_milliseconds=1e3 * of_method, layers=depth)


def fault_rows(params: Params, seed: int, inputs: torch.Tensor, targets: torch.Tensor) -> Iterator[Event]:
    import torch

    from experiments.train.core.faults import FAULTS, sample_trial
    from experiments.train.core.nan_trials import try_fault

    known = {fault.name: fault for fault in FAULTS}
    rng = torch.Generator().manual_seed(seed)
    for number in range(params.trials):
        fault = known[params.faults[number % len(params.faults)]]
        trial = sample_trial(fault, params.depth, params.steps, rng)
        yield Progress("faults", number, params.trials)
        for answer in try_fault(
            trial,
            inputs,
            targets,
            width=params.width,
            depth=params.depth,
            steps=params.steps,
            batch_size=params.batch_size,
            lr=params.lr,
        ):
            yield Row(
                part="fault",
                case=fault.name,
                method=answer.method,
                named=answer.right,
                step_right=answer.step,
                module_right=answer.module,
                operation_right=answer.operation,
                direction_and_kind_right=answer.direction and answer.kind,
                said=answer.sentence,
            )


def the_locator_names_the_origin(rows: Sequence[Row]) -> Comparison:
    named = [row.named for row in rows if row.part == "fault" and row.method == "watch and replay"]
    return proportion(int(sum(named)), len(named), at_least=0.95)


def nan_and_inf_forward_and_backward_are_told_apart(rows: Sequence[Row]) -> Comparison:
    missed = {
        method: [row for row in rows if row.part == "fault" and row.method == method]
        for method in ("watch and replay", "forward hooks")
    }
    wrong = next((row for row in missed["watch and replay"] if not row.direction_and_kind_right), None)
    return theorem(
        [1 - row.direction_and_kind_right for row in missed["watch and replay"]],
        control=[1 - row.direction_and_kind_right for row in missed["forward hooks"]],
        counterexample=None if wrong is None else f"{wrong.case}: {wrong.said}",
    )


def healthy_trainings_raise_no_alarm(rows: Sequence[Row]) -> Comparison:
    return theorem(
        [row.alarms for row in rows if row.part == "healthy"],
        control=[row.step_right for row in rows if row.part == "fault" and row.method == "watch and replay"],
    )


def where_leaves_nan_in_the_gradient(rows: Sequence[Row]) -> Comparison:
    """0 where values are finite and gradients are not; the same of the double where must fail."""

    def errors(case: str) -> list[float]:
        chosen = [row for row in rows if row.part == "where" and row.case == case]
        return [float(not (row.forward_finite == 1 and row.gradient_finite < 1)) for row in chosen]

    return theorem(errors("single where"), control=errors("double where"))


def watching_costs_less_than_anomaly_detection(rows: Sequence[Row]) -> Comparison:
    def seconds(method: str, layers: float) -> dict[int, float]:
        return by_seed(
            rows,
            lambda row: row.step_milliseconds,
            lambda row: row.part == "price" and row.method == method and row.layers == layers,
        )

    depths = sorted({row.layers for row in rows if row.part == "price"})
    return conditional(
        {
            f"{layers:g} hidden layers": ratio(
                seconds("detect_anomaly", layers), seconds("watch", layers), at_least=1.1
            )
            for layers in depths
        }
    )


EXPERIMENT = Experiment(
    params=Params,
    row=Row,
    run=run,
    claims=(
        Claim(
            statement="A check per step and a replay name step, module, operation, direction and kind of the fault.",
            notes="Locating NaN (000:26-27)",
            kind="proportion",
            rule="Share of injected faults named right in all five: holds iff the exact interval lies above 0.95.",
            predicted="holds",
            judge=the_locator_names_the_origin,
        ),
        Claim(
            statement="NaN is told from infinity, and a fault of the forward pass from one of the backward pass.",
            notes="NaN and Inf (000:26)",
            kind="theorem",
            rule="Direction and kind right in every fault; forward hooks, which see no gradient, must miss some.",
            predicted="holds",
            judge=nan_and_inf_forward_and_backward_are_told_apart,
        ),
        Claim(
            statement="Healthy training raises no alarm, though masked attention is full of -inf.",
            notes="Locating NaN (000:27)",
            kind="theorem",
            rule="No alarm at any step of any healthy network, every operation traced; the faults must alarm.",
            predicted="holds",
            judge=healthy_trainings_raise_no_alarm,
        ),
        Claim(
            statement="where(x > 0, sqrt(x), 0) is finite and its gradient at 0 is NaN; a second where mends it.",
            notes="NaN and Inf (000:26)",
            kind="theorem",
            rule="All values finite and some gradients not, in every instance; the double where must not be so.",
            predicted="holds",
            judge=where_leaves_nan_in_the_gradient,
        ),
        Claim(
            statement="A step under detect_anomaly takes at least 1.1 times as long as one under the watch.",
            notes="Locating NaN (000:27)",
            kind="conditional",
            rule="Paired ratio of the processor time of one step > 1.1, for a shallow and for a deep network.",
            predicted="holds",
            judge=watching_costs_less_than_anomaly_detection,
        ),
    ),
    tables=(
        Table(
            title="Who names the fault?",
            by=("case", "method"),
            columns=("named", "module_right", "operation_right", "direction_and_kind_right"),
            where=lambda row: row.part == "fault",
        ),
        Table(
            title="Healthy networks",
            by=("case",),
            columns=("alarms", "healthy_steps"),
            where=lambda row: row.part == "healthy",
        ),
        Table(
            title="A square root behind where",
            by=("case",),
            columns=("forward_finite", "gradient_finite"),
            where=lambda row: row.part == "where",
        ),
        Table(
            title="Price of looking",
            by=("layers", "method"),
            columns=("step_milliseconds",),
            where=lambda row: row.part == "price",
        ),
    ),
    curves=(
        Curve(
            name="price",
            x="layers",
            y="step_milliseconds",
            group="method",
            where=lambda row: row.part == "price",
        ),
    ),
)
