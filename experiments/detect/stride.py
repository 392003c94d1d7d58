"""What does a large stride cost a detector in place, and what does it gain in kind?

One network per stride names the cell of a mark, its place within the cell, and whether it is a blob or a ring.

Notes: downsampling, classification and localization.

Source: Li et al.: DetNet: A Backbone network for Object Detection, ECCV 2018.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Annotated, Literal

from pydantic import Field

from experiments.lab.answers import mean, number, percent
from experiments.lab.experiment import (
    Curve,
    Event,
    Experiment,
    Findings,
    Headline,
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
from experiments.lab.judge.measured import Instances, Pairs, Points, Undecided
from experiments.lab.judge.measures import by_seed, points
from experiments.lab.judge.rules import Each, Effect, Order, Ratio, Slope, Theorem, Under

DILATED_STRIDE = 4
"""The stride that the dilated network keeps."""


@parameters
class Params:
    strides: Annotated[tuple[Literal[1, 2, 4, 8, 16], ...], Field(min_length=2)] = (2, 4, 8, 16)
    """Total strides of the networks; the exponent needs five."""
    size: Annotated[int, Field(ge=16, le=256, multiple_of=16)] = 32
    """Pixels per side of a picture."""
    dilated: bool = True
    """Whether to train stride 4 with the receptive field of stride 16 too."""
    images: Annotated[int, Field(ge=16, le=100_000)] = 200
    """Pictures for training and for test."""
    steps: Annotated[int, Field(ge=1, le=100_000)] = 10
    """Updates."""
    batch: Annotated[int, Field(ge=1, le=1024)] = 16
    """Pictures per update."""
    channels: Annotated[int, Field(ge=1, le=512)] = 8
    """Channels of every layer."""
    lr: Annotated[float, Field(gt=0, le=1)] = 5e-3
    """Learning rate of Adam, the same for every network."""


@observation
class CellRow(Row):
    """The mean distance of a point of a cell from its center."""

    stride: int
    mean_distance: float
    """In pixels, by the midpoint rule."""
    error: float
    """Relative distance from 0.3826 strides."""
    control_error: float
    """The same from the root of the mean square, stride / sqrt(6)."""


@observation
class NetworkRow(Row):
    """One trained network on test pictures."""

    network: str
    stride: int
    dilated: bool
    theory: float
    """0.3826 times the stride."""
    cell_error: float
    """Mean distance in pixels from the center of the cell named."""
    offset_error: float
    """The same with the place within the cell."""
    ideal_error: float
    """From the center of the right cell, in pixels."""
    class_accuracy: float


def measure_cells(setup: Setup[Params]) -> Iterator[CellRow]:
    from experiments.detect.core.locating import MEAN_DISTANCE, mean_distance_to_center

    for stride in setup.params.strides:
        mean_distance = mean_distance_to_center(stride)
        off, wrong = (abs(mean_distance / (factor * stride) - 1) for factor in (MEAN_DISTANCE, 1 / 6**0.5))
        yield CellRow(stride=stride, mean_distance=mean_distance, error=off, control_error=wrong)


def train_networks(setup: Setup[Params]) -> Iterator[Event]:
    import torch

    from experiments.detect.core.locating import MEAN_DISTANCE, locate, marks

    params, rng = setup.params, torch.Generator().manual_seed(setup.seed)
    train, test = marks(params.images, params.size, rng), marks(params.images, params.size, rng)
    networks: list[tuple[str, int, bool]] = [(f"stride {stride}", stride, False) for stride in params.strides]
    networks += [("stride 4, dilated", DILATED_STRIDE, True)] if params.dilated else []
    size = {"steps": params.steps, "batch": params.batch, "channels": params.channels}
    for done, (name, stride, dilated) in enumerate(networks):
        yield Progress(name, done, len(networks))
        found = locate(train, test, stride, dilated=dilated, lr=params.lr, seed=setup.seed, **size)
        theory = MEAN_DISTANCE * stride
        yield NetworkRow(network=name, stride=stride, dilated=dilated, theory=theory, **asdict(found))


def distances_of_cells(rows: Sequence[CellRow]) -> Instances:
    """One per stride: the distances are the same for every seed."""
    distinct = {row.stride: row for row in rows}.values()
    return Instances([row.error for row in distinct], control=[row.control_error for row in distinct])


def cell_error_by_stride(rows: Sequence[NetworkRow]) -> Points:
    return points(rows, "stride", "cell_error", dilated=False)


def with_place_in_cell(rows: Sequence[NetworkRow]) -> Mapping[str, Pairs | Points]:
    strides = sorted({row.stride for row in rows if not row.dilated})
    found: dict[str, Pairs | Points] = {}
    for words, stride in zip(LARGEST, strides[-2:], strict=True):
        of_stride = {"stride": stride, "dilated": False}
        found[words] = Pairs(by_seed(rows, "cell_error", **of_stride), by_seed(rows, "offset_error", **of_stride))
    return {**found, STILL_RISES: points(rows, "stride", "offset_error", dilated=False)}


def accuracy_of_ends(rows: Sequence[NetworkRow]) -> Pairs:
    """Of the largest and of the smallest stride."""
    strides = {row.stride for row in rows if not row.dilated}
    return Pairs(*(by_seed(rows, "class_accuracy", stride=end(strides), dilated=False) for end in (max, min)))


def largest_stride_and_dilated(rows: Sequence[NetworkRow]) -> Mapping[str, Pairs] | Undecided:
    if not any(row.dilated for row in rows):
        return Undecided("needs dilated=true")
    largest = max(row.stride for row in rows if not row.dilated)
    columns = {"center of the cell": "cell_error", "place within the cell": "offset_error"}
    return {
        words: Pairs(by_seed(rows, column, stride=largest, dilated=False), by_seed(rows, column, dilated=True))
        for words, column in columns.items()
    }


def answer(findings: Findings, rows: Rows) -> str:
    plain = [row for row in rows.of(TRAINING) if not row.dilated]
    small, large = (end(row.stride for row in plain) for end in (min, max))
    errors = [mean(plain, "offset_error", stride=stride) for stride in (small, large)]
    right = [mean(plain, "class_accuracy", stride=stride) for stride in (small, large)]
    return (
        f"From stride {small} to stride {large} the mean error of the place goes from {number(errors[0])} to "
        f"{number(errors[1])} pixels, and the kind is named right in {percent(right[0])} and {percent(right[1])}."
    )


LARGEST = ("second largest stride: error falls by a third", "largest stride: error falls by a third")
STILL_RISES = "error still rises"
FALLS = Ratio("error at the center of the cell over error with the place in it", at_least=1.5)
COLUMNS = ("cell_error", "offset_error", "ideal_error", "theory", "class_accuracy")
TABLE = Table("Errors in pixels", by=("network",), columns=COLUMNS)
CELLS = Part(
    name="cells",
    row=CellRow,
    run=measure_cells,
    claims=(
        Claim(
            "a_cell_center_is_a_third_of_a_stride_away",
            statement="A point of a cell is 0.3826 strides from its center on average.",
            rule=Theorem(
                "the mean distance is (sqrt 2 + log(1 + sqrt 2)) / 6 strides", control="stride / sqrt 6", tolerance=1e-5
            ),
            measure=distances_of_cells,
            topic="localization",
            predicted="holds",
            source="the integral over the unit square",
        ),
    ),
    tables=(Table("A point of a cell and its center", by=("stride",), columns=("mean_distance", "error")),),
)
TRAINING = Part(
    name="training",
    row=NetworkRow,
    run=train_networks,
    claims=(
        Claim(
            "error_grows_like_the_stride",
            statement="The error of a detector that names a cell grows like its stride.",
            rule=Slope("mean distance over stride", theory=1.0, tolerance=0.1),
            measure=cell_error_by_stride,
            topic="downsampling hurts localization",
            predicted="holds",
            source="a cell's center is 0.3826 strides away on average",
        ),
        Claim(
            "places_within_cells_help_and_do_not_undo",
            statement="A place within the cell cuts the error by a third, and the error still rises with the stride.",
            rule=Under({**dict.fromkeys(LARGEST, FALLS), STILL_RISES: Order("error over stride", direction="rising")}),
            measure=with_place_in_cell,
            topic="downsampling hurts localization",
            predicted="holds",
            source="pilot",
        ),
        Claim(
            "stride_helps_classification",
            statement="A larger stride classifies better, by half a point from the smallest to the largest.",
            rule=Effect("accuracy of the largest - the smallest stride", delta=0.005),
            measure=accuracy_of_ends,
            topic="downsampling helps classification",
            predicted="refuted",
            source="pilot",
        ),
        Claim(
            "dilation_keeps_the_place",
            statement="Dilation keeps the place: stride 4 with stride 16's receptive field is half a pixel better.",
            rule=Each(
                Effect("error in pixels of the largest stride - that of the dilated network", 0.5), per="reading"
            ),
            measure=largest_stride_and_dilated,
            topic="downsampling and receptive field",
            predicted="holds",
            source="Li et al. 2018",
        ),
    ),
    tables=(TABLE,),
    curves=(
        Curve("cell_error", "stride", "cell_error", x_scale="log", y_scale="log", only={"dilated": False}),
        Curve("offset_error", "stride", "offset_error", x_scale="log", y_scale="log", only={"dilated": False}),
    ),
)
EXPERIMENT = Experiment(
    about=__doc__,
    params=Params,
    prepare=plain_setup,
    parts=(CELLS, TRAINING),
    answer=answer,
    headline=Headline(TRAINING, TABLE),
)
