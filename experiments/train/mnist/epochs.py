"""One epoch of any training beside scikit-learn's metrics; and three short trainings: the same seed twice, another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from experiments.lab.experiment import Event, Part, Progress, Row, Table, observation
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Instances
from experiments.lab.judge.rules import Theorem
from experiments.train.mnist.setup import Images

if TYPE_CHECKING:
    import torch

    from experiments.foundation.networks.recipe import Epoch
    from experiments.train.mnist.arms import Arm


@observation
class EpochRow(Row):
    arm: str
    epoch: int
    dataset: str
    model: str
    precision: str
    resolved: str
    """The precision that it came to on this device."""
    device: str
    train_loss: float
    test_accuracy: float
    test_macro_f1: float
    test_nll: float
    test_brier: float
    test_ece: float
    images_per_second: float
    updates: int
    skipped_updates: int
    train_seconds: float
    peak_memory_bytes: int
    test_images: int
    parameters: int
    flops_per_image: int
    weights_digest: str
    """First 16 digits of the SHA-256 of all weights: equal digests, equal bits."""
    sklearn_difference: float
    """Largest difference of accuracy, macro-F1, NLL and confusion matrix from scikit-learn's."""
    sklearn_control: float
    """The same against the labels moved by one image."""

    @property
    def measured(self) -> tuple[object, ...]:
        """What has to repeat bit by bit."""
        metrics = (self.train_loss, self.test_accuracy, self.test_macro_f1, self.test_nll, self.test_ece)
        return (*metrics, self.weights_digest)


def row_of(arm: Arm, epoch: Epoch, logits: torch.Tensor) -> EpochRow:
    """The row of an epoch, with ``logits`` on the test images."""
    from experiments.foundation.networks.checkpoint import weights_digest
    from experiments.foundation.networks.device import peak_memory_bytes
    from experiments.foundation.networks.metrics import evaluate

    targets = arm.split.test.labels
    test = evaluate(logits, targets)
    return EpochRow(
        arm=arm.name,
        epoch=epoch.epoch,
        dataset=arm.split.name,
        model=arm.params.model,
        precision=arm.params.precision,
        resolved=arm.precision.resolved,
        device=arm.training.device.type,
        train_loss=epoch.train_loss,
        test_accuracy=test.accuracy,
        test_macro_f1=test.macro_f1,
        test_nll=test.nll,
        test_brier=test.brier,
        test_ece=test.ece,
        images_per_second=epoch.images / epoch.train_seconds,
        updates=epoch.updates,
        skipped_updates=epoch.skipped_updates,
        train_seconds=epoch.train_seconds,
        peak_memory_bytes=peak_memory_bytes(arm.training.device),
        test_images=len(targets),
        parameters=arm.cost.parameters,
        flops_per_image=arm.cost.flops,
        weights_digest=weights_digest(arm.training.network),
        sklearn_difference=sklearn_difference(logits, targets, targets),
        sklearn_control=sklearn_difference(logits, targets, targets.roll(1)),
    )


def sklearn_difference(logits: torch.Tensor, targets: torch.Tensor, sklearn_targets: torch.Tensor) -> float:
    """Largest difference between our metrics against ``targets`` and scikit-learn's against ``sklearn_targets``."""
    import numpy as np
    from sklearn import metrics

    from experiments.foundation.networks.metrics import evaluate

    ours = evaluate(logits, targets)
    probabilities = logits.double().cpu().softmax(1).numpy()
    truth, predicted, labels = sklearn_targets.cpu().numpy(), probabilities.argmax(1), np.arange(probabilities.shape[1])
    return max(
        abs(ours.accuracy - metrics.accuracy_score(truth, predicted)),
        abs(ours.macro_f1 - metrics.f1_score(truth, predicted, average="macro")),
        abs(ours.nll - metrics.log_loss(truth, probabilities, labels=labels)),
        float(np.abs(ours.confusion.numpy() - metrics.confusion_matrix(truth, predicted, labels=labels)).max()),
    )


FIRST, AGAIN, OTHER = "first", "again", "other seed"


def run_repeats(images: Images) -> Iterator[Event]:
    """One epoch of ``repeat_updates`` updates each, tested on at most 1000 images."""
    from experiments.foundation.networks.device import deterministic
    from experiments.train.mnist import arms

    params = replace(images.params, epochs=1)
    trained = params.repeat_updates * params.batch_size * params.accumulate
    split = replace(images.split, train=images.split.train.first(trained), test=images.split.test.first(1000))
    with deterministic(split.train.inputs.device):
        for name, seed in ((FIRST, images.seed), (AGAIN, images.seed), (OTHER, images.seed + 1)):
            arm = arms.begin(name, params, split, seed, images.group)
            for event in arms.events(arm, []):
                if images.group.rank == 0:
                    yield event if isinstance(event, Progress) else row_of(arm, *event)


def changed(rows: Sequence[EpochRow]) -> Instances:
    """1 where anything differs from the first training of that seed; another seed is the control."""
    arms = {name: {row.seed: row.measured for row in rows if row.arm == name} for name in (FIRST, AGAIN, OTHER)}

    def changes(name: str) -> list[float]:
        return [float(first != arms[name][seed]) for seed, first in sorted(arms[FIRST].items())]

    return Instances(changes(AGAIN), control=changes(OTHER))


REPEATS = Part(
    name="repeats",
    row=EpochRow,
    run=run_repeats,
    claims=(
        Claim(
            "same_seed_gives_the_same_bits",
            statement="Training twice with the same seed gives the same weights and metrics bit by bit.",
            rule=Theorem("no weight, loss or metric differs", control="another seed"),
            measure=changed,
            topic="reproducible training",
            predicted="holds",
            source="PyTorch, Reproducibility, documentation of version 2.13",
        ),
    ),
    tables=(Table("Short trainings", ("arm",), ("updates", "train_loss", "test_accuracy", "test_nll")),),
)
