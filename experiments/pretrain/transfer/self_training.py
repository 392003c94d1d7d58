"""Self-training: a network learns from what another one, trained on few labels, says of images without labels."""

from __future__ import annotations

from collections.abc import Iterator

from experiments.lab.experiment import Event, Part, Progress, Table
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.rules import Effect
from experiments.pretrain.rates import FineTunedRow, with_labels
from experiments.pretrain.transfer.setup import SCRATCH, Images

STUDENT = "self-trained"


def run(images: Images) -> Iterator[Event]:
    """The teacher from scratch and its student, both with strong augmentation and as many updates."""
    from experiments.foundation.networks.scores.evaluation import network_logits
    from experiments.foundation.networks.split import Examples
    from experiments.foundation.networks.timing import one_thread
    from experiments.pretrain.core.fine_tuning import first_of_each_class

    params, split = images.params, images.split
    few, steps = first_of_each_class(split.train, params.taught), max(params.budgets)
    for done, lr in enumerate(params.lrs):
        yield Progress("self-training", done, len(params.lrs))
        teacher, taught = images.trained(SCRATCH, few, lr, steps, "strong")
        with one_thread():
            guessed = Examples(split.train.inputs, network_logits(teacher, split.train.inputs).argmax(1))
        _, learned = images.trained(SCRATCH, guessed, lr, steps, "strong")
        for arm, found in ((SCRATCH, taught), (STUDENT, learned)):
            yield FineTunedRow(dataset=split.name, arm=arm, labels_per_class=params.taught, lr=lr, **found)


PART = Part(
    name="self-training",
    row=FineTunedRow,
    run=run,
    claims=(
        Claim(
            "self_training_helps",
            statement="A student of its own guesses on images without labels is half a point better, with 20 labels.",
            rule=Effect("test accuracy, self-trained - its teacher", delta=0.005),
            measure=with_labels(STUDENT, SCRATCH, 20),
            topic="self-training",
            predicted="holds",
            source="Zoph et al. 2020, abstract: self-training helps where pre-training hurts",
        ),
    ),
    tables=(Table("Self-training", by=("arm", "lr"), columns=("train_loss", "validation_accuracy", "test_accuracy")),),
)
