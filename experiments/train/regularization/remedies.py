"""Every remedy against overfitting alone, at a strength that validation chooses."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from operator import attrgetter

from experiments.foundation.networks.tuning import Choice, choose
from experiments.lab.experiment import Event, Part, Progress, Row, Table, observation
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Pairs, Undecided
from experiments.lab.judge.measures import by_seed
from experiments.lab.judge.rules import Effect
from experiments.train.regularization.setup import Images
from experiments.train.regularization.training import fit_with


@observation
class RemedyRow(Row):
    dataset: str
    remedy: str
    strength: float
    """0 where there is nothing to choose."""
    train_accuracy: float
    """On the labels trained on, wrong ones included."""
    validation_accuracy: float
    test_accuracy: float


def run(images: Images) -> Iterator[Event]:
    params = images.params
    arms: dict[str, Sequence[float]] = {
        "none": (0.0,),
        "l2": params.l2,
        "l1": params.l1,
        "dropout": params.dropout,
        "augment": params.augment,
        "small": params.small,
        "early_stop": (0.0,),
        "more_data": (0.0,),
    }
    for done, (remedy, strengths) in enumerate(arms.items()):
        yield Progress("remedies", done, len(arms))
        yield from (trained(images, remedy, strength) for strength in strengths)


def trained(images: Images, remedy: str, strength: float) -> RemedyRow:
    import torch

    from experiments.foundation.networks.evaluation import network_accuracy

    params, split = images.params, images.split
    seen = split if remedy == "more_data" else replace(split, train=split.train.first(params.labels))
    network = fit_with(remedy, strength, seen, width=params.width, steps=params.steps, seed=images.seed)
    train, validation, test = (
        network_accuracy(network, part, batch_size=None, dtype=torch.float32)
        for part in (seen.train, seen.validation, seen.test)
    )
    return RemedyRow(
        dataset=split.name,
        remedy=remedy,
        strength=strength,
        train_accuracy=train,
        validation_accuracy=validation,
        test_accuracy=test,
    )


def best(rows: Sequence[RemedyRow], remedy: str) -> Choice[RemedyRow]:
    """The strength that validation chooses, on a grid from mild to strong: the narrowest network is the strongest."""
    chosen = [row for row in rows if row.remedy == remedy]
    sign = -1 if remedy == "small" else 1
    return choose(
        chosen,
        score=attrgetter("validation_accuracy"),
        arm=attrgetter("remedy"),
        setting=lambda row: sign * row.strength,
    )[remedy]


def at_best(rows: Sequence[RemedyRow]) -> list[RemedyRow]:
    """The rows of every remedy at its best strength."""
    return [row for remedy in dict.fromkeys(row.remedy for row in rows) for row in best(rows, remedy).rows]


def helps(remedy: str) -> Callable[[Sequence[RemedyRow]], Pairs | Undecided]:
    """Test accuracy with a remedy against without. Beyond the mild end of a grid lies no remedy, which was tried;
    beyond the strong end nothing was, so a best strength there is undecided."""

    def measure(rows: Sequence[RemedyRow]) -> Pairs | Undecided:
        choice = best(rows, remedy)
        if choice.edge == "largest":
            return Undecided(f"the best strength, {choice.rows[0].strength:g}, is the strongest of its grid")
        return Pairs(by_seed(choice.rows, "test_accuracy"), by_seed(rows, "test_accuracy", remedy="none"))

    return measure


PART = Part(
    name="remedies",
    row=RemedyRow,
    run=run,
    claims=(
        Claim(
            "l2_helps",
            statement="An L2 penalty raises test accuracy by at least one point.",
            rule=Effect("test accuracy, best strength by validation - no remedy", delta=0.01),
            measure=helps("l2"),
            topic="Regularization",
            predicted="holds",
            source="pilot",
        ),
        Claim(
            "l1_helps",
            statement="An L1 penalty raises test accuracy by at least one point.",
            rule=Effect("test accuracy, best strength by validation - no remedy", delta=0.01),
            measure=helps("l1"),
            topic="Regularization",
            predicted="holds",
            source="pilot",
        ),
        Claim(
            "dropout_helps",
            statement="Dropout raises test accuracy by at least one point.",
            rule=Effect("test accuracy, best rate by validation - no remedy", delta=0.01),
            measure=helps("dropout"),
            topic="Dropout",
            predicted="holds",
            source="Srivastava et al. 2014",
        ),
        Claim(
            "augmentation_helps",
            statement="Noise on the images raises test accuracy by at least one point.",
            rule=Effect("test accuracy, best noise by validation - no remedy", delta=0.01),
            measure=helps("augment"),
            topic="Data augmentation",
            predicted="holds",
            source="pilot",
        ),
        Claim(
            "a_smaller_network_helps",
            statement="A smaller network raises test accuracy by at least one point.",
            rule=Effect("test accuracy, best width by validation - full width", delta=0.01),
            measure=helps("small"),
            topic="Lower complexity",
            predicted="holds",
            source="pilot",
        ),
        Claim(
            "more_data_help",
            statement="Four times as much data raises test accuracy by at least one point.",
            rule=Effect("test accuracy, four times the images - the images", delta=0.01),
            measure=helps("more_data"),
            topic="More data",
            predicted="holds",
            source="pilot",
        ),
        Claim(
            "early_stopping_helps",
            statement="Early stopping raises test accuracy by at least one point.",
            rule=Effect("test accuracy, weights of the best validation accuracy - the last ones", delta=0.01),
            measure=helps("early_stop"),
            topic="Early stopping",
            predicted="holds",
            source="Prechelt 1998",
        ),
    ),
    tables=(
        Table(
            title="Remedies",
            by=("remedy", "strength"),
            columns=("train_accuracy", "validation_accuracy", "test_accuracy"),
        ),
    ),
)
