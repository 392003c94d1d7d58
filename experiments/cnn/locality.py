"""Can networks of local kernels use what lies far away, and does attention do so more easily?

Two far positions of a sequence are marked, and the question, whether they carry the same symbol, is answered at the
first. Every network is trained at the same learning rates; the one of highest validation accuracy counts.

Notes: local kernels cannot capture global context (004:62).
Source: Dosovitskiy et al.: An Image is Worth 16x16 Words, 2021; Raghu et al.: Do Vision Transformers See Like
Convolutional Neural Networks?, 2021; Yu, Koltun: Multi-Scale Context Aggregation by Dilated Convolutions, 2016.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass as parameters

from experiments.lab.errors import InputError
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
    ratio,
    theorem,
    unavailable,
    undecided,
)

if TYPE_CHECKING:
    from experiments.cnn.core.locality_networks import Plan

ModelName = Literal["conv", "dilated", "conv_gap", "large_kernel", "attention"]
NAN = float("nan")
CHANCE = 0.5
SPREAD = 3
"""Distances of the markers, from length - SPREAD to length - 1."""


@parameters(frozen=True, kw_only=True, config=CHECKED)
class Params:
    length: Annotated[int, Field(ge=6, le=256)] = 8
    """Positions of a sequence; the markers are length - 3 to length - 1 apart."""
    models: tuple[ModelName, ...] = ("conv", "dilated", "conv_gap", "large_kernel", "attention")
    """conv: 3 taps at each of the depths; dilated: 3 taps, dilations 1, 2, 4, ... until the end is in reach; conv_gap:
    the shallowest conv and the mean over positions; large_kernel: one kernel over all positions; attention: two
    layers."""
    depth: tuple[Annotated[int, Field(ge=1, le=64)], ...] = (3, 8)
    """Layers of the convolutional networks; one reaches as many positions to each side."""
    width: Annotated[int, Field(ge=4, le=512)] = 16
    """Channels; attention takes the width that gives it the multiply-adds of the deepest conv."""
    symbols: Annotated[int, Field(ge=2, le=64)] = 2
    """Symbols that a marker can carry."""
    steps: Annotated[int, Field(ge=1, le=1_000_000)] = 20
    """Largest number of training steps; training stops at a validation accuracy of 0.95."""
    batch_size: Annotated[int, Field(ge=2, le=4096, multiple_of=2)] = 64
    """Sequences in a step, half of them with equal symbols."""
    lrs: tuple[Annotated[float, Field(gt=0, le=1)], ...] = (7e-4, 2e-3, 6e-3)
    """Learning rates of Adam, the same grid for every model."""


@dataclass(frozen=True, kw_only=True)
class Row(LabRow):
    model: str
    lr: float
    reach: float
    """Positions to one side that an output can see."""
    sees: bool
    """Whether the reach is at least the smallest distance of the markers."""
    width: int
    macs: int
    """Multiply-adds of one sequence between embedding and head."""
    validation_accuracy: float
    test_accuracy: float
    steps_to_solve: int
    """Steps to a validation accuracy of 0.95; all steps where it was not reached."""
    solved: bool
    diverged: bool
    far_gradient: float
    """Largest gradient of the answer by the far marker."""
    near_gradient: float


def run(params: Params, seed: int) -> Iterator[Event]:
    from experiments.cnn.core.locality_networks import body_macs
    from experiments.cnn.core.locality_task import Recipe, Task, train
    from experiments.foundation.networks.timing import reproducible

    if len(set(params.lrs)) < len(params.lrs):
        raise InputError(f"expected different learning rates, got lrs={list(params.lrs)}")
    task = Task(params.length, params.length - SPREAD, params.symbols)
    recipe = Recipe(steps=params.steps, batch_size=params.batch_size)
    jobs = [(plan, lr) for plan in _plans(params) for lr in params.lrs]
    for done, (plan, lr) in enumerate(jobs):
        yield Progress(plan.name, done, len(jobs))
        with reproducible(seed):
            found = train(plan, task, recipe, lr, seed)
        reach = math.inf if plan.reach is None else plan.reach
        yield Row(
            model=plan.name,
            lr=lr,
            reach=min(reach, params.length),
            sees=reach >= task.far,
            width=plan.width,
            macs=body_macs(plan),
            validation_accuracy=found.validation_accuracy,
            test_accuracy=found.test_accuracy,
            steps_to_solve=found.steps_to_solve,
            solved=found.solved,
            diverged=found.diverged,
            far_gradient=found.far_gradient,
            near_gradient=found.near_gradient,
        )


def _plans(params: Params) -> list[Plan]:
    """Every network that is asked for."""
    from experiments.cnn.core.locality_networks import Plan, matched_attention

    width, length = params.width, params.length
    depths = sorted(set(params.depth))
    deepest = Plan("conv", depths[-1], width, length)
    plans = {
        "conv": [Plan("conv", depth, width, length) for depth in depths],
        "dilated": [Plan("dilated", math.ceil(math.log2(length)), width, length)],
        "conv_gap": [Plan("conv_gap", depths[0], width, length)],
        "large_kernel": [Plan("large_kernel", 1, width, length)],
        "attention": [matched_attention(deepest)],
    }
    return [plan for model in dict.fromkeys(params.models) for plan in plans[model]]


def blind_networks_are_at_chance(rows: Sequence[Row]) -> Comparison:
    """Gradient by the far marker, and distance of the accuracy from 1/2; the control are networks that see it."""
    blind, seeing = ([row for row in rows if row.sees == sees] for sees in (False, True))
    if not blind or not seeing:
        return unavailable("theorem", "it needs one network that reaches the far marker and one that does not")
    return theorem(
        [max(row.far_gradient, abs(row.test_accuracy - CHANCE)) for row in blind],
        control=[max(row.far_gradient, abs(row.test_accuracy - CHANCE)) for row in seeing],
    )


def local_kernels_cannot_use_the_far_marker(rows: Sequence[Row]) -> Comparison:
    models = dict.fromkeys(row.model for row in rows if row.model != "attention")
    return conditional({model: _at_chance(_tuned(rows, model), rows) for model in models})


def _at_chance(tuned: Sequence[Row], rows: Sequence[Row]) -> Comparison:
    """Test accuracy within 0.05 of chance; undecided where a better rate may lie beyond the grid.

    A network that is blind, or that has solved the task, has nothing to gain from other rates.
    """
    settled = not tuned[0].sees or all(row.solved for row in tuned)
    if not settled and edge_of_grid({row.lr for row in rows}, tuned[0].lr):
        return undecided("equivalence", f"best learning rate {tuned[0].lr:g} at the edge of its grid")
    accuracy = by_seed(tuned, lambda row: row.test_accuracy)
    return equivalence(accuracy, dict.fromkeys(accuracy, CHANCE), margin=0.05)


def attention_solves_it(rows: Sequence[Row]) -> Comparison:
    tuned = _tuned(rows, "attention")
    if not tuned:
        return unavailable("effect", "no attention among the models")
    accuracy = by_seed(tuned, lambda row: row.test_accuracy)
    return effect(accuracy, dict.fromkeys(accuracy, CHANCE), delta=0.45)


def attention_needs_fewer_steps(rows: Sequence[Row]) -> Comparison:
    """Steps of the deepest conv over those of attention, which has no more multiply-adds, each at its fastest rate.

    A better rate may lie beyond the edge of a grid and would only need fewer steps, so the slower network has to be at
    its best inside the grid. Where a network did not get there, its steps are a lower bound.
    """
    stacks = [row for row in rows if row.model.startswith("conv,") and row.sees]
    if not stacks or not _tuned(rows, "attention"):
        return unavailable("effect", "it needs attention and a conv that reaches the far marker")
    deepest = max(stacks, key=lambda row: row.macs).model
    conv, attention = _tuned(rows, deepest), _tuned(rows, "attention")
    if attention[0].macs > conv[0].macs:
        return unavailable("effect", "the deepest conv has fewer multiply-adds than the narrowest attention")
    slow, fast = (by_seed(tuned, lambda row: row.steps_to_solve) for tuned in (conv, attention))
    limiting = conv if sum(slow.values()) > sum(fast.values()) else attention
    if edge_of_grid({row.lr for row in rows}, limiting[0].lr):
        return undecided("effect", f"{limiting[0].model} is fastest at {limiting[0].lr:g}, the edge of its grid")
    return ratio(slow, fast, at_least=1.0)


def _tuned(rows: Sequence[Row], model: str) -> list[Row]:
    """The rows of a model at its learning rate of highest mean validation accuracy; of equal ones the fastest."""
    own = [row for row in rows if row.model == model]
    by_rate = {lr: [row for row in own if row.lr == lr] for lr in {row.lr for row in own}}

    def merit(lr: float) -> tuple[float, float]:
        tried = by_rate[lr]
        accuracy = sum(1.0 if row.solved else row.validation_accuracy for row in tried) / len(tried)
        return accuracy, -sum(row.steps_to_solve for row in tried) / len(tried)

    return by_rate[max(by_rate, key=merit)] if by_rate else []


EXPERIMENT = Experiment(
    params=Params,
    row=Row,
    run=run,
    claims=(
        Claim(
            statement="A network whose reach is below the distance does not depend on the far marker and is at chance.",
            notes="Local kernels and global context (004:62)",
            kind="theorem",
            rule="Gradient by the far marker exactly 0 and test accuracy exactly 1/2 at every rate; networks that see "
            "it must differ.",
            predicted="holds",
            judge=blind_networks_are_at_chance,
        ),
        Claim(
            statement="Networks of local kernels cannot use the far marker.",
            notes="Local kernels cannot capture global context (004:62)",
            kind="conditional",
            rule="Per network: test accuracy within 0.05 of 1/2, paired over seeds.",
            predicted="conditional",
            judge=local_kernels_cannot_use_the_far_marker,
        ),
        Claim(
            statement="Two layers of attention solve the task.",
            notes="Local kernels cannot capture global context (004:62)",
            kind="effect",
            rule="Test accuracy - 1/2 > 0.45 over seeds.",
            predicted="holds",
            judge=attention_solves_it,
        ),
        Claim(
            statement="At equal FLOPs attention solves it in fewer steps than the deep stack of convolutions.",
            notes="Local kernels cannot capture global context (004:62)",
            kind="effect",
            rule="Steps to a validation accuracy of 0.95, deepest conv / attention > 1, paired over seeds, each at its "
            "fastest rate.",
            predicted="holds",
            judge=attention_needs_fewer_steps,
        ),
    ),
    tables=(
        Table(
            title="Do two far markers agree? Chance is 0.5",
            by=("model", "lr"),
            columns=("reach", "test_accuracy", "steps_to_solve", "far_gradient", "macs"),
        ),
    ),
    curves=(Curve(name="accuracy_by_rate", x="lr", y="test_accuracy", group="model", x_scale="log"),),
)
