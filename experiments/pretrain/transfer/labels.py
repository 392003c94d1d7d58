"""Every source, and none, fine-tuned on few labels of each class of the target."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from experiments.lab.answers import mean, percent
from experiments.lab.experiment import Curve, Event, Note, Part, Progress, Table
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Measured
from experiments.lab.judge.rules import Each, Effect
from experiments.pretrain.kept import keep_encoder
from experiments.pretrain.rates import FineTunedRow, at_best, gain_lost, with_labels
from experiments.pretrain.transfer.setup import OWN, SCRATCH, Images


def run(images: Images) -> Iterator[Event]:
    from experiments.pretrain.core.fine_tuning import first_of_each_class

    params, split = images.params, images.split
    arms = (SCRATCH, OWN) if params.init else (SCRATCH, *params.sources)
    for done, arm in enumerate(arms):
        yield Progress("few labels", done, len(arms))
        if arm in params.sources:
            yield Note(f"{arm}, seed {images.seed}: {images.pretrained(arm)[1]}")
        for count, steps in zip(params.labels_per_class, params.finetune_steps, strict=True):
            few = first_of_each_class(split.train, count)
            for lr in params.lrs:
                _, found = images.trained(arm, few, lr, steps, "shift")
                yield FineTunedRow(dataset=split.name, arm=arm, labels_per_class=count, lr=lr, **found)
    if params.encoder and not params.init:
        source = params.sources[0]
        yield keep_encoder(params.encoder, images.pretrained(source)[0], source, images.seed)


def per_source(
    measure: Callable[[str], Callable[[Sequence[FineTunedRow]], Measured]],
) -> Callable[[Sequence[FineTunedRow]], Mapping[str, Measured]]:
    """A measure of every source that ran."""

    def of_all(rows: Sequence[FineTunedRow]) -> Mapping[str, Measured]:
        sources = dict.fromkeys(row.arm for row in rows if row.arm not in (SCRATCH, OWN))
        return {source: measure(source)(rows) for source in sources}

    return of_all


def gain(rows: Sequence[FineTunedRow]) -> str:
    """What the curve shows."""
    best, fewest = at_best(rows), min(row.labels_per_class for row in rows)
    means = {
        arm: mean(best, "test_accuracy", arm=arm, labels_per_class=fewest) for arm in dict.fromkeys(r.arm for r in best)
    }
    top = max(means, key=lambda arm: means[arm])
    return f"With {fewest} labels a class: {percent(means[SCRATCH])} from scratch, at best {percent(means[top])}, {top}"


PART = Part(
    name="labels",
    row=FineTunedRow,
    run=run,
    claims=(
        Claim(
            "pretraining_helps_few_labels",
            statement="Supervised pre-training raises accuracy by 2 points, with 5 labels of each class.",
            rule=Each(Effect("test accuracy, pre-trained - from scratch", delta=0.02), per="source"),
            measure=per_source(lambda source: with_labels(source, SCRATCH, 5)),
            topic="supervised pre-training: few labels",
            predicted={"omniglot": "holds", "fashion": "refuted", "other classes": "holds"},
            source="pilot",
        ),
        Claim(
            "its_benefit_falls_with_labels",
            statement="The benefit of supervised pre-training is a point smaller with 100 labels than with 5.",
            rule=Each(Effect("gain over training from scratch, 5 labels - 100 labels", delta=0.01), per="source"),
            measure=per_source(lambda source: gain_lost(source, SCRATCH, 5, 100)),
            topic="supervised pre-training: few labels",
            predicted={"omniglot": "holds", "fashion": "refuted", "other classes": "holds"},
            source="pilot; Zoph et al. 2020",
        ),
        Claim(
            "the_nearer_source_helps_more",
            statement="Characters teach more for digits than clothes do, by 2 points, with 5 labels of each class.",
            rule=Effect("test accuracy, omniglot - fashion", delta=0.02),
            measure=with_labels("omniglot", "fashion", 5),
            topic="supervised pre-training: the source",
            predicted="holds",
            source="pilot",
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
