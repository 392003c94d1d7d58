"""Cross-entropy along trainings with clean and with noisy labels, read beside what it is mistaken for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from operator import attrgetter

from experiments.lab.answers import mean, number
from experiments.lab.experiment import Curve, Event, Part, Progress, Table, observation
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Measured, Pairs, Trials
from experiments.lab.judge.measures import by_seed
from experiments.lab.judge.rules import Each, Effect, Proportion
from experiments.loss.metric.setup import BATCH, Images, NetworkRow

READINGS = 15
LABELS = ("clean", "noisy")


@observation
class TrajectoryRow(NetworkRow):
    labels: str
    """clean or noisy."""
    label_noise: float
    """Share of labels replaced."""
    member: int
    """Number of the training within the seed."""


def run(images: Images) -> Iterator[Event]:
    import torch

    from experiments.foundation.networks.ensemble import Member
    from experiments.loss.core.classification import cross_entropy
    from experiments.loss.core.corruption import noisy_labels

    params, split, rng = images.params, images.split, images.generator()
    arms = list(zip(LABELS, (0.0, params.label_noise), strict=True)) * params.repeats
    train, validation = (
        torch.stack([noisy_labels(part.labels, share, split.classes, rng) for _, share in arms])
        for part in (split.train, split.validation)
    )
    ensemble = images.ensemble([Member(cross_entropy, params.lr, start) for start in range(len(arms))], rng)
    for step, _ in ensemble.train(split.train.inputs, train, steps=params.steps, batch=BATCH, rng=rng):
        if step not in readings(params.steps):
            continue
        yield Progress("trajectories", step, params.steps)
        for member, measured in enumerate(images.measured(ensemble, train, validation)):
            labels, noise = arms[member]
            yield TrajectoryRow(
                dataset=split.name,
                labels=labels,
                label_noise=noise,
                member=member,
                step=step,
                lr=params.lr,
                **measured,
            )


def readings(steps: int) -> set[int]:
    """From a hundredth of the steps to the last, evenly spaced in the logarithm: early ones change most.

    >>> sorted(readings(1000))[:5], len(readings(1000))
    ([10, 14, 19, 27, 37], 15)
    """
    first = max(steps / 100, 1)
    return {round(first * (steps / first) ** (reading / (READINGS - 1))) for reading in range(READINGS)}


def under_each(measure: Callable[[Sequence[TrajectoryRow]], Measured]) -> Callable[..., Mapping[str, Measured]]:
    """The measure of the trainings with clean and of those with noisy labels."""
    return lambda rows: {f"{kind} labels": measure([row for row in rows if row.labels == kind]) for kind in LABELS}


def trainings(rows: Sequence[TrajectoryRow]) -> list[list[TrajectoryRow]]:
    """Every training, by step."""
    found: dict[tuple[int, int], list[TrajectoryRow]] = {}
    for row in sorted(rows, key=attrgetter("step")):
        found.setdefault((row.seed, row.member), []).append(row)
    return list(found.values())


def stretches(rows: Sequence[TrajectoryRow]) -> list[tuple[TrajectoryRow, TrajectoryRow]]:
    """The readings of least validation loss and at the end, of every training."""
    return [(min(one, key=attrgetter("validation_nll")), one[-1]) for one in trainings(rows)]


def robustness(rows: Sequence[TrajectoryRow]) -> Pairs:
    """Accuracy on corrupted images at the end, where the training loss is least, and at the least validation loss."""
    least, last = zip(*stretches(rows), strict=True)
    return Pairs(by_seed(last, "corrupted_accuracy"), by_seed(least, "corrupted_accuracy"))


def gaps(rows: Sequence[TrajectoryRow]) -> Trials:
    """From the least validation loss to the end: test loss rises by 1 %, test accuracy falls by half a point at most.

    Validation chooses where the stretch begins, so that no pair of readings is picked by what is judged.
    """
    return Trials.of(
        (last.seed, last.test_nll > 1.01 * least.test_nll and last.test_accuracy >= least.test_accuracy - 0.005)
        for least, last in stretches(rows)
    )


def selection(rows: Sequence[TrajectoryRow]) -> Pairs:
    """Test accuracy at the steps that validation accuracy and validation loss choose."""
    each = trainings(rows)
    by_metric = (max(training, key=attrgetter("validation_accuracy")) for training in each)
    by_loss = (min(training, key=attrgetter("validation_nll")) for training in each)
    return Pairs(by_seed(by_metric, "test_accuracy"), by_seed(by_loss, "test_accuracy"))


def best_and_last(column: str, best: Callable[..., float], said: str) -> Callable[[Sequence[TrajectoryRow]], str]:
    """The title of a curve: a column at its best step and at the end, with clean and with noisy labels."""

    def title(rows: Sequence[TrajectoryRow]) -> str:
        steps = sorted({row.step for row in rows})
        ends = []
        for kind in LABELS:
            values = [mean(rows, column, step=step, labels=kind) for step in steps]
            ends += [number(best(values), 2), number(values[-1], 2)]
        return f"{said}: {ends[0]} at best, {ends[1]} in the end; with noisy labels {ends[2]}, then {ends[3]}"

    return title


def at_four_steps(rows: Sequence[TrajectoryRow]) -> list[TrajectoryRow]:
    """The first reading, the last and two between."""
    steps = sorted({row.step for row in rows})
    shown = {steps[(len(steps) - 1) * i // 3] for i in range(4)}
    return [row for row in rows if row.step in shown]


PART = Part(
    name="trajectories",
    row=TrajectoryRow,
    run=run,
    claims=(
        Claim(
            "smaller_loss_is_more_robust",
            statement=(
                "A training loss that falls on after the least validation loss makes the model half a point more "
                "accurate on corrupted images."
            ),
            rule=Each(
                Effect("accuracy on corrupted images, at the end - at the least validation loss", delta=0.005),
                per="kind of labels",
            ),
            measure=under_each(robustness),
            topic="Loss and robustness to corrupted images",
            predicted="refuted",
            source="pilot on digits: corrupted accuracy peaks before the training loss ends to fall, with both labels",
        ),
        Claim(
            "likelihood_falls_while_accuracy_does_not",
            statement=(
                "From the step of least validation loss to the end the loss on test data rises while accuracy keeps, "
                "in at least 80 % of trainings."
            ),
            rule=Each(
                Proportion("trainings: loss rises by 1 %, accuracy falls by half a point at most", at_least=0.8),
                per="kind of labels",
            ),
            measure=under_each(gaps),
            topic="Accuracy and loss on test data",
            predicted={"clean labels": "holds", "noisy labels": "refuted"},
            source="Guo et al. 2017 for clean labels; Arpit et al. 2017: memorized noise costs accuracy",
        ),
        Claim(
            "selection_by_accuracy_is_more_accurate",
            statement="Choosing the step by validation accuracy beats choosing by validation loss by half a point.",
            rule=Each(
                Effect("test accuracy, chosen by validation accuracy - by validation loss", delta=0.005),
                per="kind of labels",
            ),
            measure=under_each(selection),
            topic="The loss of your metric: choosing the step",
            predicted="refuted",
            source="pilot on digits",
        ),
    ),
    tables=(
        Table(
            "Along the trainings",
            by=("labels", "step"),
            columns=("train_loss", "test_accuracy", "corrupted_accuracy", "test_nll", "test_ece"),
        ),
    ),
    curves=(
        Curve(
            "robustness",
            "step",
            "corrupted_accuracy",
            "labels",
            title=best_and_last("corrupted_accuracy", max, "Corrupted images right"),
        ),
        Curve("likelihood", "step", "test_nll", "labels", title=best_and_last("test_nll", min, "Loss on test images")),
    ),
)
