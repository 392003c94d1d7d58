"""One network trained in every format from the same weights on the same batches, at one grid of learning rates."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from experiments.lab.experiment import Event, Part, Progress, Row, Table, observation
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Pairs, Undecided
from experiments.lab.judge.rules import Each, Equivalence
from experiments.train.precision.setup import Numbers
from experiments.train.tuned import Dial, Tuned, compared, tuned

WAYS = (("fp32", "mixed"), ("bf16", "mixed"), ("fp16", "mixed"), ("fp16", "master"), ("bf16", "true"), ("fp16", "true"))
"""(type, how it is used)"""


@observation
class AccuracyRow(Row):
    """A network after training."""

    optimizer: str
    number_format: str
    lr: float
    final_loss: float
    """Of the last batch."""
    validation_accuracy: float
    """That of guessing where the network diverged."""
    test_accuracy: float
    diverged: float
    """1 if some weight is not finite."""
    dataset: str


def run(numbers: Numbers) -> Iterator[Event]:
    import torch

    from experiments.foundation.networks.batches import shuffled_batches
    from experiments.foundation.networks.scores.evaluation import network_accuracy
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
        for lr in params.lrs:
            network, loss = train_in(arm, initial, split.train, batches, lr=lr)
            finite = all(bool(p.isfinite().all()) for p in network.parameters())
            validation, test = (
                network_accuracy(network.float(), part) if finite else 1 / split.classes
                for part in (split.validation, split.test)
            )
            yield AccuracyRow(
                optimizer=arm.optimizer,
                number_format=arm.name,
                lr=lr,
                final_loss=loss,
                validation_accuracy=validation,
                test_accuracy=test,
                diverged=float(not finite),
                dataset=split.name,
            )


def best(rows: Sequence[AccuracyRow]) -> dict[str, Tuned[AccuracyRow]]:
    """Format and optimizer -> its networks at the rate that validation chooses; one that diverges at every rate needs
    no better one."""
    arms, alive = tuned(rows, _name, Dial("lr")), {_name(row) for row in rows if not row.diverged}
    return {name: arm if name in alive else Tuned(arm.rows, None) for name, arm in arms.items()}


def tuned_rows(rows: Sequence[AccuracyRow]) -> list[AccuracyRow]:
    return [row for arm in best(rows).values() for row in arm.rows]


def beside_float32(rows: Sequence[AccuracyRow]) -> Mapping[str, Pairs | Undecided]:
    """Test accuracies of every arm and of float32."""
    arms = best(rows)
    base = {name: arms.pop(f"fp32, {name}") for name in dict.fromkeys(row.optimizer for row in rows)}
    return {name: compared("test_accuracy", arm, base[arm.rows[0].optimizer]) for name, arm in arms.items()}


def _name(row: AccuracyRow) -> str:
    return f"{row.number_format}, {row.optimizer}"


PART = Part(
    name="accuracy",
    row=AccuracyRow,
    run=run,
    claims=(
        Claim(
            "sixteen_bits_reach_the_accuracy_of_float32",
            statement="Training in 16 bits reaches float32's test accuracy within 0.3 points, each at its best rate.",
            rule=Each(
                Equivalence("test accuracy, 16 bits - float32; a diverged network guesses", margin=0.003),
                per="format and optimizer",
            ),
            measure=beside_float32,
            topic="Accuracy in 16 bits",
            predicted={
                "bf16-mixed, sgd": "holds",
                "fp16-mixed, sgd": "holds",
                "fp16-master, sgd": "holds",
                "bf16-true, sgd": "refuted",
                "fp16-true, sgd": "refuted",
                "bf16-mixed, adam": "holds",
                "fp16-mixed, adam": "holds",
                "fp16-master, adam": "holds",
                "bf16-true, adam": "refuted",
                "fp16-true, adam": "refuted",
            },
            source="Micikevicius et al. 2018 (mixed, master); Zamirai et al. 2020: all in 16 bits loses accuracy",
        ),
    ),
    tables=(
        Table("Accuracy", ("optimizer", "number_format", "lr"), ("validation_accuracy", "test_accuracy", "diverged")),
    ),
)
