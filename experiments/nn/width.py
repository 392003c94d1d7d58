"""Should hidden layers become narrower from layer to layer, at an equal number of parameters?

Perceptrons of five shapes and equal depth, their widths searched for so that all have as many parameters, on few
labelled images. Every shape tries the same learning rates, and validation images choose.

Notes: a common strategy is to decrease the number of nodes layer by layer (002:99).
Source: He et al.: Delving Deep into Rectifiers, 2015 (initial weights); Bouthillier et al.: Accounting for Variance in
Machine Learning Benchmarks, MLSys 2021 (pairing and tuning).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass as parameters

from experiments.foundation.networks.rates import best_rate
from experiments.lab.experiment import CHECKED, Curve, Event, Experiment, Note, Progress, Table
from experiments.lab.experiment import Row as LabRow
from experiments.lab.judge.claims import Claim, Comparison, by_seed, conditional, effect, theorem, undecided

NAN = float("nan")
TOLERANCE = 0.02
"""By how much, relatively, numbers of parameters may differ from the one asked for."""
ShapeName = Literal["decreasing", "constant", "increasing", "hourglass", "diamond"]


@parameters(frozen=True, kw_only=True, config=CHECKED)
class Params:
    shapes: Annotated[tuple[ShapeName, ...], Field(min_length=1)] = ("decreasing", "constant")
    """Shapes to train; the claims need decreasing and another."""
    parameters: Annotated[int, Field(ge=500, le=1_000_000)] = 12_000
    """Weights and biases of a network, within 2 %."""
    layers: Annotated[int, Field(ge=2, le=10)] = 3
    """Hidden layers."""
    taper: Annotated[float, Field(gt=1, le=64)] = 4.0
    """Width of the widest hidden layer over that of the narrowest."""
    labels: Annotated[int, Field(ge=10, le=50_000)] = 300
    """Images to train on."""
    validation_images: Annotated[int, Field(ge=10, le=10_000)] = 300
    """Images that choose the learning rate."""
    steps: Annotated[int, Field(ge=1, le=100_000)] = 30
    """Batches of a training."""
    batch_size: Annotated[int, Field(ge=1, le=4096)] = 32
    """Images of a batch."""
    lrs: Annotated[tuple[Annotated[float, Field(gt=0, le=1)], ...], Field(min_length=1)] = (1e-3, 3e-3)
    """Learning rates of Adam that every shape tries."""
    dataset: Literal["auto", "digits", "mnist", "fashion"] = "digits"
    """Images; the number of pixels is part of the parameters."""


@dataclass(frozen=True, kw_only=True)
class Row(LabRow):
    shape: str
    widths: str
    """Of the hidden layers, in order."""
    parameters: int
    excess: float
    """Relative distance of the number of parameters from the one asked for."""
    unscaled_excess: float
    """The same of the shape with the widest layer of the first shape, not scaled to equal parameters."""
    lr: float = NAN
    train_loss: float = NAN
    train_accuracy: float = NAN
    validation_accuracy: float = NAN
    test_accuracy: float = NAN
    diverged: bool = False
    dataset: str = ""


def run(params: Params, seed: int) -> Iterator[Event]:
    from experiments.foundation.datasets.images import load_images
    from experiments.foundation.networks.budget import Budget
    from experiments.foundation.networks.split import image_split
    from experiments.nn.core import parameter_counts, shapes
    from experiments.nn.core.perceptrons import train_perceptrons

    data = load_images(params.dataset, seed=seed)
    test = min(1000, len(data.test_labels))
    split = image_split(data, train=params.labels, validation=params.validation_images, test=test, seed=seed)
    n_in = split.features
    form: dict[str, Any] = {"layers": params.layers, "taper": params.taper}
    size = {"n_in": n_in, "n_out": split.classes, "parameters": params.parameters}
    chosen = {shape: shapes.widths_for(shape, **size, **form, tolerance=TOLERANCE) for shape in params.shapes}
    widest = max(chosen[params.shapes[0]])
    yield Note(data.description)
    budget = Budget(steps=params.steps, batch_size=params.batch_size, optimizer="adam")
    for done, (shape, widths) in enumerate(chosen.items()):
        yield Progress(f"{shape} {list(widths)}", done, len(chosen))
        unscaled = shapes.unscaled_widths(shape, widest, **form)
        for fit in train_perceptrons(widths, split, budget, params.lrs, seed=seed):
            yield Row(
                shape=shape,
                widths="-".join(map(str, widths)),
                parameters=parameter_counts.perceptron((n_in, *widths, split.classes)),
                excess=shapes.relative_excess(widths, **size),
                unscaled_excess=shapes.relative_excess(unscaled, **size),
                lr=fit.lr,
                train_loss=fit.train_loss,
                train_accuracy=fit.train_accuracy,
                validation_accuracy=fit.validation_accuracy,
                test_accuracy=fit.test_accuracy,
                diverged=fit.diverged,
                dataset=data.name,
            )


def shapes_have_equal_parameters(rows: Sequence[Row]) -> Comparison:
    return theorem([row.excess for row in rows], tolerance=TOLERANCE, control=[row.unscaled_excess for row in rows])


def decreasing_widths_beat_constant_ones(rows: Sequence[Row]) -> Comparison:
    return _better(rows, "decreasing", "constant")


def decreasing_widths_beat_every_other_shape(rows: Sequence[Row]) -> Comparison:
    others = dict.fromkeys(row.shape for row in rows if row.shape not in ("decreasing", "constant"))
    return conditional({other: _better(rows, "decreasing", other) for other in others})


def _better(rows: Sequence[Row], shape: str, other: str) -> Comparison:
    """Test accuracy of the shapes, each at the learning rate with the highest mean validation accuracy."""
    arms: list[dict[int, float]] = []
    for name in (shape, other):
        arm = [row for row in rows if row.shape == name]
        if not arm:
            return undecided("effect", f"expected trainings of {shape} and {other} widths, got none of {name}")
        rate = best_rate((row.lr, row.validation_accuracy) for row in arm)
        if rate.at_edge:
            return undecided("effect", f"the best rate of {name} widths, {rate.lr:g}, is an edge of the grid")
        arms.append(by_seed([row for row in arm if row.lr == rate.lr], lambda row: row.test_accuracy))
    return effect(arms[0], arms[1], delta=0.005)


EXPERIMENT = Experiment(
    params=Params,
    row=Row,
    run=run,
    claims=(
        Claim(
            statement="The shapes that are compared have equally many parameters within 2 %.",
            notes="Decreasing the number of nodes layer by layer (002:99)",
            kind="theorem",
            rule="Off from the number asked for by at most 0.02; shapes of one widest layer must be further off.",
            predicted="holds",
            judge=shapes_have_equal_parameters,
        ),
        Claim(
            statement="Widths that decrease from layer to layer beat constant ones by half a point of test accuracy.",
            notes="Decreasing the number of nodes layer by layer (002:99)",
            kind="effect",
            rule="Each at its rate by validation: test accuracy decreasing - constant > 0.005; undecided at an edge.",
            predicted="refuted",
            judge=decreasing_widths_beat_constant_ones,
        ),
        Claim(
            statement="Decreasing widths beat increasing, hourglass and diamond ones by half a point of test accuracy.",
            notes="Decreasing the number of nodes layer by layer (002:99)",
            kind="conditional",
            rule="Per shape, each at its rate by validation: test accuracy decreasing - other > 0.005; undecided at an "
            "edge.",
            predicted="refuted",
            judge=decreasing_widths_beat_every_other_shape,
        ),
    ),
    tables=(
        Table(
            title="Shapes at equal parameters",
            by=("shape", "widths", "parameters", "lr"),
            columns=("validation_accuracy", "test_accuracy", "train_accuracy", "train_loss"),
        ),
    ),
    curves=(Curve(name="accuracy_over_lr", x="lr", y="test_accuracy", group="shape", x_scale="log"),),
)
