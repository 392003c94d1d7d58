"""Scratch and masked pixels with the fewest labels, fine-tuned twice as long: are the other parts' trainings over?"""

from __future__ import annotations

from collections.abc import Iterator

from experiments.lab.experiment import Event, Part, Progress, Table
from experiments.pretrain.mim.labels import row_of
from experiments.pretrain.mim.setup import Images
from experiments.pretrain.rates import FineTunedRow

ARMS = ("scratch", "pixels")


def run(images: Images) -> Iterator[Event]:
    params = images.params
    for done, arm in enumerate(ARMS):
        yield Progress("twice as long", done, len(ARMS))
        for lr in params.lrs:
            yield row_of(images, arm, params.labels_per_class[0], lr, times=2)


PART = Part(
    name="convergence",
    row=FineTunedRow,
    run=run,
    tables=(Table("Twice the updates", by=("arm", "lr"), columns=("train_loss", "test_accuracy")),),
)
