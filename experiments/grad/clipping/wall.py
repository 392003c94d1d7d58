"""Gradient descent from a wall of the loss of a recurrent unit, with and without clipping."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from statistics import median

from experiments.grad.clipping.setup import CLIPPED, PLAIN, Descents
from experiments.lab.answers import mean, number
from experiments.lab.experiment import Curve, Event, Heatmap, Part, Row, Table, observation
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Pairs
from experiments.lab.judge.rules import Each, Ratio


@observation
class StepRow(Row):
    """One step of the descent from the first start."""

    case: str
    step: int
    loss: float
    """Before the step; of the last one, at the end."""


@observation
class DescentRow(Row):
    """One descent."""

    case: str
    start: int
    """Which place of the wall."""
    final_loss: float
    largest_rise: float
    """Largest rise of the loss by one step: how far a step passes the minimum."""
    largest_gradient: float
    """Norm before clipping."""


def run_steps(descents: Descents) -> Iterator[Event]:
    for case in descents.arms:
        for step, loss in enumerate(descents.from_wall(case, 0).losses):
            yield StepRow(case=case, step=step, loss=loss)
    if descents.seed == 0:
        yield surface(descents.weights)


def surface(weights: list[float]) -> Heatmap:
    """The loss of the unit at every bias and weight."""
    import numpy as np

    from experiments.grad.core.cliffs import loss_surface

    biases = [float(bias) for bias in np.linspace(-3.4, -2.2, 13)]
    return Heatmap(
        name="wall",
        title="Loss of the recurrent unit: the wall",
        row_axis="bias",
        column_axis="weight",
        row_labels=tuple(f"{bias:.1f}" for bias in biases),
        column_labels=tuple(f"{weight:.1f}" for weight in weights),
        values=tuple(tuple(row) for row in loss_surface(weights, biases)),
    )


def run(descents: Descents) -> Iterator[DescentRow]:
    for case in descents.arms:
        for start in range(descents.params.starts):
            descent = descents.from_wall(case, start)
            yield DescentRow(
                case=case,
                start=start,
                final_loss=descent.losses[-1],
                largest_rise=descent.largest_rise,
                largest_gradient=descent.largest_gradient,
            )


def last_losses(rows: Sequence[StepRow]) -> str:
    last = max(row.step for row in rows)
    plain, clipped = (number(mean(rows, "loss", case=case, step=last), 2) for case in (PLAIN, CLIPPED))
    return f"From the wall the loss comes to {plain} without clipping and to {clipped} with it"


def without_and_with(rows: Sequence[DescentRow]) -> Mapping[str, Pairs]:
    columns = {"rises less": "largest_rise", "ends lower": "final_loss"}
    return {
        name: Pairs(median_by_seed(rows, column, PLAIN), median_by_seed(rows, column, CLIPPED))
        for name, column in columns.items()
    }


def median_by_seed(rows: Sequence[DescentRow], column: str, case: str) -> dict[int, float]:
    """Over the starts, since a rare step lands where the loss is a thousand times higher than all others."""
    seeds = sorted({row.seed for row in rows})
    return {
        seed: median(getattr(row, column) for row in rows if (row.seed, row.case) == (seed, case)) for seed in seeds
    }


STEPS = Part(
    name="steps",
    row=StepRow,
    run=run_steps,
    curves=(Curve("loss_from_the_wall", "step", "loss", "case", title=last_losses),),
)
TABLE = Table("From the wall", by=("case",), columns=("largest_rise", "final_loss", "largest_gradient"))
PART = Part(
    name="wall",
    row=DescentRow,
    run=run,
    claims=(
        Claim(
            "clipping_descends_the_wall",
            statement="From a wall of the loss clipped descent passes the minimum less far than plain descent.",
            rule=Each(
                Ratio("loss without over with clipping at the same learning rate, median over starts", at_least=1.1),
                per="largest rise of the loss by a step, and final loss",
            ),
            measure=without_and_with,
            topic="Keeps the model from passing the optimum",
            predicted="holds",
            source="Pascanu et al. 2013",
        ),
    ),
    tables=(TABLE,),
)
