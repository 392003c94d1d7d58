"""Deep perceptrons trained with and without batch normalization, at every learning rate."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from experiments.foundation.networks.tuning import Choice, choose
from experiments.lab.experiment import Curve, Event, Part, Progress, Row, Table, observation
from experiments.lab.judge.measured import Pairs, Undecided
from experiments.lab.judge.measures import by_seed
from experiments.nn.layers.setup import Images


@observation
class TrainingRow(Row):
    """One perceptron at one learning rate."""

    init: str
    batch_norm: bool
    dataset: str
    lr: float
    steps_to_target: int
    """First step at which the training loss is below the target; all steps where it never is."""
    reached: bool
    train_accuracy: float


def run(images: Images) -> Iterator[Event]:
    from experiments.foundation.networks.budget import Budget, tune
    from experiments.nn.core.perceptrons import deep_perceptron

    params, split = images.params, images.split
    budget = Budget(steps=params.bn_steps, batch_size=params.batch_size, momentum=0.0, target_loss=params.bn_target)
    arms = [(init, batch_norm) for init in params.init for batch_norm in (False, True)]
    for done, (init, batch_norm) in enumerate(arms):
        yield Progress("trainings", done, len(arms))
        size = {"layers": params.depth, "width": params.width}
        build = partial(deep_perceptron, split.features, split.classes, **size, init=init, batch_norm=batch_norm)
        for fit in tune(build, split, budget, params.bn_lrs, seed=images.seed).fits:
            yield TrainingRow(
                init=init,
                batch_norm=batch_norm,
                dataset=images.dataset,
                lr=fit.lr,
                steps_to_target=fit.steps_to_target,
                reached=fit.reached,
                train_accuracy=fit.train_accuracy,
            )


def fastest(rows: Sequence[TrainingRow], init: str) -> tuple[Choice[TrainingRow], Choice[TrainingRow]]:
    """Without and with batch normalization, each at the rate with the fewest steps to the target."""
    chosen = choose(
        [row for row in rows if row.init == init],
        score=lambda row: -row.steps_to_target,
        arm=lambda row: "with" if row.batch_norm else "without",
    )
    return chosen["without"], chosen["with"]


def at_fastest_rates(rows: Sequence[TrainingRow]) -> list[TrainingRow]:
    inits = dict.fromkeys(row.init for row in rows)
    return [row for init in inits for choice in fastest(rows, init) for row in choice.rows]


def steps_without_and_with(rows: Sequence[TrainingRow], init: str) -> Pairs | Undecided:
    """Steps to the target of the fastest rates.

    An arm that never reaches the target has all steps at every rate, a lower bound; its grid has no best.
    """
    arms = fastest(rows, init)
    for arm in arms:
        if arm.at_edge and any(row.reached for row in rows if (row.init, row.batch_norm) == (init, arm.arm == "with")):
            reason = f"the best rate {arm.arm} batch normalization, {arm.setting:g}, is an edge of the grid"
            return Undecided(reason)
    return Pairs(*(by_seed(arm.rows, "steps_to_target") for arm in arms))


PART = Part(
    name="training",
    row=TrainingRow,
    run=run,
    tables=(
        Table(
            "Deep perceptrons with and without batch normalization",
            by=("init", "batch_norm", "lr"),
            columns=("steps_to_target", "reached", "train_accuracy"),
        ),
    ),
    curves=(Curve("steps_over_lr", "lr", "steps_to_target", "batch_norm", x_scale="log", only={"init": "he"}),),
)
