"""Networks trained with dropout never, throughout, early and late."""

from __future__ import annotations

from collections.abc import Iterator

from experiments.lab.experiment import Curve, Event, Part, Progress, Row, Table, observation
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measures import paired
from experiments.lab.judge.rules import Effect
from experiments.train.dropout.setup import Images, Mode


@observation
class TrainingRow(Row):
    """One network after training, measured without dropout."""

    case: str
    """underfit or overfit."""
    mode: str
    """none, standard, early or late."""
    train_loss: float
    """Cross entropy in nats."""
    test_accuracy: float
    test_loss: float
    direction_variance: float
    """Of batch gradients in the early phase, dropout as it is: 0 they agree, 1/2 they are orthogonal."""
    dataset: str


def run(images: Images) -> Iterator[Event]:
    params = images.params
    regimes = {
        "underfit": (params.underfit_width, params.underfit_steps, params.p),
        "overfit": (params.overfit_width, params.overfit_steps, params.overfit_p),
    }
    for case, (width, steps, p) in regimes.items():
        for number, mode in enumerate(params.modes):
            yield Progress(case, number, len(params.modes))
            yield trained(images, case, mode, width=width, steps=steps, p=p)


def trained(images: Images, case: str, mode: Mode, *, width: int, steps: int, p: float) -> TrainingRow:
    """A perceptron trained by Adam; modes share initial weights and batches."""
    import torch

    from experiments.foundation.networks.batches import shuffled_batches
    from experiments.foundation.networks.evaluation import mean_loss, network_accuracy
    from experiments.train.core.dropout_schedules import train_scheduled
    from experiments.train.core.perceptron import perceptron

    params, split = images.params, images.splits[case]
    torch.manual_seed(images.seed)
    network = perceptron((split.features, width, split.classes), dropout=p)
    rng = torch.Generator().manual_seed(images.seed)
    batches = list(shuffled_batches(len(split.train), params.batch_size, steps, rng))
    variance = train_scheduled(network, split.train, batches, mode=mode, p=p, cutoff=params.cutoff, lr=params.lr)
    return TrainingRow(
        case=case,
        mode=mode,
        train_loss=mean_loss(network, split.train),
        test_accuracy=network_accuracy(network, split.test, batch_size=None, dtype=torch.float32),
        test_loss=mean_loss(network, split.test),
        direction_variance=variance,
        dataset=split.name,
    )


PART = Part(
    name="training",
    row=TrainingRow,
    run=run,
    claims=(
        Claim(
            "early_dropout_lowers_the_training_loss",
            statement="Early dropout lowers the final training loss of an underfitting network by 0.01 nats.",
            rule=Effect("training loss, no dropout - early dropout, measured without dropout", delta=0.01),
            measure=paired("train_loss", {"case": "underfit"}, mode=("none", "early")),
            topic="Early dropout",
            predicted="inconclusive",
            source="pilot",
        ),
        Claim(
            "late_dropout_beats_standard_dropout",
            statement="Late dropout beats standard dropout by 0.3 points of test accuracy where a network overfits.",
            rule=Effect("test accuracy, late - standard dropout", delta=0.003),
            measure=paired("test_accuracy", {"case": "overfit"}, mode=("late", "standard")),
            topic="Late dropout",
            predicted="inconclusive",
            source="pilot",
        ),
        Claim(
            "dropout_calms_the_direction_of_gradients",
            statement="In the early phase dropout lowers the variance of the gradient's direction.",
            rule=Effect("variance of the gradient's direction, without - with dropout", delta=0.0),
            measure=paired("direction_variance", {"case": "underfit"}, mode=("none", "early")),
            topic="Early dropout",
            predicted="inconclusive",
            source="pilot",
        ),
    ),
    tables=(
        Table("Dropout by time", ("case", "mode"), ("train_loss", "test_accuracy", "test_loss", "direction_variance")),
    ),
    curves=(Curve("losses", "train_loss", "test_loss", "mode", only={"case": "overfit"}),),
)
