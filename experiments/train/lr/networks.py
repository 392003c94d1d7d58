"""A network trained at every learning rate."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from experiments.lab.answers import mean, number, percent
from experiments.lab.experiment import Curve, Event, Part, Progress, Row, Table, observation
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Pairs, Undecided
from experiments.lab.judge.measures import by_seed
from experiments.lab.judge.rules import Ratio
from experiments.train.lr.setup import Drawn
from experiments.train.tuned import Dial, Tuned, compared, tuned

if TYPE_CHECKING:
    from torch import nn

CHANCE_AND_MORE = 0.3
"""Accuracy on ten classes up to which a network has learned next to nothing."""


@observation
class NetworkRow(Row):
    dataset: str
    schedule: str
    lr: float
    curvature: float
    """Largest eigenvalue of the Hessian of the training loss at the initial weights."""
    train_loss: float
    """Of the last batch; nan if the network diverged."""
    validation_accuracy: float
    test_accuracy: float
    diverged: float


def run(drawn: Drawn) -> Iterator[Event]:
    import torch

    from experiments.train.core.curvature import largest_curvature
    from experiments.train.core.perceptron import perceptron

    params, split = drawn.params, drawn.split
    torch.manual_seed(drawn.seed)
    network = perceptron((split.features, params.width, split.classes))
    curvature = largest_curvature(network, split.train.inputs, split.train.labels)
    for done, lr in enumerate(params.lrs):
        yield Progress("networks", done, len(params.lrs))
        yield trained(drawn, network, curvature, lr)


def trained(drawn: Drawn, initial: nn.Module, curvature: float, lr: float) -> NetworkRow:
    """A copy of a perceptron of that curvature after SGD without momentum."""
    import copy

    import torch

    from experiments.foundation.networks.batches import shuffled_batches
    from experiments.foundation.networks.evaluation import network_accuracy
    from experiments.foundation.networks.fit import fit
    from experiments.foundation.networks.schedules import lr_factor

    params, split = drawn.params, drawn.split
    network = copy.deepcopy(initial)
    batches = torch.Generator().manual_seed(drawn.seed)
    fitted = fit(
        network,
        split.train,
        torch.optim.SGD(network.parameters(), lr),
        shuffled_batches(len(split.train), params.batch_size, params.steps, batches),
        rates=[lr * lr_factor(params.schedule, step / params.steps) for step in range(params.steps)],
    )
    validation, test = (
        network_accuracy(network, part, batch_size=None, dtype=torch.float32) for part in (split.validation, split.test)
    )
    return NetworkRow(
        dataset=split.name,
        schedule=params.schedule,
        lr=lr,
        curvature=curvature,
        train_loss=fitted.last_loss,
        validation_accuracy=validation,
        test_accuracy=test,
        diverged=float(fitted.diverged),
    )


def learned(rows: Sequence[NetworkRow]) -> dict[int, float]:
    """Seed -> the largest rate at which its network learned."""
    rates = [(row.seed, row.lr) for row in rows if row.test_accuracy > CHANCE_AND_MORE]
    return {seed: max(lr for of, lr in rates if of == seed) for seed in sorted({seed for seed, _ in rates})}


def limit_and_learned(rows: Sequence[NetworkRow]) -> Pairs | Undecided:
    """The limit of a quadratic of the network's first curvature, and the largest rate at which it learned."""
    largest, end = learned(rows), max(row.lr for row in rows)
    if end in largest.values():
        return Undecided(f"some network still learned at the largest rate that was tried, {end:g}")
    return Pairs(by_seed(rows, lambda row: 2 / row.curvature), largest)


def best_and_smallest(rows: Sequence[NetworkRow]) -> Pairs | Undecided:
    """Test accuracy at the best rate by validation and at the smallest."""
    best = tuned(rows, lambda row: "", Dial("lr"))[""]
    return compared("test_accuracy", best, Tuned([row for row in rows if row.lr == min(r.lr for r in rows)], None))


def range_of_rates(rows: Sequence[NetworkRow]) -> str:
    """What the curve shows."""
    best, limit = tuned(rows, lambda row: "", Dial("lr"))[""].rows, mean(rows, "curvature")
    largest = max(learned(rows).values(), default=math.nan)
    return (
        f"Best at {best[0].lr:g}, {percent(mean(best, 'test_accuracy'))}; no network learns above "
        f"{number(largest)}, where quadratics stop at {number(2 / limit, 2)}"
    )


PART = Part(
    name="networks",
    row=NetworkRow,
    run=run,
    claims=(
        Claim(
            "a_network_learns_below_the_limit_of_quadratics_alone",
            statement="A network, like a quadratic, learns only at rates below 2 / its largest curvature at the start.",
            rule=Ratio(f"2 / curvature over the largest rate of a test accuracy above {CHANCE_AND_MORE}", at_least=1.0),
            measure=limit_and_learned,
            topic="Too large a learning rate",
            predicted="refuted",
            source="Lewkowycz et al. 2020: networks converge at up to 4 / curvature, with ReLU at up to 12 / curvature",
        ),
    ),
    tables=(
        Table(title="A network over learning rates", by=("lr",), columns=("test_accuracy", "train_loss", "diverged")),
    ),
    curves=(Curve("accuracy", "lr", "test_accuracy", x_scale="log", title=range_of_rates),),
)
