"""A network on images, trained by every optimizer over one grid of learning rates."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from operator import attrgetter

from experiments.lab.answers import listing, mean, percent
from experiments.lab.experiment import Curve, Event, Part, Progress, Row, Table, observation
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Pairs, Undecided
from experiments.lab.judge.rules import Each, Effect
from experiments.train.optimizers.setup import ADAPTIVE, OPTIMIZERS, Images
from experiments.train.tuned import Dial, Tuned, compared, tuned

SHOWN = ("sgd", "momentum", "adam")
"""Optimizers in the title of the curve."""


@observation
class NetworkRow(Row):
    dataset: str
    optimizer: str
    lr: float
    final_loss: float
    """Of the last batch; nan if it diverged."""
    validation_accuracy: float
    test_accuracy: float


def run(images: Images) -> Iterator[Event]:
    for number, optimizer in enumerate(OPTIMIZERS):
        yield Progress("networks", number, len(OPTIMIZERS))
        yield from (trained(images, optimizer, lr) for lr in images.params.lrs)


def trained(images: Images, optimizer: str, lr: float) -> NetworkRow:
    """A perceptron from the weights of the seed by torch's optimizer."""
    import torch

    from experiments.foundation.networks.batches import shuffled_batches
    from experiments.foundation.networks.fit import fit
    from experiments.foundation.networks.scores.evaluation import network_accuracy
    from experiments.train.core.perceptron import perceptron
    from experiments.train.core.update_rules import Rule, torch_twin

    params, split = images.params, images.split
    torch.manual_seed(images.seed)
    network = perceptron((split.features, params.width, split.classes))
    twin = torch_twin(Rule(name=optimizer, lr=lr), list(network.parameters()))
    rng = torch.Generator().manual_seed(images.seed)
    fitted = fit(network, split.train, twin, shuffled_batches(len(split.train), params.batch_size, params.steps, rng))
    validation, test = (
        network_accuracy(network, part, batch_size=None, dtype=torch.float32) for part in (split.validation, split.test)
    )
    return NetworkRow(
        dataset=split.name,
        optimizer=optimizer,
        lr=lr,
        final_loss=fitted.last_loss,
        validation_accuracy=validation,
        test_accuracy=test,
    )


def best(rows: Sequence[NetworkRow]) -> Mapping[str, Tuned[NetworkRow]]:
    """Optimizer -> its networks at the rate that validation chooses."""
    return tuned(rows, attrgetter("optimizer"), Dial("lr"))


def tuned_rows(rows: Sequence[NetworkRow]) -> list[NetworkRow]:
    return [row for arm in best(rows).values() for row in arm.rows]


def against_sgd(rows: Sequence[NetworkRow]) -> Mapping[str, Pairs | Undecided]:
    """Test accuracy of every adaptive rule and of SGD."""
    arms = best(rows)
    return {name: compared("test_accuracy", arms[name], arms["sgd"]) for name in ADAPTIVE}


def best_rates(rows: Sequence[NetworkRow]) -> str:
    """What the curve shows."""
    shown = {name: best(rows)[name].rows for name in SHOWN}
    said = [f"{name} {percent(mean(of, 'test_accuracy'))} at {of[0].lr:g}" for name, of in shown.items()]
    return f"At their best rates: {listing(said)}"


PART = Part(
    name="networks",
    row=NetworkRow,
    run=run,
    claims=(
        Claim(
            "adaptive_rules_predict_better",
            statement="At tuned learning rates adaptive rules classify images better than SGD by half a point.",
            rule=Each(Effect("test accuracy, rule - SGD, each at its rate by validation", delta=0.005), per="rule"),
            measure=against_sgd,
            topic="Accuracy of adaptive optimizers",
            predicted="refuted",
            source="Wilson et al. 2017: adaptive methods generalize no better than SGD",
        ),
    ),
    tables=(
        Table(title="Images", by=("optimizer", "lr"), columns=("final_loss", "validation_accuracy", "test_accuracy")),
    ),
    curves=(Curve("accuracy", "lr", "test_accuracy", "optimizer", x_scale="log", title=best_rates),),
)
