"""Every way of fine-tuning at every learning rate: what is learned, what of the old task is left, what was trained."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import TYPE_CHECKING

from experiments.adapt.lora import measures
from experiments.adapt.lora.measures import AdaptedRow
from experiments.adapt.lora.params import FULL, REPLAY, adapter_name
from experiments.adapt.lora.setup import Tasks
from experiments.lab.experiment import Curve, Event, Note, Part, Progress, Table
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.rules import Each, Effect, Equivalence, Order, Theorem, Under

if TYPE_CHECKING:
    from experiments.adapt.lora.tasks import Task


def run(tasks: Tasks) -> Iterator[Event]:
    from experiments.adapt.core.demonstrations import share_right

    task, done = tasks.task(), 0
    if task.note:
        yield Note(task.note)
    before = share_right(task.base, task.old_test)
    total = sum(map(len, tasks.params.arms.values()))
    for arm, lrs in tasks.params.arms.items():
        for lr in lrs:
            yield Progress("fine-tuning", done, total)
            yield _adapted(tasks, task, arm, lr, before)
            done += 1


def _adapted(tasks: Tasks, task: Task, arm: str, lr: float, before: float) -> AdaptedRow:
    from experiments.adapt.core.demonstrations import share_right
    from experiments.adapt.core.fine_tuning import fine_tune, possible_rank, rank_of_change
    from experiments.adapt.core.low_rank import trained_parameters
    from experiments.foundation.networks.timing import one_thread

    network, asked = tasks.network(arm), tasks.params
    start = copy.deepcopy(network)
    replayed = task.replayed if arm == REPLAY else None
    sizes = {"steps": asked.steps, "batch_size": asked.batch_size, "seed": tasks.seed}
    fine_tune(network, task.train, lr=lr, replayed=replayed, **sizes)
    with one_thread():
        validation, new, old = (share_right(network, part) for part in (task.validation, task.test, task.old_test))
        return AdaptedRow(
            dataset=task.dataset,
            arm=arm,
            lr=lr,
            trained_parameters=trained_parameters(network),
            possible_rank=possible_rank(network),
            rank=rank_of_change(start, network),
            validation_accuracy=validation,
            new_accuracy=new,
            old_accuracy=old,
            old_accuracy_before=before,
        )


PART = Part(
    name="training",
    row=AdaptedRow,
    run=run,
    claims=(
        Claim(
            "an_update_has_the_rank_of_its_adapter",
            statement="After training, the change of a layer with an adapter of rank r has rank r at most.",
            rule=Theorem("the rank of the change exceeds that of the adapter", control="full fine-tuning"),
            measure=measures.ranks_beyond,
            topic="LoRA: low rank",
            predicted="holds",
            source="B A is a sum of r products of a column and a row",
        ),
        Claim(
            "lora_is_as_accurate_as_full",
            statement="Fine-tuned with LoRA a network is as accurate on the new task as in full, within a point.",
            rule=Each(Equivalence("new accuracy, LoRA - full, each at its best rate", margin=0.01), per="rank"),
            measure=measures.beside_full,
            topic="LoRA: accuracy",
            predicted="refuted",
            source="pilot: of small networks ranks up to 16 are 1.3 points and more below",
        ),
        Claim(
            "higher_ranks_are_more_accurate",
            statement="The higher the rank of the adapter, the more accurate the network on the new task.",
            rule=Order("new accuracy over ranks", direction="rising"),
            measure=measures.over_ranks,
            topic="LoRA: choice of the rank",
            predicted="holds",
            source="pilot",
        ),
        Claim(
            "lora_forgets_less",
            statement="Even of a network as small as these, LoRA forgets two points less than full fine-tuning does at "
            "the rate at which it is as accurate on the new task.",
            rule=Each(Effect("old accuracy, LoRA - full at equal new accuracy", delta=0.02), per="rank"),
            measure=measures.at_equal_new_accuracy,
            topic="LoRA: forgetting",
            predicted="refuted",
            source="pilot; at 7 B parameters it does: Biderman et al. 2024 (LoRA Learns Less and Forgets Less)",
        ),
        Claim(
            "an_adapter_beats_a_head",
            statement="Adapters of rank 1 in all layers learn the new task better than a new head alone does.",
            rule=Effect("new accuracy, LoRA of rank 1 - head only", delta=0.0),
            measure=measures.rank_one_or_head,
            topic="LoRA: where",
            predicted="refuted",
            source="pilot: with about as many weights the head is 6 to 9 points ahead",
        ),
        Claim(
            "replay_keeps_what_was_known",
            statement="With old examples as a quarter of every batch, full fine-tuning loses at most three points of "
            "the old accuracy and learns at most five points less of the new task.",
            rule=Under(
                {
                    "the old task": Effect("old accuracy, full with replay - base", delta=-0.03),
                    "the new task": Effect("new accuracy, full with replay - full", delta=-0.05),
                }
            ),
            measure=measures.replay,
            topic="Fine-tuning: forgetting",
            predicted="holds",
            source="pilot",
        ),
        Claim(
            "pre_training_pays",
            statement="Fine-tuned in full, the base is 5 points more accurate on the new task than the same network "
            "from scratch.",
            rule=Effect("new accuracy, full - from scratch", delta=0.05),
            measure=measures.beside_scratch,
            topic="Fine-tuning: why from a base",
            predicted="refuted",
            source="pilot",
        ),
    ),
    tables=(
        Table(
            "Every arm at every rate",
            by=("arm", "lr"),
            columns=("trained_parameters", "rank", "validation_accuracy", "new_accuracy", "old_accuracy"),
        ),
    ),
    curves=(
        Curve(
            "learned_and_forgotten",
            "new_accuracy",
            "old_accuracy",
            "arm",
            only={"arm": (FULL, REPLAY, adapter_name(4), adapter_name(16))},
            joined=False,
            title=measures.forgotten,
        ),
        Curve("accuracy_by_rate", "lr", "new_accuracy", "arm", x_scale="log", title=measures.best_rates),
    ),
)
