"""Perceptrons trained on random labels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from experiments.lab.experiment import Event, Part, Progress, Row, Table, observation
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Trials
from experiments.lab.judge.rules import Proportion
from experiments.nn.layers.setup import Images


@observation
class MemoryRow(Row):
    """One network with labels of its own."""

    images: int
    dataset: str
    train_accuracy: float


def run(images: Images) -> Iterator[Event]:
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
    name="memory",
    row=MemoryRow,
    run=run,
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
