"""A linear model that underfits images, and what lowers its training loss: capacity, features, another optimizer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from operator import attrgetter
from typing import TYPE_CHECKING

from experiments.lab.experiment import Event, Part, Progress, Row, Table, observation
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Pairs, Undecided
from experiments.lab.judge.rules import Each, Ratio
from experiments.train.regularization.setup import Images
from experiments.train.tuned import Dial, compared, tuned

if TYPE_CHECKING:
    from experiments.foundation.networks.split import Examples, ImageShape

PLAIN, CAPACITY, FEATURES, OPTIMIZER = "linear model, SGD", "a hidden layer", "edges as features", "Adam"


@observation
class UnderfitRow(Row):
    """A network after training, measured on all images."""

    dataset: str
    remedy: str
    lr: float
    train_loss: float
    """Cross entropy in nats; infinite where it diverged."""
    validation_accuracy: float
    test_accuracy: float


def run(images: Images) -> Iterator[Event]:
    for done, remedy in enumerate((PLAIN, CAPACITY, FEATURES, OPTIMIZER)):
        yield Progress("underfitting", done, 4)
        for lr in images.params.plain_lrs:
            yield trained(images, remedy, lr)


def trained(images: Images, remedy: str, lr: float) -> UnderfitRow:
    import torch

    from experiments.foundation.networks.batches import shuffled_batches
    from experiments.foundation.networks.fit import fit
    from experiments.foundation.networks.scores.evaluation import mean_loss, network_accuracy
    from experiments.train.core.perceptron import perceptron

    params, split = images.params, images.clean
    parts = (split.train, split.validation, split.test)
    train, validation, test = (with_edges(part, split.shape) for part in parts) if remedy == FEATURES else parts
    hidden = [params.width] if remedy == CAPACITY else []
    torch.manual_seed(images.seed)
    network = perceptron((train.inputs.shape[1], *hidden, split.classes))
    optimizer = (torch.optim.Adam if remedy == OPTIMIZER else torch.optim.SGD)(network.parameters(), lr)
    rng = torch.Generator().manual_seed(images.seed)
    fitted = fit(network, train, optimizer, shuffled_batches(len(train), 100, params.plain_updates, rng))
    return UnderfitRow(
        dataset=split.name,
        remedy=remedy,
        lr=lr,
        train_loss=torch.inf if fitted.diverged else mean_loss(network, train),
        validation_accuracy=network_accuracy(network, validation),
        test_accuracy=network_accuracy(network, test),
    )


def with_edges(part: Examples, shape: ImageShape) -> Examples:
    """Pixels (n, h w), and beside them how much each differs from its right and from its lower neighbor."""
    import torch

    from experiments.foundation.networks.split import Examples

    maps = part.inputs.view(-1, *shape[1:])
    edges = [maps.diff(dim=axis).abs().flatten(1) for axis in (1, 2)]
    return Examples(torch.cat([part.inputs, *edges], dim=1), part.labels)


def beside_plain(rows: Sequence[UnderfitRow]) -> Mapping[str, Pairs | Undecided]:
    arms = tuned(rows, attrgetter("remedy"), Dial("lr"))
    plain = arms.pop(PLAIN)
    return {remedy: compared("train_loss", plain, arm) for remedy, arm in arms.items()}


PART = Part(
    name="underfitting",
    row=UnderfitRow,
    run=run,
    claims=(
        Claim(
            "underfitting_is_mended",
            statement="Capacity, features or another optimizer lower the training loss of an underfitting model.",
            rule=Each(Ratio("training loss, plain / with it, each at its rate by validation", at_least=1.1), "remedy"),
            measure=beside_plain,
            topic="Remedies for underfitting",
            predicted={CAPACITY: "holds", FEATURES: "holds", OPTIMIZER: "holds"},
            source="pilot",
        ),
    ),
    tables=(
        Table(
            "A linear model that underfits",
            by=("remedy", "lr"),
            columns=("train_loss", "validation_accuracy", "test_accuracy"),
        ),
    ),
)
