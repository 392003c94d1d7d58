"""One network trained in every format from the same weights on the same batches."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from experiments.lab.experiment import Event, Part, Progress, Row, Table, observation
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Pairs
from experiments.lab.judge.measures import by_seed
from experiments.lab.judge.rules import Each, Equivalence
from experiments.train.precision.setup import Numbers

WAYS = (("fp32", "mixed"), ("bf16", "mixed"), ("fp16", "mixed"), ("fp16", "master"), ("bf16", "true"), ("fp16", "true"))
"""(type, how it is used)"""


@observation
class AccuracyRow(Row):
    """A network after training."""

    optimizer: str
    number_format: str
    final_loss: float
    """Of the last batch."""
    test_accuracy: float
    """That of guessing where the network diverged."""
    diverged: float
    """1 if some weight is not finite."""
    dataset: str


def run(numbers: Numbers) -> Iterator[Event]:
    import torch

    from experiments.foundation.networks.batches import shuffled_batches
    from experiments.foundation.networks.evaluation import network_accuracy
    from experiments.train.core.perceptron import perceptron
    from experiments.train.core.precision_arms import Arm, train_in

    params, split = numbers.params, numbers.split
    torch.manual_seed(numbers.seed)
    initial = perceptron((split.features, params.width, params.width, split.classes))
    rng = torch.Generator().manual_seed(numbers.seed)
    batches = list(shuffled_batches(len(split.train), params.batch_size, params.steps, rng))
    arms = [Arm(type_name=name, mode=mode, optimizer=by) for by in ("sgd", "adam") for name, mode in WAYS]
    for number, arm in enumerate(arms):
        yield Progress("trainings", number, len(arms))
        network, loss = train_in(arm, initial, split.train, batches, lr=params.lr)
        finite = all(bool(p.isfinite().all()) for p in network.parameters())
        right = network_accuracy(network.float(), split.test, batch_size=None, dtype=torch.float32)
        yield AccuracyRow(
            optimizer=arm.optimizer,
            number_format=arm.name,
            final_loss=loss,
            test_accuracy=right if finite else 1 / split.classes,
            diverged=float(not finite),
            dataset=split.name,
        )


def beside_float32(rows: Sequence[AccuracyRow]) -> Mapping[str, Pairs]:
    compared = (("bf16-mixed", "sgd"), ("fp16-mixed", "sgd"), ("fp16-true", "sgd"), ("fp16-true", "adam"))
    return {
        f"{name}, {by}": Pairs(
            by_seed(rows, "test_accuracy", number_format=name, optimizer=by),
            by_seed(rows, "test_accuracy", number_format="fp32", optimizer=by),
        )
        for name, by in compared
    }


PART = Part(
    name="accuracy",
    row=AccuracyRow,
    run=run,
    claims=(
        Claim(
            "sixteen_bits_reach_the_accuracy_of_float32",
            statement="Training in 16 bits reaches float32's test accuracy within 0.3 points.",
            rule=Each(
                Equivalence("test accuracy, 16 bits - float32; a diverged network guesses", margin=0.003),
                per="format and optimizer",
            ),
            measure=beside_float32,
            topic="Mixed precision",
            predicted={
                "bf16-mixed, sgd": "holds",
                "fp16-mixed, sgd": "holds",
                "fp16-true, sgd": "holds",
                "fp16-true, adam": "refuted",
            },
            source="pilot",
        ),
    ),
    tables=(Table("Accuracy", ("optimizer", "number_format"), ("test_accuracy", "diverged")),),
)
