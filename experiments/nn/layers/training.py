"""Deep perceptrons with and without batch normalization at every learning rate, and perceptrons on random labels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial

from experiments.foundation.networks.tuning import Choice, choose_by_others, untuned
from experiments.lab.answers import mean, number
from experiments.lab.experiment import Curve, Event, Part, Progress, Row, Table, observation
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Pairs, Trials, Undecided
from experiments.lab.judge.measures import by_seed
from experiments.lab.judge.rules import Each, Proportion, Ratio
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


def fastest(rows: Sequence[TrainingRow], init: str) -> dict[bool, Choice[TrainingRow]]:
    """Without and with batch normalization, at the rate with the fewest steps to the target on the other seeds."""
    return choose_by_others(
        [row for row in rows if row.init == init],
        score=lambda row: -row.steps_to_target,
        arm=lambda row: row.batch_norm,
    )


def at_fastest_rates(rows: Sequence[TrainingRow]) -> list[TrainingRow]:
    inits = dict.fromkeys(row.init for row in rows)
    return [row for init in inits for choice in fastest(rows, init).values() for row in choice.rows]


def steps_without_and_with(rows: Sequence[TrainingRow]) -> Mapping[str, Pairs | Undecided]:
    """Steps to the target at the fastest rates, per initialization."""
    return {f"initial weights: {init}": _steps(rows, init) for init in dict.fromkeys(row.init for row in rows)}


def _steps(rows: Sequence[TrainingRow], init: str) -> Pairs | Undecided:
    """An arm that never reaches the target has all steps at every rate, a lower bound; its grid has no best."""
    arms = fastest(rows, init)
    reached = {row.batch_norm for row in rows if row.init == init and row.reached}
    if reason := untuned(*(choice for batch_norm, choice in arms.items() if batch_norm in reached)):
        return Undecided(reason)
    return Pairs(*(by_seed(arms[batch_norm].rows, "steps_to_target") for batch_norm in (False, True)))


def steps_at_the_fastest(rows: Sequence[TrainingRow]) -> str:
    init = "he" if any(row.init == "he" for row in rows) else rows[0].init
    without, with_norm = (
        number(mean(fastest(rows, init)[batch_norm].rows, "steps_to_target"), 2) for batch_norm in (False, True)
    )
    return f"At its fastest rate a network with {init} weights takes {without} steps, {with_norm} with batch norm"


@observation
class MemoryRow(Row):
    """One network with labels of its own."""

    images: int
    dataset: str
    train_accuracy: float


def run_memory(images: Images) -> Iterator[Event]:
    from experiments.foundation.networks.budget import Budget
    from experiments.nn.core.perceptrons import memorize

    params = images.params
    count, widths = params.random_labels, (params.memory_width, params.memory_width)
    yield Progress("random labels", 0, 1)
    budget = Budget(steps=params.memory_steps, batch_size=min(50, count), optimizer="adam")
    inputs, classes = images.split.train.inputs[:count], images.split.classes
    found = memorize(inputs, classes, widths, budget, networks=params.networks, lr=params.memory_lr, seed=images.seed)
    for accuracy in found:
        yield MemoryRow(images=count, dataset=images.dataset, train_accuracy=accuracy)


def without_error(rows: Sequence[MemoryRow]) -> Trials:
    return Trials.of((row.seed, row.train_accuracy == 1) for row in rows)


PART = Part(
    name="training",
    row=TrainingRow,
    run=run,
    claims=(
        Claim(
            "batch_norm_speeds_up_training",
            statement="Batch normalization saves a deep network a fifth of the steps to a training loss.",
            rule=Each(
                Ratio("steps to the target without over with it, each at its fastest rate", at_least=1.25),
                per="initial weights",
            ),
            measure=steps_without_and_with,
            topic="Batch normalization speeds up training",
            predicted="holds",
            source="Ioffe and Szegedy 2015",
        ),
    ),
    tables=(
        Table(
            "Deep perceptrons with and without batch normalization",
            by=("init", "batch_norm", "lr"),
            columns=("steps_to_target", "reached", "train_accuracy"),
        ),
    ),
    curves=(
        Curve(
            "steps_over_lr",
            "lr",
            "steps_to_target",
            "batch_norm",
            x_scale="log",
            only={"init": "he"},
            title=steps_at_the_fastest,
        ),
    ),
)
MEMORY = Part(
    name="memory",
    row=MemoryRow,
    run=run_memory,
    claims=(
        Claim(
            "network_fits_random_labels",
            statement="A perceptron fits random labels without error.",
            rule=Proportion("trainings with every training label right", at_least=0.9),
            measure=without_error,
            topic="Neural networks fit random labels",
            predicted="holds",
            source="Zhang et al. 2017",
        ),
    ),
    tables=(Table("Accuracy on random training labels", by=("images",), columns=("train_accuracy",)),),
)
