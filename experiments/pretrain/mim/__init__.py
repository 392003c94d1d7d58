"""Does masked pre-training help?

Does learning to fill in masked patches help where labels are few?

A small Vision Transformer learns from images without labels to fill in patches that it does not see, and is then
fine-tuned on a few labels of each class, beside the same network from scratch and after other ways of pre-training, and
beside a convolutional one; all weights are trained, or a probe on frozen features; test images are clean or spoiled.

Notes: masked image modelling, tokens of patches, robust features.

Source: He et al.: Masked Autoencoders Are Scalable Vision Learners, https://arxiv.org/abs/2111.06377, 2021; Bao et al.:
BEiT, https://arxiv.org/abs/2106.08254, 2021.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from experiments.lab.answers import mean, percent
from experiments.lab.experiment import Experiment, Findings, Headline, Rows, Table
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import NotMeasured, Pairs
from experiments.lab.judge.measures import by_seed
from experiments.lab.judge.rules import Each, Effect, Equivalence
from experiments.pretrain.mim import convergence, corruptions, halves, labels, laws, probes
from experiments.pretrain.mim.setup import MASK, Params, prepare
from experiments.pretrain.rates import FineTunedRow, at_best

PROBED = 5
"""Labels of each class with which a probe is compared with fine-tuning."""


def tuned_and_probed(rows: Rows) -> Pairs | NotMeasured:
    """The pre-trained encoder fine-tuned at its best rate, and under a probe."""
    tuned = [row for row in at_best(rows.of(labels.PART)) if row.arm == "pixels" and row.labels_per_class == PROBED]
    if not tuned:
        return NotMeasured(f"needs the arm pixels with {PROBED} labels per class")
    probed = by_seed(rows.of(probes.PART), "test_accuracy", arm="pixels", labels_per_class=PROBED)
    return Pairs(by_seed(tuned, "test_accuracy"), probed, items=tuned[0].test_images)


def twice_as_long(rows: Rows) -> Mapping[str, Pairs]:
    """Both arms with the fewest labels, fine-tuned twice as long and as long as elsewhere, each at its best rate."""
    longer = at_best(rows.of(convergence.PART))
    fewest = min(row.labels_per_class for row in longer)
    usual = [row for row in at_best(rows.of(labels.PART)) if row.labels_per_class == fewest]
    return {
        arm: Pairs(*(by_seed(part, "test_accuracy", arm=arm) for part in (longer, usual)), items=longer[0].test_images)
        for arm in convergence.ARMS
    }


def with_fewest_labels(rows: Sequence[FineTunedRow]) -> list[FineTunedRow]:
    """At the best rates, without the other shares of masked patches."""
    fewest = min(row.labels_per_class for row in rows)
    return at_best([row for row in rows if row.labels_per_class == fewest and not row.arm.startswith(MASK)])


def answer(findings: Findings, rows: Rows) -> str:
    best = at_best(rows.of(labels.PART))
    counts = sorted({row.labels_per_class for row in best})
    few, many = (
        [percent(mean(best, "test_accuracy", arm=arm, labels_per_class=count)) for arm in ("pixels", "scratch")]
        for count in (counts[0], counts[-1])
    )
    return (
        f"Fine-tuned on {counts[0]} labels of each class, an encoder that learned to fill in masked patches gets "
        f"{few[0]} of test images, one from scratch {few[1]}; with {counts[-1]} labels {many[0]} and {many[1]}."
    )


EXPERIMENT = Experiment(
    about=__doc__,
    params=Params,
    prepare=prepare,
    parts=(laws.PART, labels.PART, probes.PART, corruptions.PART, halves.PART, convergence.PART),
    claims=(
        Claim(
            "longer_training_changes_little",
            statement="With 5 labels of each class twice the updates change accuracy by less than half a point.",
            rule=Each(
                Equivalence("test accuracy, twice the updates - the study's own number", margin=0.005), per="start"
            ),
            measure=twice_as_long,
            topic="masked image modelling",
            predicted="refuted",
            source="pilot",
        ),
        Claim(
            "a_probe_understates_it",
            statement="A linear probe sees 10 points less than fine-tuning of the same encoder, with 5 labels.",
            rule=Effect("test accuracy after masked pre-training, fine-tuned - probed", delta=0.1),
            measure=tuned_and_probed,
            topic="masked image modelling: linear probes",
            predicted="holds",
            source="pilot; He et al. 2021, section 4.3: a probe misses features that are strong but not linear",
        ),
    ),
    answer=answer,
    headline=Headline(
        labels.PART,
        Table(
            "Test accuracy with the fewest labels, at the best rate",
            by=("arm", "labels_per_class"),
            columns=("test_accuracy",),
        ),
        pick=with_fewest_labels,
    ),
)
