"""A network trained at every learning rate."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from experiments.foundation.networks.tuning import choose, untuned
from experiments.lab.experiment import Curve, Event, Part, Progress, Row, Table, observation
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Pairs, Trials, Undecided
from experiments.lab.judge.measures import by_seed
from experiments.lab.judge.rules import Proportion
from experiments.train.lr.setup import Drawn

CHANCE_AND_MORE = 0.3
"""Accuracy on ten classes up to which a network has learned next to nothing."""


@observation
class NetworkRow(Row):
    dataset: str
    schedule: str
    lr: float
    train_loss: float
    """Of the last batch; nan if the network diverged."""
    validation_accuracy: float
    test_accuracy: float
    diverged: float


def run(drawn: Drawn) -> Iterator[Event]:
    for number, lr in enumerate(drawn.params.lrs):
        yield Progress("networks", number, len(drawn.params.lrs))
        yield trained(drawn, lr)


def trained(drawn: Drawn, lr: float) -> NetworkRow:
    """One perceptron after SGD without momentum."""
    import torch

    from experiments.foundation.networks.batches import shuffled_batches
    from experiments.foundation.networks.evaluation import network_accuracy
    from experiments.foundation.networks.fit import fit
    from experiments.foundation.networks.schedules import lr_factor
    from experiments.train.core.perceptron import perceptron

    params, split = drawn.params, drawn.split
    torch.manual_seed(drawn.seed)
    network = perceptron((split.features, params.width, split.classes))
    batches = torch.Generator().manual_seed(drawn.seed)
    fitted = fit(
        network,
        split.train,
        torch.optim.SGD(network.parameters(), lr),
        shuffled_batches(len(split.train), params.batch_size, params.steps, batches),
        rates=[lr * lr_factor(params.schedule, step / params.steps) for step in range(params.steps)],
    )
    validation, test = (
        network_accuracy(network, part, batch_size=None, dtype=torch.float32) for part in (split.validation, split.test)
    )
    return NetworkRow(
        dataset=split.name,
        schedule=params.schedule,
        lr=lr,
        train_loss=fitted.last_loss,
        validation_accuracy=validation,
        test_accuracy=test,
        diverged=float(fitted.diverged),
    )


def hardly_learned(rows: Sequence[NetworkRow]) -> Trials:
    """Seeds without success at the largest rate; a diverged network counts as such."""
    largest = max(row.lr for row in rows)
    return Trials.of((row.seed, row.test_accuracy <= CHANCE_AND_MORE) for row in rows if row.lr == largest)


def best_and_smallest(rows: Sequence[NetworkRow]) -> Pairs | Undecided:
    """Test accuracy at the best rate by validation and at the smallest."""
    best = choose(rows, score=lambda row: row.validation_accuracy, arm=lambda row: "")[""]
    if reason := untuned(best):
        return Undecided(reason)
    return Pairs(by_seed(best.rows, "test_accuracy"), by_seed(rows, "test_accuracy", lr=best.grid[0]))


PART = Part(
    name="networks",
    row=NetworkRow,
    run=run,
    claims=(
        Claim(
            "the_largest_rate_learns_nothing",
            statement="At the largest learning rate of the grid a network learns next to nothing.",
            rule=Proportion(f"share of seeds with a test accuracy of at most {CHANCE_AND_MORE}", at_least=0.5),
            measure=hardly_learned,
            topic="Too large a learning rate",
            predicted="holds",
            source="pilot",
        ),
    ),
    tables=(
        Table(title="A network over learning rates", by=("lr",), columns=("test_accuracy", "train_loss", "diverged")),
    ),
    curves=(Curve(name="accuracy", x="lr", y="test_accuracy", x_scale="log"),),
)
