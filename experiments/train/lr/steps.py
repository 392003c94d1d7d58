"""Single steps of SGD and Adam beside the gradient."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from experiments.lab.experiment import Part, Row, Table, observation
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Instances
from experiments.lab.judge.rules import Counterexample, Theorem, Under
from experiments.train.lr.setup import Drawn

NAMES = {"sgd": "SGD", "adam": "Adam"}
ALONG = Theorem("1 - cosine between update and -gradient", control="Adam", tolerance=1e-12)
AS_LONG = Theorem("1000 times the gradient makes the step 1000 times as long", control="Adam", tolerance=1e-12)


@observation
class StepRow(Row):
    """The third update of an optimizer."""

    optimizer: str
    cosine: float
    """Between update and -gradient."""
    lengthening: float
    """Length of the update at 1000 times the gradient / length."""


def run(drawn: Drawn) -> Iterator[StepRow]:
    import torch

    from experiments.train.core.learning_rates import third_step

    gradients = torch.from_numpy(drawn.gradients)
    for optimizer in NAMES:
        step, longer = (third_step(optimizer, gradients, 0.01, factor) for factor in (1.0, 1000.0))
        yield StepRow(optimizer=optimizer, cosine=step.cosine, lengthening=longer.length / step.length)


def deviations(rows: Sequence[StepRow]) -> Mapping[str, Instances]:
    """Of direction and length, per optimizer; Adam is the control of SGD."""
    found = {}
    for optimizer, name in NAMES.items():
        of, adam = ([row for row in rows if row.optimizer == chosen] for chosen in (optimizer, "adam"))
        found[f"direction of {name}"] = Instances([1 - row.cosine for row in of], [1 - row.cosine for row in adam])
        found[f"length of {name}"] = Instances([stretch(row) for row in of], [stretch(row) for row in adam])
    return found


def stretch(row: StepRow) -> float:
    """How far 1000 times the gradient is from making the step 1000 times as long."""
    return abs(row.lengthening / 1000 - 1)


PART = Part(
    name="steps",
    row=StepRow,
    run=run,
    claims=(
        Claim(
            "a_step_is_the_rate_times_the_gradient",
            statement="A step goes along the negative gradient, and its length is the learning rate times the "
            "gradient's.",
            rule=Under(
                {
                    "direction of SGD": ALONG,
                    "direction of Adam": Counterexample("Adam steps along the negative gradient", tolerance=1e-12),
                    "length of SGD": AS_LONG,
                    "length of Adam": Counterexample("Adam's steps grow with the gradient", tolerance=1e-12),
                }
            ),
            measure=deviations,
            topic="Learning rate as step length",
            predicted={
                "direction of SGD": "holds",
                "direction of Adam": "refuted",
                "length of SGD": "holds",
                "length of Adam": "refuted",
            },
            source="Kingma and Ba 2015: Adam's steps do not depend on the gradient's scale",
        ),
    ),
    tables=(Table(title="One step", by=("optimizer",), columns=("cosine", "lengthening")),),
)
