"""Three short trainings: twice the same seed, and another one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from experiments.lab.experiment import Event, Part, Progress, Table
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Instances
from experiments.lab.judge.rules import Theorem
from experiments.train.mnist.epochs import EpochRow, row_of
from experiments.train.mnist.setup import Images

FIRST, AGAIN, OTHER = "first", "again", "other seed"


def run(images: Images) -> Iterator[Event]:
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


PART = Part(
    name="repeats",
    row=EpochRow,
    run=run,
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
