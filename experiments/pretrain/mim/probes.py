"""A linear probe on frozen encoders: after masked pre-training, and untrained."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from experiments.lab.experiment import Part, Row, Table, observation
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Pairs
from experiments.lab.judge.measures import by_seed
from experiments.lab.judge.rules import Each, Effect
from experiments.pretrain.mim.setup import Images

if TYPE_CHECKING:
    from experiments.foundation.architectures.vision_transformer import VisionTransformer
    from experiments.foundation.networks.split import Examples


@observation
class ProbeRow(Row):
    """One encoder, one number of labels; nothing but the probe is trained."""

    dataset: str
    arm: str
    """Pixels, or scratch for an encoder with random weights."""
    labels_per_class: int
    test_accuracy: float
    test_images: int


def run(images: Images) -> Iterator[ProbeRow]:
    from experiments.foundation.networks.timing import reproducible
    from experiments.pretrain.core.fine_tuning import probe_accuracy

    split = images.split
    for arm in ("scratch", "pixels"):
        with reproducible(images.seed):
            encoder = images.encoder() if arm == "scratch" else images.pretrained("pixels")[0].encoder
            validation, test = (features(encoder, part) for part in (split.validation, split.test))
            for count in images.params.labels_per_class:
                accuracy = probe_accuracy(features(encoder, images.labelled(count)), validation, test)
                yield ProbeRow(
                    dataset=split.name,
                    arm=arm,
                    labels_per_class=count,
                    test_accuracy=accuracy,
                    test_images=len(test),
                )


def features(encoder: VisionTransformer, examples: Examples) -> Examples:
    """The mean token (n, dim) of every image, which is what the head reads."""
    from experiments.foundation.networks.scores.evaluation import evaluating
    from experiments.foundation.networks.split import Examples

    with evaluating(encoder):
        means = encoder.norm(encoder.blocks(encoder.tokens(examples.inputs))).mean(1)
        return Examples(means.cpu(), examples.labels.cpu())


def against_random(rows: Sequence[ProbeRow]) -> Mapping[str, Pairs]:
    return {
        f"{count} labels": Pairs(
            *(by_seed(rows, "test_accuracy", arm=arm, labels_per_class=count) for arm in ("pixels", "scratch")),
            items=rows[0].test_images,
        )
        for count in sorted({row.labels_per_class for row in rows})
    }


PART = Part(
    name="probes",
    row=ProbeRow,
    run=run,
    claims=(
        Claim(
            "it_learns_more_than_chance_gives",
            statement="Probed, an encoder after masked pre-training is a point better than one of random weights.",
            rule=Each(
                Effect("test accuracy of a probe, masked pixels - random weights", delta=0.01),
                per="labels of each class",
            ),
            measure=against_random,
            topic="masked image modelling: linear probes",
            predicted="holds",
            source="pilot",
        ),
    ),
    tables=(Table("Probes of frozen encoders", by=("arm", "labels_per_class"), columns=("test_accuracy",)),),
)
