"""Should layers narrow with depth?

Should hidden layers become narrower from layer to layer, at an equal number of parameters?

Perceptrons of five shapes and equal depth, their widths searched for so that all have as many parameters, on few
labelled images. Every shape tries the same learning rates, and validation images choose.

Notes: a common strategy is to decrease the number of nodes layer by layer.

Source: He et al.: Delving Deep into Rectifiers, 2015 (initial weights); Bouthillier et al.: Accounting for Variance in
Machine Learning Benchmarks, MLSys 2021 (pairing and tuning).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import Field

from experiments.foundation.datasets.choices import GrayImageSetName
from experiments.foundation.networks.tuning import choose, untuned
from experiments.lab.answers import listing, mean, percent
from experiments.lab.errors import InputError
from experiments.lab.experiment import (
    Curve,
    Event,
    Experiment,
    Findings,
    Headline,
    Note,
    Part,
    Progress,
    Row,
    Rows,
    Setup,
    Table,
    observation,
    parameters,
    plain_setup,
)
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Instances, Pairs, Undecided
from experiments.lab.judge.measures import by_seed
from experiments.lab.judge.rules import Each, Effect, Theorem

TOLERANCE = 0.02
"""By how much, relatively, numbers of parameters may differ from the one asked for."""
ShapeName = Literal["decreasing", "constant", "increasing", "hourglass", "diamond"]


@parameters
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
    test_images: Annotated[int, Field(ge=10, le=10_000)] = 1000
    """Images on which accuracy is measured; training images that no one needs fill up a smaller test part."""
    steps: Annotated[int, Field(ge=1, le=100_000)] = 30
    """Batches of a training."""
    batch_size: Annotated[int, Field(ge=1, le=4096)] = 32
    """Images of a batch."""
    lrs: Annotated[tuple[Annotated[float, Field(gt=0, le=1)], ...], Field(min_length=1)] = (1e-3, 3e-3)
    """Learning rates of Adam that every shape tries; each falls linearly to 0."""
    dataset: GrayImageSetName = "digits"
    """Images; the number of pixels is part of the parameters."""


@observation
class ShapeRow(Row):
    """One shape trained at one learning rate."""

    shape: str
    widths: str
    """Of the hidden layers, in order."""
    parameters: int
    excess: float
    """Relative distance of the number of parameters from the one asked for."""
    unscaled_excess: float
    """The same of the shape with the widest layer of the first shape, not scaled to equal parameters."""
    lr: float
    train_loss: float
    train_accuracy: float
    validation_accuracy: float
    test_accuracy: float
    diverged: bool
    dataset: str


def run(setup: Setup[Params]) -> Iterator[Event]:
    from experiments.foundation.costs import parameter_counts
    from experiments.foundation.datasets.images import load_images
    from experiments.foundation.networks.budget import Budget
    from experiments.foundation.networks.split import fill_test, image_split
    from experiments.nn.core import shapes
    from experiments.nn.core.perceptrons import train_perceptrons

    params, seed = setup.params, setup.seed
    sizes = {"train": params.labels, "validation": params.validation_images}
    data = fill_test(load_images(params.dataset, seed=seed), sum(sizes.values()), params.test_images, seed=seed)
    split = image_split(data, **sizes, test=min(params.test_images, len(data.test_labels)), seed=seed)
    form: dict[str, Any] = {"layers": params.layers, "taper": params.taper}
    size = {"n_in": split.features, "n_out": split.classes, "parameters": params.parameters}
    try:
        chosen = {shape: shapes.widths_for(shape, **size, **form, tolerance=TOLERANCE) for shape in params.shapes}
    except ValueError as error:
        raise InputError(f"parameters: {error}") from None
    yield Note(data.description)
    budget = Budget(steps=params.steps, batch_size=params.batch_size, optimizer="adam", falls=True)
    for done, (shape, widths) in enumerate(chosen.items()):
        yield Progress(f"{shape} {list(widths)}", done, len(chosen))
        unscaled = shapes.unscaled_widths(shape, max(chosen[params.shapes[0]]), **form)
        for fit in train_perceptrons(widths, split, budget, params.lrs, seed=seed):
            yield ShapeRow(
                shape=shape,
                widths="-".join(map(str, widths)),
                parameters=parameter_counts.perceptron((split.features, *widths, split.classes)),
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


def distance_from_the_size_asked_for(rows: Sequence[ShapeRow]) -> Instances:
    shapes = {row.shape: row for row in rows}.values()
    return Instances(
        [row.excess for row in shapes], control=[row.unscaled_excess for row in shapes], all_of="all shapes"
    )


def tuned_accuracy(rows: Sequence[ShapeRow], shape: str, other: str) -> Pairs | Undecided:
    """Test accuracy of two shapes, each at the learning rate with the highest mean validation accuracy."""
    for name in (shape, other):
        if not any(row.shape == name for row in rows):
            return Undecided(f"expected trainings of {shape} and {other} widths, got none of {name}")
    compared = [row for row in rows if row.shape in (shape, other)]
    chosen = choose(compared, score=lambda row: row.validation_accuracy, arm=lambda row: row.shape)
    if reason := untuned(chosen[shape], chosen[other]):
        return Undecided(reason)
    return Pairs(*(by_seed(chosen[name].rows, "test_accuracy") for name in (shape, other)))


def against_others(rows: Sequence[ShapeRow]) -> Mapping[str, Pairs | Undecided]:
    others = dict.fromkeys(row.shape for row in rows if row.shape not in ("decreasing", "constant"))
    return {other: tuned_accuracy(rows, "decreasing", other) for other in others}


def at_tuned_rates(rows: Sequence[ShapeRow]) -> list[ShapeRow]:
    chosen = choose(rows, score=lambda row: row.validation_accuracy, arm=lambda row: row.shape)
    return [row for choice in chosen.values() for row in choice.rows]


def tuned_accuracies(rows: Sequence[ShapeRow]) -> dict[str, float]:
    """Mean test accuracy of every shape at its own rate, the best first."""
    tuned = at_tuned_rates(rows)
    means = {shape: mean(tuned, "test_accuracy", shape=shape) for shape in dict.fromkeys(row.shape for row in tuned)}
    return dict(sorted(means.items(), key=lambda item: -item[1]))


def best_and_decreasing(rows: Sequence[ShapeRow]) -> str:
    means = tuned_accuracies(rows)
    best = next(iter(means))
    said = "" if best == "decreasing" else f"; decreasing ones have {percent(means['decreasing'])}"
    return f"Each at its own rate, {best} widths are best with {percent(means[best])}{said}"


def answer(findings: Findings, rows: Rows) -> str:
    trained = rows.of(PART)
    said = listing(f"{shape} {percent(accuracy)}" for shape, accuracy in tuned_accuracies(trained).items())
    images = "these 1,797 digits" if trained[0].dataset == "digits" else trained[0].dataset
    size = f"{trained[0].parameters:,} parameters each"
    return f"With about {size} and its own learning rate, test accuracy on {images} by shape is {said}."


PART = Part(
    name="training",
    row=ShapeRow,
    run=run,
    claims=(
        Claim(
            "shapes_have_equal_parameters",
            statement="The shapes that are compared have equally many parameters within 2 %.",
            rule=Theorem(
                "the number asked for", control="a shape that is not scaled to equal parameters", tolerance=TOLERANCE
            ),
            measure=distance_from_the_size_asked_for,
            topic="Decreasing the number of nodes layer by layer",
            predicted="holds",
            source="the search for widths",
        ),
        Claim(
            "decreasing_widths_beat_constant_ones",
            statement="Widths that decrease from layer to layer beat constant ones by half a point of test accuracy.",
            rule=Effect("test accuracy of decreasing - constant widths, each at its rate by validation", delta=0.005),
            measure=lambda rows: tuned_accuracy(rows, "decreasing", "constant"),
            topic="Decreasing the number of nodes layer by layer",
            predicted="refuted",
            source="pilot",
        ),
        Claim(
            "decreasing_widths_beat_every_other_shape",
            statement="Decreasing widths beat increasing, hourglass and diamond ones by half a point of test accuracy.",
            rule=Each(
                Effect("test accuracy of decreasing - other widths, each at its rate by validation", delta=0.005),
                per="shape",
            ),
            measure=against_others,
            topic="Decreasing the number of nodes layer by layer",
            predicted="refuted",
            source="pilot",
        ),
    ),
    tables=(
        Table(
            "Shapes at equal parameters",
            by=("shape", "widths", "parameters", "lr"),
            columns=("validation_accuracy", "test_accuracy", "train_accuracy", "train_loss"),
        ),
    ),
    curves=(Curve("accuracy_over_lr", "lr", "test_accuracy", "shape", x_scale="log", title=best_and_decreasing),),
)
EXPERIMENT = Experiment(
    about=__doc__,
    params=Params,
    prepare=plain_setup,
    parts=(PART,),
    answer=answer,
    headline=Headline(
        PART,
        Table(
            "Each shape at its learning rate", by=("shape", "widths", "lr"), columns=("test_accuracy", "train_accuracy")
        ),
        pick=at_tuned_rates,
    ),
)
