"""Cross-entropy along trainings with clean and with noisy labels, read beside what it is mistaken for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from operator import attrgetter

from experiments.lab.experiment import Curve, Event, Part, Progress, Table, observation
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Pairs, Points, Trials
from experiments.lab.judge.measures import by_seed
from experiments.lab.judge.rules import Each, Effect, Order, Proportion
from experiments.loss.metric.setup import BATCH, Images, NetworkRow

READINGS = 20


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
    arms = [("clean", 0.0), ("noisy", params.label_noise)] * params.repeats
    train, validation = (
        torch.stack([noisy_labels(part.labels, share, split.classes, rng) for _, share in arms])
        for part in (split.train, split.validation)
    )
    ensemble = images.ensemble([Member(cross_entropy, params.lr, start) for start in range(len(arms))], rng)
    for step, _ in ensemble.train(split.train.inputs, train, steps=params.steps, batch=BATCH, rng=rng):
        if step % max(params.steps // READINGS, 1):
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


def robustness_over_loss(rows: Sequence[TrajectoryRow]) -> Points:
    """Accuracy on corrupted images over the training loss, both at the same steps."""
    noisy = [row for row in rows if row.labels == "noisy"]
    steps = sorted({row.step for row in noisy})
    losses = [sum(row.train_loss for row in noisy if row.step == step) for step in steps]
    by_step = [by_seed(noisy, "corrupted_accuracy", step=step) for step in steps]
    return Points(losses, {seed: [accuracies[seed] for accuracies in by_step] for seed in by_step[0]})


def trainings(rows: Sequence[TrajectoryRow], labels: str) -> list[list[TrajectoryRow]]:
    """Every training, by step."""
    found: dict[tuple[int, int], list[TrajectoryRow]] = {}
    for row in sorted(rows, key=attrgetter("step")):
        if row.labels == labels:
            found.setdefault((row.seed, row.member), []).append(row)
    return list(found.values())


def shows_a_gap(training: Sequence[TrajectoryRow]) -> bool:
    """Between two readings, test NLL rises by 1 % and more while test accuracy does not fall."""
    pairs = ((a, b) for i, a in enumerate(training) for b in training[i + 1 :])
    return any(b.test_nll > 1.01 * a.test_nll and b.test_accuracy >= a.test_accuracy for a, b in pairs)


def gaps_by_labels(rows: Sequence[TrajectoryRow]) -> Mapping[str, Trials]:
    return {
        f"{labels} labels": Trials.of((one[0].seed, shows_a_gap(one)) for one in trainings(rows, labels))
        for labels in ("clean", "noisy")
    }


def selection_by_labels(rows: Sequence[TrajectoryRow]) -> Mapping[str, Pairs]:
    """Test accuracy at the steps that validation accuracy and validation loss choose."""
    found = {}
    for labels in ("clean", "noisy"):
        each = trainings(rows, labels)
        by_metric = (max(training, key=attrgetter("validation_accuracy")) for training in each)
        by_loss = (min(training, key=attrgetter("validation_nll")) for training in each)
        found[f"{labels} labels"] = Pairs(by_seed(by_metric, "test_accuracy"), by_seed(by_loss, "test_accuracy"))
    return found


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
            statement="The smaller the training loss, the more accurate the model on corrupted images.",
            rule=Order("accuracy on corrupted images over the loss, along trainings with noisy labels", "falling"),
            measure=robustness_over_loss,
            topic="Loss and robustness",
            predicted="refuted",
            source="pilot",
        ),
        Claim(
            "likelihood_falls_while_accuracy_does_not",
            statement="The loss on test data rises while accuracy keeps or rises, in at least 80 % of trainings.",
            rule=Each(
                Proportion("share of trainings with such a stretch, on which the loss rises by 1 %", at_least=0.8),
                per="kind of labels",
            ),
            measure=gaps_by_labels,
            topic="A metric and another loss",
            predicted="holds",
            source="Guo et al. 2017",
        ),
        Claim(
            "selection_by_accuracy_is_more_accurate",
            statement="Choosing the step by validation accuracy beats choosing by validation loss by half a point.",
            rule=Each(
                Effect("test accuracy, chosen by validation accuracy - by validation loss", delta=0.005),
                per="kind of labels",
            ),
            measure=selection_by_labels,
            topic="The loss of your metric",
            predicted="conditional",
            source="pilot",
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
        Curve("robustness", "step", "corrupted_accuracy", "labels"),
        Curve("training_loss", "step", "train_loss", "labels"),
        Curve("likelihood", "step", "test_nll", "labels"),
    ),
)
