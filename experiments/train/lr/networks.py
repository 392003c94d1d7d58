"""A network trained at every learning rate."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from experiments.lab.answers import mean, number, percent
from experiments.lab.experiment import Curve, Event, Part, Progress, Row, Table, observation
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Pairs, Trials, Undecided
from experiments.lab.judge.rules import Proportion
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
    from experiments.foundation.networks.fit import fit
    from experiments.foundation.networks.schedules import lr_factor
    from experiments.foundation.networks.scores.evaluation import network_accuracy

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


def nothing_above_the_limit(rows: Sequence[NetworkRow]) -> Trials:
    """Seeds in which no network learned at any of the rates that were tried above 2 / curvature."""
    above = [row for row in rows if row.lr * row.curvature > 2]
    failed = {row.seed for row in above if row.test_accuracy > CHANCE_AND_MORE}
    return Trials.of((seed, seed not in failed) for seed in sorted({row.seed for row in above}))


def best_and_smallest(rows: Sequence[NetworkRow]) -> Pairs | Undecided:
    """Test accuracy at the best rate by validation and at the smallest."""
    best = tuned(rows, lambda row: "", Dial("lr"))[""]
    return compared("test_accuracy", best, Tuned([row for row in rows if row.lr == min(r.lr for r in rows)], None))


def range_of_rates(rows: Sequence[NetworkRow]) -> str:
    """What the curve shows."""
    best, limit = tuned(rows, lambda row: "", Dial("lr"))[""].rows, mean(rows, "curvature")
    largest = max(learned(rows).values(), default=None)
    end = "no network learns" if largest is None else f"no network learns above {number(largest)}"
    return (
        f"Best at {best[0].lr:g}, {percent(mean(best, 'test_accuracy'))}; {end}, where quadratics stop at "
        f"{number(2 / limit, 2)}"
    )


PART = Part(
    name="networks",
    row=NetworkRow,
    run=run,
    claims=(
        Claim(
            "a_network_learns_below_the_limit_of_quadratics_alone",
            statement="A network, like a quadratic, learns only at rates below 2 / its largest curvature at the start.",
            rule=Proportion(
                f"share of seeds with no test accuracy above {CHANCE_AND_MORE} at the rates tried above that",
                at_least=0.5,
            ),
            measure=nothing_above_the_limit,
            topic="Too large a learning rate",
            predicted="refuted",
            source="Lewkowycz et al. 2020: networks converge at up to 4 / curvature, with ReLU at up to 12 / curvature",
        ),
    ),
    tables=(
        Table(title="A network over learning rates", by=("lr",), columns=("test_accuracy", "train_loss", "diverged")),
    ),
    curves=(Curve("accuracy", "lr", "test_accuracy", x_scale="log", title=range_of_rates, limit=CHANCE_AND_MORE),),
)
