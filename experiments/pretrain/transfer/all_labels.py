"""All labels of the target: every source and none, with and without strong augmentation, in few and many updates."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from experiments.lab.experiment import Event, Part, Progress, Table, kept, observation
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Pairs
from experiments.lab.judge.measures import by_seed
from experiments.lab.judge.rules import Each, Effect, Equivalence, Ratio
from experiments.pretrain.rates import Compared, FineTunedRow, best_rates, compared
from experiments.pretrain.transfer.setup import SCRATCH, Augmentation, Images

if TYPE_CHECKING:
    from torch import nn

NEAR = 0.95
"""Share of its final validation accuracy at which a training counts as nearly done."""
READ = 5
"""Updates between two looks at the validation accuracy, in the first quarter of a training."""


@observation
class AllRow(FineTunedRow):
    augment: Augmentation
    budget: str
    """Short or long."""
    steps: int
    steps_to_near: int
    """Updates after which 95 % of the final validation accuracy are first reached; all where that is late."""


def run(images: Images) -> Iterator[Event]:
    params = images.params
    augmentations: tuple[Augmentation, ...] = ("shift", "strong")
    settings = [
        (arm, augment, budget)
        for arm in (SCRATCH, *params.sources)
        for augment in augmentations
        for budget in zip(("short", "long"), params.budgets, strict=True)
    ]
    for done, (arm, augment, (budget, steps)) in enumerate(settings):
        yield Progress("all labels", done, len(settings))
        for lr in params.lrs:
            yield row_of(images, arm, augment, budget, steps, lr)


def row_of(images: Images, arm: str, augment: Augmentation, budget: str, steps: int, lr: float) -> AllRow:
    import torch

    from experiments.foundation.networks.scores.evaluation import network_accuracy

    split, seen = images.split, dict[int, float]()

    def read(network: nn.Module, step: int) -> None:
        if step % READ == 0 and step <= steps // 4:
            seen[step] = network_accuracy(network, split.validation, dtype=torch.float32)

    _, found = images.trained(arm, split.train, lr, steps, augment, after=read)
    near = NEAR * found["validation_accuracy"]
    return AllRow(
        dataset=split.name,
        arm=arm,
        labels_per_class=images.params.images // split.classes,
        lr=lr,
        augment=augment,
        budget=budget,
        steps=steps,
        steps_to_near=next((step for step, accuracy in seen.items() if accuracy >= near), steps),
        **found,
    )


def sources_of(rows: Sequence[AllRow]) -> list[str]:
    return list(dict.fromkeys(row.arm for row in rows if row.arm != SCRATCH))


def against_scratch(
    budget: str, augment: Augmentation, *, lost: bool = False
) -> Callable[[Sequence[AllRow]], Mapping[str, Compared]]:
    """The measure, per source, of pre-trained against scratch in one setting; ``lost`` the other way round."""

    def measure(rows: Sequence[AllRow]) -> Mapping[str, Compared]:
        chosen, labels = kept(rows, {"budget": budget, "augment": augment}), rows[0].labels_per_class
        arms = {source: (SCRATCH, source) if lost else (source, SCRATCH) for source in sources_of(rows)}
        return {source: compared(chosen, *pair, labels) for source, pair in arms.items()}

    return measure


def updates_saved(rows: Sequence[AllRow]) -> Mapping[str, Pairs]:
    """Per source: updates from scratch, and pre-trained, until a training is nearly done, each at its best rate."""
    best = best_rates(kept(rows, {"budget": "long", "augment": "shift"}))
    needed = {arm: by_seed(choice.rows, "steps_to_near") for (arm, _), choice in best.items()}
    return {source: Pairs(needed[SCRATCH], needed[source]) for source in sources_of(rows)}


PART = Part(
    name="everything",
    row=AllRow,
    run=run,
    claims=(
        Claim(
            "it_hurts_with_all_labels",
            statement="With all labels and strong augmentation pre-training costs at least 0.2 points.",
            rule=Each(Effect("test accuracy, from scratch - pre-trained, long training", delta=0.002), per="source"),
            measure=against_scratch("long", "strong", lost=True),
            topic="supervised pre-training: when it hurts",
            predicted="refuted",
            source="Zoph et al. 2020 saw it on COCO, with networks a thousand times as large",
        ),
        Claim(
            "it_is_ahead_in_a_short_training",
            statement="With all labels and few updates pre-training is a point ahead.",
            rule=Each(Effect("test accuracy, pre-trained - from scratch, short training", delta=0.01), per="source"),
            measure=against_scratch("short", "shift"),
            topic="supervised pre-training: budgets",
            predicted="holds",
            source="He, Girshick and Dollar 2018: it speeds up convergence early in training",
        ),
        Claim(
            "scratch_catches_up",
            statement="Given enough updates and all labels, training from scratch is no worse, within half a point.",
            rule=Each(
                Equivalence("test accuracy, pre-trained - from scratch, long training", margin=0.005), per="source"
            ),
            measure=against_scratch("long", "shift"),
            topic="supervised pre-training: budgets",
            predicted="holds",
            source="He, Girshick and Dollar 2018, abstract",
        ),
        Claim(
            "it_converges_faster",
            statement="Pre-training halves the updates to 95 % of the final accuracy.",
            rule=Each(
                Ratio("updates to 95 % of the final accuracy, from scratch / pre-trained", at_least=2), per="source"
            ),
            measure=updates_saved,
            topic="supervised pre-training: convergence",
            predicted="holds",
            source="He, Girshick and Dollar 2018: it speeds up convergence early in training",
        ),
    ),
    tables=(
        Table(
            "All labels",
            by=("arm", "augment", "budget", "lr"),
            columns=("validation_accuracy", "test_accuracy", "steps_to_near"),
        ),
    ),
)
