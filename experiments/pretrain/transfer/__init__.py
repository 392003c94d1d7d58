"""When does pre-training help?

When does supervised pre-training help, and when does it hurt?

A small convolutional network learns characters, clothes, or half of the digits with their labels, and is then trained
on the other half: with few labels, with all of them in a short and a long training, with and without strong
augmentation, beside the same network from scratch; and self-training in its place. init=FILE takes an encoder of yours.

Notes: supervised pre-training, self-training.

Source: Zoph et al.: Rethinking Pre-training and Self-training, https://arxiv.org/abs/2006.06882, 2020; He, Girshick,
Dollar: Rethinking ImageNet Pre-training, https://arxiv.org/abs/1811.08883, 2018; Lake et al.: Human-level concept
learning through probabilistic program induction, 2015 (Omniglot).
"""

from __future__ import annotations

from collections.abc import Sequence

from experiments.lab.answers import listing, mean, percent
from experiments.lab.experiment import Experiment, Findings, Headline, Own, Rows, Table
from experiments.pretrain.rates import FineTunedRow, at_best
from experiments.pretrain.transfer import all_labels, labels, laws, self_training
from experiments.pretrain.transfer.setup import Params, prepare


def answer(findings: Findings, rows: Rows) -> str:
    if few := at_best(rows.if_run(labels.PART)):
        count = min(row.labels_per_class for row in few)
        said = [
            f"{percent(mean(few, 'test_accuracy', arm=arm, labels_per_class=count))} {words(arm)}"
            for arm in dict.fromkeys(row.arm for row in few)
        ]
        return f"With {count} labels of each class the network gets {listing(said)}."
    best = at_best([row for row in rows.if_run(all_labels.PART) if (row.budget, row.augment) == ("long", "strong")])
    said = [
        f"{percent(mean(best, 'test_accuracy', arm=arm), 4)} {words(arm)}" for arm in dict.fromkeys(r.arm for r in best)
    ]
    return f"With all labels, strong augmentation and many updates the network gets {listing(said)}."


def fewest_and_most(rows: Sequence[FineTunedRow]) -> list[FineTunedRow]:
    """At the best rates, with the fewest and the most labels."""
    counts = [row.labels_per_class for row in rows]
    return [row for row in at_best(rows) if row.labels_per_class in (min(counts), max(counts))]


def words(arm: str) -> str:
    return "from scratch" if arm == "scratch" else f"after {arm}"


EXPERIMENT = Experiment(
    about=__doc__,
    params=Params,
    prepare=prepare,
    parts=(laws.PART, labels.PART, all_labels.PART, self_training.PART),
    answer=answer,
    headline=Headline(
        labels.PART,
        Table("Test accuracy at the best rate", by=("labels_per_class", "arm"), columns=("test_accuracy",)),
        pick=fewest_and_most,
    ),
    own=Own(given=lambda params: params.init is not None, parts=(labels.PART.name,)),
)
