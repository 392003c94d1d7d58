"""The networks with the most labels on test images that were spoiled."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from experiments.foundation.networks.tuning import choose
from experiments.lab.experiment import Part, Row, Table, observation
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import NotMeasured, Pairs
from experiments.lab.judge.measures import by_seed
from experiments.lab.judge.rules import Each, Effect
from experiments.pretrain.mim.setup import Images


@observation
class CorruptedRow(Row):
    """One network under one corruption."""

    dataset: str
    arm: str
    corruption: str
    lr: float
    validation_accuracy: float
    lost_accuracy: float
    """Test accuracy on clean images less that on corrupted ones."""


def run(images: Images) -> Iterator[CorruptedRow]:
    from dataclasses import replace

    import torch

    from experiments.foundation.networks.scores.evaluation import network_accuracy
    from experiments.foundation.networks.timing import one_thread, reproducible
    from experiments.pretrain.core.corruptions import CORRUPTIONS

    params, split = images.params, images.split
    for arm in params.arms:
        for lr in params.lrs:
            network, _ = images.fine_tuned(arm, params.labels_per_class[-1], lr)
            with one_thread():
                clean, validated = (
                    network_accuracy(network, part, dtype=torch.float32) for part in (split.test, split.validation)
                )
            for name, corrupt in CORRUPTIONS.items():
                with reproducible(images.seed):
                    test = replace(split.test, inputs=corrupt(split.test.inputs))
                    spoiled = network_accuracy(network, test, dtype=torch.float32)
                yield CorruptedRow(
                    dataset=split.name,
                    arm=arm,
                    corruption=name,
                    lr=lr,
                    validation_accuracy=validated,
                    lost_accuracy=clean - spoiled,
                )


def saved(rows: Sequence[CorruptedRow]) -> Mapping[str, Pairs] | NotMeasured:
    """Per corruption: accuracy lost from scratch, and after masked pre-training, both at the rates of clean images."""
    if not {"scratch", "pixels"} <= {row.arm for row in rows}:
        return NotMeasured("needs the arms scratch and pixels")
    best = choose(rows, score=lambda row: row.validation_accuracy, arm=lambda row: (row.arm, row.corruption))
    return {
        corruption: Pairs(
            *(by_seed(best[arm, corruption].rows, "lost_accuracy") for arm in ("scratch", "pixels")),
        )
        for corruption in dict.fromkeys(row.corruption for row in rows)
    }


PART = Part(
    name="corruptions",
    row=CorruptedRow,
    run=run,
    claims=(
        Claim(
            "it_is_more_robust",
            statement="What masked pre-training learns is more robust: a corruption costs it a point less accuracy.",
            rule=Each(Effect("accuracy lost, from scratch - masked pixels", delta=0.01), per="corruption"),
            measure=saved,
            topic="masked image modelling: robust features",
            predicted={"gauss": "holds", "shift": "refuted", "occlude": "refuted", "rotate": "refuted"},
            source="pilot",
        ),
    ),
    tables=(
        Table(
            "Accuracy lost under corruptions",
            by=("corruption", "arm", "lr"),
            columns=("lost_accuracy", "validation_accuracy"),
        ),
    ),
)
