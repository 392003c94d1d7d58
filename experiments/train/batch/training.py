"""A small batch and the whole training set, at equal epochs and at equal steps."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

from experiments.lab.experiment import Event, Part, Progress, Row, Table, observation
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Pairs
from experiments.lab.judge.measures import by_seed
from experiments.lab.judge.rules import Each, Effect
from experiments.train.batch.setup import Networks

BUDGETS = ("equal epochs", "equal steps")


@observation
class AccuracyRow(Row):
    dataset: str
    budget: str
    batch_size: int
    updates: int
    test_accuracy: float


def run(networks: Networks) -> Iterator[Event]:
    params, n = networks.params, len(networks.split.train)
    for size in (params.small_batch, n):
        for budget, updates in zip(BUDGETS, (params.epochs * math.ceil(n / size), params.steps), strict=True):
            yield Progress(f"batches of {size}", BUDGETS.index(budget), len(BUDGETS))
            right = accuracy_after(networks, size, updates)
            yield AccuracyRow(
                dataset=networks.split.name, budget=budget, batch_size=size, updates=updates, test_accuracy=right
            )


def accuracy_after(networks: Networks, batch_size: int, updates: int) -> float:
    """Test accuracy of the perceptron after SGD with momentum, from its initial weights."""
    import copy

    import torch

    from experiments.foundation.networks.batches import shuffled_batches
    from experiments.foundation.networks.evaluation import network_accuracy
    from experiments.foundation.networks.fit import fit

    network, train = copy.deepcopy(networks.network), networks.split.train
    optimizer = torch.optim.SGD(network.parameters(), networks.params.lr, momentum=0.9)
    rng = torch.Generator().manual_seed(networks.seed)
    fit(network, train, optimizer, shuffled_batches(len(train), batch_size, updates, rng))
    return network_accuracy(network, networks.split.test, batch_size=None, dtype=torch.float32)


def small_against_full(rows: Sequence[AccuracyRow]) -> Mapping[str, Pairs]:
    small, full = (pick(row.batch_size for row in rows) for pick in (min, max))
    return {
        budget: Pairs(*(by_seed(rows, "test_accuracy", budget=budget, batch_size=size) for size in (small, full)))
        for budget in BUDGETS
    }


PART = Part(
    name="training",
    row=AccuracyRow,
    run=run,
    claims=(
        Claim(
            "small_batches_generalize_better",
            statement="Small batches generalize better by at least one point.",
            rule=Each(Effect("test accuracy, small batch - all images", delta=0.01), per="budget"),
            measure=small_against_full,
            topic="Mini-batches",
            predicted={"equal epochs": "holds", "equal steps": "refuted"},
            source="pilot",
        ),
    ),
    tables=(Table(title="Accuracy", by=("budget", "batch_size"), columns=("updates", "test_accuracy")),),
)
