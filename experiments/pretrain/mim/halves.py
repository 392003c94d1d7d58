"""The upper half of the classes with few labels: after masked pre-training, and after training on the lower half."""

from __future__ import annotations

from collections.abc import Iterator

from experiments.lab.experiment import Event, Part, Progress, Table
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.rules import Effect
from experiments.pretrain.mim.setup import Images
from experiments.pretrain.rates import FineTunedRow, with_labels

ARMS = ("scratch", "pixels", "other classes")


def run(images: Images) -> Iterator[Event]:
    params = images.params
    count = params.labels_per_class[-1]
    for done, arm in enumerate(ARMS):
        yield Progress("other classes", done, len(ARMS))
        for lr in params.lrs:
            yield row_of(images, arm, count, lr)


def row_of(images: Images, arm: str, count: int, lr: float) -> FineTunedRow:
    """Fine-tuned and tested on the upper half of the classes alone."""
    import copy

    import torch

    from experiments.foundation.networks.timing import reproducible
    from experiments.pretrain.core.encoder_files import head_of
    from experiments.pretrain.core.fine_tuning import fine_tune, first_of_each_class, of_classes, outcome

    params, split = images.params, images.split
    upper = range(split.classes // 2, split.classes)
    with reproducible(images.seed):
        other = arm == "other classes"
        network = copy.deepcopy(images.of_other_classes()) if other else images.start(arm)
        torch.manual_seed(images.seed)
        head_of(network)[1].reset_parameters()
        few = first_of_each_class(of_classes(split.train, upper), count)
        fitted = fine_tune(network, few, lr=lr, steps=params.finetune_steps[-1], seed=images.seed, change=images.moved)
        found = outcome(network, fitted, of_classes(split.validation, upper), of_classes(split.test, upper))
    return FineTunedRow(dataset=split.name, arm=arm, labels_per_class=count, lr=lr, **found)


PART = Part(
    name="halves",
    row=FineTunedRow,
    run=run,
    claims=(
        Claim(
            "it_beats_labels_of_other_classes",
            statement="Masked pre-training is a point better than labels of other classes, with 20 of each class.",
            rule=Effect("test accuracy, masked pixels - other classes", delta=0.01),
            measure=with_labels("pixels", "other classes", 20),
            topic="masked image modelling or supervised pre-training",
            predicted="holds",
            source="He et al. 2021, abstract: it outperforms supervised pre-training",
        ),
    ),
    tables=(Table("The upper half of the classes", by=("arm", "lr"), columns=("train_loss", "test_accuracy")),),
)
