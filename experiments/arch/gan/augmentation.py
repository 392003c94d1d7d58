"""Few labelled images, joined by generated ones or by shifted copies: does a classifier learn more from them?

The generator has seen all training images without labels. What it draws is labelled by a classifier that has learned
from the few labelled ones, as nothing else knows their classes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from experiments.arch.gan.setup import BALANCED, Games
from experiments.foundation.networks.tuning import choose, untuned
from experiments.lab.experiment import Event, Part, Progress, Row, Table, observation
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Pairs, Undecided
from experiments.lab.judge.measures import by_seed
from experiments.lab.judge.rules import Effect

if TYPE_CHECKING:
    from experiments.arch.core.image_gans import Judge
    from experiments.foundation.networks.split import Examples

ALONE, GENERATED, SHIFTED = "labelled alone", "with generated", "with shifted"
TIMES, HELD, TESTED = 10, 1000, 2000
"""Added images per labelled one; training images that choose the rate; test images at most."""


@observation
class LearnedRow(Row):
    """One classifier on one kind of images at one rate."""

    dataset: str
    arm: str
    images: int
    lr: float
    validation_accuracy: float
    test_accuracy: float
    test_images: int


def run(games: Games) -> Iterator[Event]:
    import torch

    from experiments.foundation.networks.scores.evaluation import network_accuracy
    from experiments.foundation.networks.split import Examples

    params, (train, test, name) = games.params, games.images()
    order = torch.randperm(len(train), generator=torch.Generator().manual_seed(games.seed))
    few, held = (
        Examples(train.inputs[part], train.labels[part])
        for part in (order[: params.labelled], order[params.labelled :][:HELD])
    )
    test = test.first(TESTED)
    teachers = {lr: learned(games, few, lr) for lr in params.lrs}
    teacher = max(teachers.values(), key=lambda network: network_accuracy(network, held))
    for done, (arm, examples) in enumerate(kinds(games, few, teacher)):
        yield Progress("classifiers", done, 3)
        for lr in params.lrs:
            network = teachers[lr] if arm == ALONE else learned(games, examples, lr)
            yield LearnedRow(
                dataset=name,
                arm=arm,
                images=len(examples),
                lr=lr,
                validation_accuracy=network_accuracy(network, held),
                test_accuracy=network_accuracy(network, test),
                test_images=len(test),
            )


def learned(games: Games, examples: Examples, lr: float) -> Judge:
    """A classifier, built as the judge is, after as many batches whatever it learns from."""
    from experiments.arch.core.image_gans import Judge, train_judge
    from experiments.foundation.networks.timing import reproducible

    with reproducible(games.seed):
        network = Judge()
    train_judge(network, examples, games.params.learning_steps, games.seed, lr)
    return network


def kinds(games: Games, few: Examples, teacher: Judge) -> Iterator[tuple[str, Examples]]:
    """The labelled images alone, with ten times as many generated ones, with as many shifted copies of themselves."""
    import torch

    from experiments.arch.core.image_gans import opinion
    from experiments.foundation.networks.batches import shifted
    from experiments.foundation.networks.split import Examples
    from experiments.foundation.networks.timing import reproducible

    yield ALONE, few
    made = games.generated(BALANCED)[-1].images[: TIMES * len(few)]
    guessed = opinion(teacher, made).probabilities.argmax(1)
    yield GENERATED, Examples(torch.cat([few.inputs, made]), torch.cat([few.labels, guessed]))
    with reproducible(games.seed):
        copies = [shifted(few.inputs, 1) for _ in range(len(made) // len(few))]
    yield SHIFTED, Examples(torch.cat([few.inputs, *copies]), few.labels.repeat(1 + len(copies)))


def against(baseline: str) -> Callable[[Sequence[LearnedRow]], Pairs | Undecided]:
    """The measure of generated images against another kind, each at its best rate."""

    def measure(rows: Sequence[LearnedRow]) -> Pairs | Undecided:
        best = choose(rows, score=lambda row: row.validation_accuracy, arm=lambda row: row.arm)
        arms = [replace(best[arm], arm=arm) for arm in (GENERATED, baseline)]
        if reason := untuned(*arms):
            return Undecided(reason)
        return Pairs(*(by_seed(arm.rows, "test_accuracy") for arm in arms), items=rows[0].test_images)

    return measure


PART = Part(
    name="augmentation",
    row=LearnedRow,
    run=run,
    claims=(
        Claim(
            "generated_images_add_to_few_labels",
            statement="Ten generated images for each of 100 labelled ones raise a classifier's accuracy by a point.",
            rule=Effect("test accuracy, with generated - labelled alone", delta=0.01),
            measure=against(ALONE),
            topic="GAN: data augmentation",
            predicted="refuted",
            source="what the labels do not say of an image, its generated neighbor's guessed label does not say either",
        ),
        Claim(
            "generated_images_beat_shifted_copies",
            statement="Generated images raise a classifier's accuracy a point more than as many shifted copies.",
            rule=Effect("test accuracy, with generated - with shifted", delta=0.01),
            measure=against(SHIFTED),
            topic="GAN: data augmentation",
            predicted="refuted",
            source="a shift keeps the class, which the generated image's label only guesses",
        ),
    ),
    tables=(Table("Few labels, and images beside them", by=("arm", "lr"), columns=("images", "test_accuracy")),),
)
