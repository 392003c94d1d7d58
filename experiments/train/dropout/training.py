"""Networks trained with dropout never, throughout, early and late, every mode tuned on the same grids."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from operator import attrgetter

from experiments.lab.experiment import Event, Part, Progress, Row, Table, observation
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Pairs, Undecided
from experiments.lab.judge.rules import Effect
from experiments.train.dropout.setup import Images, Params
from experiments.train.tuned import Dial, Tuned, compared, tuned

MODES = {"underfit": ("none", "standard", "early"), "overfit": ("none", "standard", "late")}
"""Case -> when dropout is on: never, always, until the cutoff, or from it on."""


@observation
class TrainingRow(Row):
    """One network after training, measured without dropout."""

    dataset: str
    case: str
    """underfit or overfit."""
    mode: str
    rate: float
    """Of dropout; 0 without."""
    cutoff: float
    """Share of the updates at which dropout changes; 0 where it does not."""
    lr: float
    train_loss: float
    """Cross entropy in nats."""
    validation_accuracy: float
    test_accuracy: float
    test_loss: float
    direction_variance: float
    """Of batch gradients in the early phase, dropout as it is: 0 they agree, 1/2 they are orthogonal."""


def run(images: Images) -> Iterator[Event]:
    for case, modes in MODES.items():
        for number, mode in enumerate(modes):
            yield Progress(case, number, len(modes))
            for rate, cutoff in settings(images.params, mode):
                yield from (trained(images, case, mode, rate, cutoff, lr) for lr in images.params.lrs)


def settings(params: Params, mode: str) -> list[tuple[float, float]]:
    """(rate, cutoff) of a mode. Early dropout with cutoff 0 is none and with cutoff 1 standard, late the reverse."""
    if mode == "none":
        return [(0.0, 0.0)]
    cutoffs = (0.0,) if mode == "standard" else params.cutoffs
    return [(rate, cutoff) for rate in params.rates for cutoff in cutoffs]


def trained(images: Images, case: str, mode: str, rate: float, cutoff: float, lr: float) -> TrainingRow:
    """A perceptron trained by Adam; modes share initial weights and batches."""
    import torch

    from experiments.foundation.networks.batches import shuffled_batches
    from experiments.foundation.networks.scores.evaluation import mean_loss, network_accuracy
    from experiments.train.core.dropout_schedules import train_scheduled
    from experiments.train.core.perceptron import perceptron

    params, split = images.params, images.splits[case]
    small = case == "underfit"
    width, steps = (
        (params.underfit_width, params.underfit_steps) if small else (params.overfit_width, params.overfit_steps)
    )
    torch.manual_seed(images.seed)
    network = perceptron((split.features, width, split.classes), dropout=rate or 0.5)  # its rate is set per update
    rng = torch.Generator().manual_seed(images.seed)
    batches = list(shuffled_batches(len(split.train), params.batch_size, steps, rng))
    variance = train_scheduled(network, split.train, batches, mode=mode, p=rate, cutoff=cutoff, lr=lr)
    return TrainingRow(
        dataset=split.name,
        case=case,
        mode=mode,
        rate=rate,
        cutoff=cutoff,
        lr=lr,
        train_loss=mean_loss(network, split.train),
        validation_accuracy=network_accuracy(network, split.validation),
        test_accuracy=network_accuracy(network, split.test),
        test_loss=mean_loss(network, split.test),
        direction_variance=variance,
    )


def best(rows: Sequence[TrainingRow], case: str, mode: str) -> Tuned[TrainingRow]:
    """The networks at the learning rate, dropout rate and cutoff that validation chooses. Beyond the lowest dropout
    rate, and beyond either cutoff, lie modes that were tried."""
    dials = [Dial("lr")] if mode == "none" else [Dial("lr"), Dial("rate", "dropout rate", ("largest",))]
    of = [row for row in rows if (row.case, row.mode) == (case, mode)]
    return tuned(of, attrgetter("mode"), *dials, Dial("cutoff", open_ends=()))[mode]


def at_best(rows: Sequence[TrainingRow]) -> list[TrainingRow]:
    """The tuned networks of every case and mode."""
    return [row for case, modes in MODES.items() for mode in modes for row in best(rows, case, mode).rows]


def modes(
    case: str, column: str, treatment: str, baseline: str
) -> Callable[[Sequence[TrainingRow]], Pairs | Undecided]:
    """A column in two modes, each tuned."""
    return lambda rows: compared(column, *(best(rows, case, mode) for mode in (treatment, baseline)))


def directions(rows: Sequence[TrainingRow]) -> Pairs | Undecided:
    """Without dropout and with early dropout as it was tuned, both at the learning rate of the latter."""
    early = best(rows, "underfit", "early")
    none = [row for row in rows if (row.case, row.mode, row.lr) == ("underfit", "none", early.rows[0].lr)]
    return compared("direction_variance", Tuned(none, None), early)


PART = Part(
    name="training",
    row=TrainingRow,
    run=run,
    claims=(
        Claim(
            "early_dropout_lowers_the_training_loss",
            statement="Early dropout lowers the final training loss of an underfitting network by 0.01 nats.",
            rule=Effect("training loss, no dropout - early dropout, measured without dropout", delta=0.01),
            measure=modes("underfit", "train_loss", "none", "early"),
            topic="Early dropout",
            predicted="holds",
            source="Liu et al. 2023: early dropout lowers the training loss of ViT-T on ImageNet",
        ),
        Claim(
            "late_dropout_beats_standard_dropout",
            statement="Late dropout beats standard dropout by 0.3 points of test accuracy where a network overfits.",
            rule=Effect("test accuracy, late - standard dropout", delta=0.003),
            measure=modes("overfit", "test_accuracy", "late", "standard"),
            topic="Late dropout",
            predicted="holds",
            source="Liu et al. 2023: by 0.6 to 0.7 points on ImageNet",
        ),
        Claim(
            "dropout_calms_the_direction_of_gradients",
            statement="In the early phase dropout lowers the variance of the gradient's direction.",
            rule=Effect("variance of the gradient's direction, without - with dropout", delta=0.0),
            measure=directions,
            topic="Why early dropout would help",
            predicted="holds",
            source="Liu et al. 2023: dropout reduces the variance of the gradient's direction early in training",
        ),
    ),
    tables=(
        Table(
            "Dropout by time",
            ("case", "mode", "rate", "cutoff", "lr"),
            ("train_loss", "validation_accuracy", "test_accuracy", "test_loss", "direction_variance"),
        ),
    ),
)
