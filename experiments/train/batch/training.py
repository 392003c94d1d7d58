"""A small batch and the whole training set, each at its best learning rate: at equal epochs, equal steps, and tuned."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

from experiments.lab.answers import mean
from experiments.lab.experiment import Event, Part, Progress, Row, Table, observation
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Pairs, Undecided
from experiments.lab.judge.rules import Each, Effect
from experiments.train.batch.setup import Networks
from experiments.train.tuned import Dial, Tuned, compared, tuned

EPOCHS, STEPS, TUNED = "equal epochs", "equal steps", "steps by validation"
BUDGETS = (EPOCHS, STEPS, TUNED)
RISE = 0.005
"""Validation accuracy that the second half of a training has to gain, if a longer one is to be worth a try."""


@observation
class AccuracyRow(Row):
    """A training at one of its updates."""

    dataset: str
    batch_size: int
    lr: float
    updates: int
    validation_accuracy: float
    test_accuracy: float


def run(networks: Networks) -> Iterator[Event]:
    sizes = (networks.params.small_batch, len(networks.split.train))
    for done, size in enumerate(sizes):
        yield Progress("trainings", done, len(sizes))
        yield from trained(networks, size)


def trained(networks: Networks, batch_size: int) -> Iterator[AccuracyRow]:
    """SGD with momentum from the initial weights at every learning rate side by side, seen after ``epochs`` updates,
    twice as many, and so on up to those of ``epochs`` passes in small batches."""
    import torch

    from experiments.foundation.networks.batches import shuffled_batches
    from experiments.foundation.networks.side_by_side import member_accuracies, member_losses
    from experiments.foundation.networks.tuned_networks import Members

    params, train = networks.params, networks.split.train
    last = params.epochs * math.ceil(len(train) / params.small_batch)
    seen = {last, *(params.epochs * 2**k for k in range(32) if params.epochs * 2**k < last)}
    members = Members([networks.network] * len(params.lrs))
    # each member's loss times its learning rate: with a rate of 1 for all, v <- 0.9 v + lr g and w <- w - v
    optimizer, lrs = torch.optim.SGD(members.parameters(), lr=1.0, momentum=0.9), torch.tensor(params.lrs)
    batches = shuffled_batches(len(train), batch_size, last, torch.Generator().manual_seed(networks.seed))
    for updates, batch in enumerate(batches, start=1):
        optimizer.zero_grad()
        (member_losses(members(train.inputs[batch]), train.labels[batch]) * lrs).sum().backward()
        optimizer.step()
        if updates in seen:
            parts = (networks.split.validation, networks.split.test)
            for lr, *accuracies in zip(params.lrs, *(member_accuracies(members, part) for part in parts), strict=True):
                yield AccuracyRow(
                    dataset=networks.split.name,
                    batch_size=batch_size,
                    lr=lr,
                    updates=updates,
                    validation_accuracy=accuracies[0],
                    test_accuracy=accuracies[1],
                )


def chosen(rows: Sequence[AccuracyRow], batch_size: int, budget: str) -> Tuned[AccuracyRow]:
    """The trainings at the learning rate, and where the budget leaves it open at the number of updates, that validation
    chooses. Where the last is the best and half as many updates lack half a point, a longer one may be better."""
    small = min(row.batch_size for row in rows)
    first, last = (pick(row.updates for row in rows) for pick in (min, max))
    of = [row for row in rows if row.batch_size == batch_size]
    if budget != TUNED:
        updates = first if budget == EPOCHS and batch_size != small else last
        return tuned([row for row in of if row.updates == updates], _size, Dial("lr"))[f"batches of {batch_size}"]
    arm = tuned(of, _size, Dial("updates", "number of updates", ("smallest",)), Dial("lr"))[f"batches of {batch_size}"]
    lr, seen = arm.rows[0].lr, sorted({row.updates for row in of})
    half, end = (mean(of, "validation_accuracy", lr=lr, updates=updates) for updates in seen[-2:])
    rises = arm.rows[0].updates == last and end - half > RISE
    return Tuned(arm.rows, f"{_size(arm.rows[0])} still get better after {last} updates") if rises else arm


def _size(row: AccuracyRow) -> str:
    return f"batches of {row.batch_size}"


def small_against_full(rows: Sequence[AccuracyRow]) -> Mapping[str, Pairs | Undecided]:
    sizes = [pick(row.batch_size for row in rows) for pick in (min, max)]
    return {budget: compared("test_accuracy", *(chosen(rows, size, budget) for size in sizes)) for budget in BUDGETS}


def at_best(rows: Sequence[AccuracyRow]) -> list[AccuracyRow]:
    """The trainings of the headline: either batch size at the rate and the number of updates that validation chose."""
    return [row for size in sorted({row.batch_size for row in rows}) for row in chosen(rows, size, TUNED).rows]


PART = Part(
    name="training",
    row=AccuracyRow,
    run=run,
    claims=(
        Claim(
            "small_batches_generalize_better",
            statement="Small batches generalize better by at least one point, each batch size at its best rate.",
            rule=Each(Effect("test accuracy, small batch - all images", delta=0.01), per="budget"),
            measure=small_against_full,
            topic="Batch size and generalization",
            predicted={EPOCHS: "holds", STEPS: "refuted", TUNED: "refuted"},
            source="Hoffer et al. 2017; Shallue et al. 2019: at equal steps and tuned rates large batches lose nothing",
        ),
    ),
    tables=(Table("Accuracy", by=("batch_size", "lr", "updates"), columns=("validation_accuracy", "test_accuracy")),),
)
