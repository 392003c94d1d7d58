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
    params, n = networks.params, len(networks.split.train)
    arms = [(size, lr) for size in (params.small_batch, n) for lr in params.lrs]
    for done, (size, lr) in enumerate(arms):
        yield Progress("trainings", done, len(arms))
        yield from trained(networks, size, lr)


def trained(networks: Networks, batch_size: int, lr: float) -> Iterator[AccuracyRow]:
    """SGD with momentum from the initial weights, seen after ``epochs`` updates, twice as many, and so on up to those
    of ``epochs`` passes in small batches."""
    import copy

    import torch

    from experiments.foundation.networks.batches import shuffled_batches
    from experiments.foundation.networks.fit import fit
    from experiments.foundation.networks.scores.evaluation import network_accuracy

    params, split = networks.params, networks.split
    network, train = copy.deepcopy(networks.network), split.train
    last = params.epochs * math.ceil(len(train) / params.small_batch)
    seen = {last, *(params.epochs * 2**k for k in range(32) if params.epochs * 2**k < last)}
    rows = []

    def look(updates: int) -> None:
        if updates in seen:
            parts = (split.validation, split.test)
            validation, test = (network_accuracy(network, part, batch_size=None) for part in parts)
            rows.append(
                AccuracyRow(
                    dataset=split.name,
                    batch_size=batch_size,
                    lr=lr,
                    updates=updates,
                    validation_accuracy=validation,
                    test_accuracy=test,
                )
            )

    rng = torch.Generator().manual_seed(networks.seed)
    optimizer = torch.optim.SGD(network.parameters(), lr, momentum=0.9)
    fitted = fit(network, train, optimizer, shuffled_batches(len(train), batch_size, last, rng), after=look)
    if fitted.diverged:
        rows = []
        for updates in seen:
            look(updates)
    yield from rows


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
