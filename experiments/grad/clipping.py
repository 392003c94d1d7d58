"""What does clipping do to gradients, where in the loop does it belong, and does it cure exploding gradients?

Statements about torch's functions on random gradients; gradient descent from a wall of the recurrent unit of
Pascanu et al.; a linear recurrent network whose gradients explode, trained with and without clipping at every learning
rate.

Notes: clipping by value and by norm (004:16-24); exploding gradients (002:184).
Source: Pascanu, Mikolov, Bengio: On the difficulty of training recurrent neural networks, ICML 2013.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Annotated

from pydantic import Field
from pydantic.dataclasses import dataclass as parameters

from experiments.foundation.statements.instances import NAN, InstanceRow, judge_instances, select
from experiments.lab.experiment import CHECKED, Curve, Event, Experiment, Heatmap, Table
from experiments.lab.judge.claims import (
    Claim,
    Comparison,
    by_seed,
    conditional,
    edge_of_grid,
    effect,
    fact,
    proportion,
    undecided,
)

LearningRate = Annotated[float, Field(gt=0, le=10)]


@parameters(frozen=True, kw_only=True, config=CHECKED)
class Params:
    trials: Annotated[int, Field(ge=1, le=10_000)] = 10
    """Random gradients on which every statement is tried."""
    limit: Annotated[float, Field(gt=0, le=1e6)] = 1.0
    """Largest norm, or largest magnitude where clipping by value, of a clipped gradient."""
    wall_lr: LearningRate = 0.1
    """Learning rate of the descent from the wall."""
    wall_steps: Annotated[int, Field(ge=1, le=10_000)] = 5
    """Steps of the descent from the wall."""
    gain: Annotated[float, Field(gt=0, le=3)] = 1.2
    """Every singular value of the recurrent matrix at the start; above 1 gradients explode."""
    length: Annotated[int, Field(ge=2, le=200)] = 10
    """Time steps of the recurrent network."""
    width: Annotated[int, Field(ge=1, le=128)] = 8
    """Hidden units."""
    steps: Annotated[int, Field(ge=1, le=10_000)] = 10
    """Training steps of the recurrent network."""
    lrs: Annotated[tuple[LearningRate, ...], Field(min_length=1)] = (1e-3, 1e-2)
    """Learning rates that both arms try."""


@dataclass(frozen=True, kw_only=True)
class Row(InstanceRow):
    lr: float = NAN
    step: int = 0
    loss: float = NAN
    """Before the step, on the wall."""
    final_loss: float = NAN
    """After the last step; that of the start where the run diverged."""
    largest_rise: float = NAN
    """Largest rise of the loss by one step: how far a step passes the minimum."""
    diverged: bool = False
    largest_gradient: float = NAN
    """Norm before clipping."""


def run(params: Params, seed: int) -> Iterator[Event]:
    import torch

    from experiments.grad.core import clipping

    yield Row(part="name", case="clip_grad_value", error=float(not hasattr(torch.nn.utils, "clip_grad_value")))
    yield Row(part="name", case="clip_grad_value_", error=float(not hasattr(torch.nn.utils, "clip_grad_value_")))
    rng = torch.Generator().manual_seed(seed)
    for _ in range(params.trials):
        trials = [*clipping.norm_trials(rng, params.limit), *clipping.place_trials(rng, params.limit)]
        yield from (Row(**asdict(trial)) for trial in (*trials, clipping.value_trial(rng, params.limit)))
    yield from _wall(params, seed)
    yield from _network(params, seed)


def _wall(params: Params, seed: int) -> Iterator[Event]:
    import numpy as np

    from experiments.grad.core.cliffs import descend_unit, loss_surface, steepest_start

    weights = [float(w) for w in np.linspace(4.5, 6.5, 21)]
    start = steepest_start(float(np.random.default_rng(seed).uniform(-3.4, -2.6)), weights)
    for case, limit in (("no clipping", None), ("clipped by norm", params.limit)):
        descent = descend_unit(start, params.wall_lr, params.wall_steps, limit)
        for step, loss in enumerate(descent.losses):
            last = step == len(descent.losses) - 1
            yield Row(
                part="wall",
                case=case,
                lr=params.wall_lr,
                step=step,
                loss=loss,
                final_loss=loss if last else NAN,
                largest_rise=descent.largest_rise if last else NAN,
                diverged=descent.diverged,
                largest_gradient=descent.largest_gradient if last else NAN,
            )
    if seed == 0:
        biases = [float(b) for b in np.linspace(-3.4, -2.2, 13)]
        yield Heatmap(
            name="wall",
            title="Loss of the recurrent unit: the wall",
            row_axis="bias",
            column_axis="weight",
            row_labels=tuple(f"{b:.1f}" for b in biases),
            column_labels=tuple(f"{w:.1f}" for w in weights),
            values=tuple(tuple(row) for row in loss_surface(weights, biases)),
        )


def _network(params: Params, seed: int) -> Iterator[Row]:
    from experiments.grad.core.cliffs import descend_network

    for case, limit in (("no clipping", None), ("clipped by norm", params.limit)):
        for lr in params.lrs:
            descent = descend_network(
                gain=params.gain,
                length=params.length,
                width=params.width,
                lr=lr,
                steps=params.steps,
                limit=limit,
                seed=seed,
            )
            yield Row(
                part="network",
                case=case,
                lr=lr,
                final_loss=descent.losses[0] if descent.diverged else descent.losses[-1],
                diverged=descent.diverged,
                largest_gradient=descent.largest_gradient,
            )


def torch_has_clip_grad_value(rows: Sequence[Row]) -> Comparison:
    return fact(all(row.error == 0 for row in rows if row.part == "name" and row.case == "clip_grad_value"), True)


def value_clipping_clamps_gradients(rows: Sequence[Row]) -> Comparison:
    return judge_instances(select(rows, "value"), 1e-12)


def norm_clipping_scales_by_one_total_norm(rows: Sequence[Row]) -> Comparison:
    return judge_instances(select(rows, "norm"), 1e-12)


def norm_clipping_keeps_the_direction(rows: Sequence[Row]) -> Comparison:
    return judge_instances(select(rows, "direction"), 1e-12)


def clipping_belongs_between_backward_and_step(rows: Sequence[Row]) -> Comparison:
    # 1e-6 in the denominator of the factor, relative to a norm of about 1e6
    return judge_instances(select(rows, "place"), 1e-6)


def clipping_descends_the_wall(rows: Sequence[Row]) -> Comparison:
    wall = [row for row in rows if row.part == "wall" and row.final_loss >= 0]
    plain, clipped = ([row for row in wall if row.case == case] for case in ("no clipping", "clipped by norm"))
    rises = (by_seed(arm, lambda row: row.largest_rise) for arm in (plain, clipped))
    ends = (by_seed(arm, lambda row: row.final_loss) for arm in (plain, clipped))
    return conditional({"rises less": effect(*rises, delta=0.01), "ends lower": effect(*ends, delta=0.01)})


def clipping_cures_explosion(rows: Sequence[Row]) -> Comparison:
    parts: dict[str, Comparison] = {}
    network = [row for row in rows if row.part == "network"]
    largest = max(row.lr for row in network)
    for case in ("clipped by norm", "no clipping"):
        finite = [not row.diverged for row in network if row.case == case and row.lr == largest]
        parts[f"{case}: training stays finite"] = proportion(sum(finite), len(finite), at_least=0.5)
    lower = effect(_best(network, "no clipping"), _best(network, "clipped by norm"), delta=0.01)
    if lower.outcome == "refuted" and _at_edge(network, "clipped by norm"):
        lower = undecided("effect", "the best learning rate with clipping lies at the edge of the grid")
    if lower.outcome == "holds" and _at_edge(network, "no clipping"):
        lower = undecided("effect", "the best learning rate without clipping lies at the edge of the grid")
    parts["ends lower than a tuned smaller rate"] = lower
    return conditional(parts)


def _best(rows: Sequence[Row], case: str) -> dict[int, float]:
    """The lowest final training loss of every seed over the learning rates."""
    seeds = sorted({row.seed for row in rows})
    return {s: min(row.final_loss for row in rows if row.case == case and row.seed == s) for s in seeds}


def _at_edge(rows: Sequence[Row], case: str) -> bool:
    """Whether the learning rate of the lowest mean loss is the smallest or the largest."""
    means = {lr: sum(r.final_loss for r in rows if (r.case, r.lr) == (case, lr)) for lr in {row.lr for row in rows}}
    return edge_of_grid(means, min(means, key=lambda lr: means[lr]))


EXPERIMENT = Experiment(
    params=Params,
    row=Row,
    run=run,
    claims=(
        Claim(
            statement="torch.nn.utils has a function clip_grad_value.",
            notes="clip_grad_value (004:21)",
            kind="fact",
            rule="Equality: the attribute exists.",
            predicted="refuted",
            judge=torch_has_clip_grad_value,
        ),
        Claim(
            statement="Clipping by value clamps every entry of the gradients and leaves the parameters alone.",
            notes="Clips all parameters to [-c, c] (004:21)",
            kind="theorem",
            rule="clip_grad_value_ equals the clamped gradient up to 1e-12; clamping the parameters must move them.",
            predicted="holds",
            judge=value_clipping_clamps_gradients,
        ),
        Claim(
            statement="Clipping by norm multiplies all gradients by min(1, limit / (total norm + 1e-6)) and returns "
            "the norm before.",
            notes="Scaled by L2 norm / max_norm (004:22)",
            kind="theorem",
            rule="Formula, bound, returned norm and no change below the limit up to 1e-12; clipping each tensor must "
            "fail.",
            predicted="holds",
            judge=norm_clipping_scales_by_one_total_norm,
        ),
        Claim(
            statement="Clipping by norm keeps the direction of the gradient.",
            notes="Clipping by value and by norm (004:19-22)",
            kind="theorem",
            rule="1 - cosine <= 1e-12; clipping by value must turn it.",
            predicted="holds",
            judge=norm_clipping_keeps_the_direction,
        ),
        Claim(
            statement="Clipping acts only before the step, and with scaled losses only after unscaling.",
            notes="After backward, before step (004:24)",
            kind="theorem",
            rule="After the step: the same update as without. Before unscaling: the step is smaller by the scale.",
            predicted="holds",
            judge=clipping_belongs_between_backward_and_step,
        ),
        Claim(
            statement="From a wall of the loss clipped descent passes the minimum less far than plain descent.",
            notes="Keeps the model from passing the optimum (004:17)",
            kind="conditional",
            rule="At the same learning rate, without - with clipping > 0.01: largest rise of the loss by a step; final "
            "loss.",
            predicted="holds",
            judge=clipping_descends_the_wall,
        ),
        Claim(
            statement="Clipping cures exploding gradients.",
            notes="Exploding gradients: clip (002:184)",
            kind="conditional",
            rule="At the largest rate: at least half of the runs stay finite, per arm. Over the grid: best final loss "
            "without - with clipping > 0.01.",
            predicted="conditional",
            judge=clipping_cures_explosion,
        ),
    ),
    tables=(
        Table(
            title="Exploding recurrent network",
            by=("case", "lr"),
            columns=("diverged", "final_loss", "largest_gradient"),
            where=lambda row: row.part == "network",
        ),
        Table(
            title="From the wall",
            by=("case",),
            columns=("largest_rise", "final_loss", "largest_gradient"),
            where=lambda row: row.part == "wall" and row.final_loss >= 0,
        ),
        Table(
            title="Statements and their controls",
            by=("part", "case"),
            columns=("error", "control_error"),
            where=lambda row: row.part not in ("wall", "network"),
        ),
    ),
    curves=(
        Curve(
            name="loss_from_the_wall",
            x="step",
            y="loss",
            group="case",
            where=lambda row: row.part == "wall",
        ),
    ),
)
