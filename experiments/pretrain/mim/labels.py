"""Every arm fine-tuned on a few labels of each class, at every rate."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from experiments.lab.answers import mean, percent
from experiments.lab.experiment import Curve, Event, Note, Part, Progress, Table
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import NotMeasured
from experiments.lab.judge.rules import Each, Effect, Order
from experiments.pretrain.kept import keep_encoder
from experiments.pretrain.mim.setup import MASK, Images
from experiments.pretrain.rates import (
    Compared,
    FineTunedRow,
    at_best,
    compared,
    gain_by_labels,
    per_labels,
    with_labels,
)


def run(images: Images) -> Iterator[Event]:
    params = images.params
    settings: list[tuple[str, int]] = [(arm, count) for arm in params.arms for count in params.labels_per_class]
    settings += [(f"{MASK}{share:g}", params.labels_per_class[-1]) for share in params.masks or ()]
    for done, (arm, count) in enumerate(settings):
        yield Progress("fine-tuning", done, len(settings))
        if arm not in ("scratch", "cnn"):
            yield Note(f"{arm}, seed {images.seed}: {images.pretrained(arm)[1]}")
        for lr in params.lrs:
            yield row_of(images, arm, count, lr)
    if params.encoder:
        yield keep_encoder(params.encoder, images.pretrained("pixels")[0].encoder, "masked pixels", images.seed)


def row_of(images: Images, arm: str, count: int, lr: float, times: int = 1) -> FineTunedRow:
    """One training on ``count`` labels of each class, ``times`` as long as the parameters say."""
    from experiments.foundation.networks.timing import one_thread
    from experiments.pretrain.core.fine_tuning import outcome

    split = images.split
    with one_thread():
        found = outcome(*images.fine_tuned(arm, count, lr, times), split.validation, split.test)
    return FineTunedRow(dataset=split.name, arm=arm, labels_per_class=count, lr=lr, **found)


def against_other_masks(rows: Sequence[FineTunedRow]) -> Mapping[str, Compared] | NotMeasured:
    """The usual share of masked patches against each other one."""
    others = {row.arm: row.labels_per_class for row in rows if row.arm.startswith(MASK)}
    if not others:
        return NotMeasured("needs other shares; give masks=0.15,0.9")
    return {other: compared(rows, "pixels", other, count) for other, count in others.items()}


def gain(rows: Sequence[FineTunedRow]) -> str:
    """What the curve shows."""
    best, fewest = at_best(rows), min(row.labels_per_class for row in rows)
    of = {arm: percent(mean(best, "test_accuracy", arm=arm, labels_per_class=fewest)) for arm in ("pixels", "scratch")}
    return f"With {fewest} labels a class, {of['pixels']} after filling in masked pixels, {of['scratch']} from scratch"


PART = Part(
    name="labels",
    row=FineTunedRow,
    run=run,
    claims=(
        Claim(
            "masked_pretraining_helps",
            statement="Filling in masked patches first raises accuracy by a point where labels are few.",
            rule=Each(Effect("test accuracy, masked pixels - from scratch", delta=0.01), per="labels of each class"),
            measure=per_labels("pixels", "scratch"),
            topic="masked image modelling",
            predicted="holds",
            source="pilot; He et al. 2021",
        ),
        Claim(
            "its_benefit_falls_with_labels",
            statement="The benefit of masked pre-training falls as labels grow in number.",
            rule=Order("test accuracy, masked pixels - from scratch", direction="falling"),
            measure=gain_by_labels("pixels", "scratch"),
            topic="masked image modelling",
            predicted="holds",
            source="pilot",
        ),
        Claim(
            "masking_matters",
            statement="Filling in masked patches is a point better than removing noise, with 5 labels of each class.",
            rule=Effect("test accuracy, masked pixels - noise removed", delta=0.01),
            measure=with_labels("pixels", "denoising", 5),
            topic="masked image modelling",
            predicted="holds",
            source="He et al. 2021: the masked part, not the autoencoder, makes the task hard",
        ),
        Claim(
            "single_patches_teach_more_than_blocks",
            statement="Random masks teach half a point more than masks in one block, with 20 labels of each class.",
            rule=Effect("test accuracy, random masks - masks in one block", delta=0.005),
            measure=with_labels("pixels", "blocks", 20),
            topic="masked image modelling: share of patches",
            predicted="holds",
            source="He et al. 2021, table 1 (f): random sampling is better than blocks",
        ),
        Claim(
            "codes_beat_pixels",
            statement="Codes of masked patches teach half a point more than pixels, with 20 labels of each class.",
            rule=Effect("test accuracy, masked codes - masked pixels", delta=0.005),
            measure=with_labels("codes", "pixels", 20),
            topic="tokens of patches",
            predicted="refuted",
            source="pilot; He et al. 2021, table 1: pixels are as good as tokens",
        ),
        Claim(
            "it_does_more_than_a_convolution",
            statement="A ViT after masked pre-training is a point better than a CNN from scratch, with 5 labels.",
            rule=Effect("test accuracy, masked pixels - CNN from scratch", delta=0.01),
            measure=with_labels("pixels", "cnn", 5),
            topic="masked image modelling",
            predicted="refuted",
            source="pilot",
        ),
        Claim(
            "more_than_half_is_masked_best",
            statement="Masking 0.6 of the patches teaches half a point more than masking few, or nearly all, of them.",
            rule=Each(Effect("test accuracy, mask 0.6 - other share", delta=0.005), per="other share"),
            measure=against_other_masks,
            topic="masked image modelling: share of patches",
            predicted="holds",
            source="He et al. 2021, figure 5: shares from 0.4 to 0.8 work well, less and more do worse",
        ),
    ),
    tables=(
        Table(
            "Fine-tuned on few labels",
            by=("arm", "labels_per_class", "lr"),
            columns=("train_loss", "validation_accuracy", "test_accuracy"),
        ),
    ),
    curves=(Curve("rates", "lr", "test_accuracy", "arm", x_scale="log", only={"labels_per_class": 5}, title=gain),),
)
