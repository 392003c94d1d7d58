"""What does a large stride cost a detector in place, and what does it gain in kind?

One network per stride names the cell of a mark, its place within the cell, and whether it is a blob or a ring.

Notes: downsampling, classification and localization (004:61).
Source: Li et al.: DetNet: A Backbone network for Object Detection, ECCV 2018.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from math import nan
from typing import Annotated, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass as parameters

from experiments.lab.experiment import CHECKED, Curve, Event, Experiment, Progress, Table
from experiments.lab.experiment import Row as LabRow
from experiments.lab.judge.claims import (
    Claim,
    Comparison,
    by_seed,
    conditional,
    effect,
    order,
    ratio,
    slope,
    theorem,
    undecided,
)

DILATED_STRIDE = 4
"""The stride that the dilated network keeps."""


@parameters(frozen=True, kw_only=True, config=CHECKED)
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


@dataclass(frozen=True, kw_only=True)
class Row(LabRow):
    part: str
    network: str
    stride: int
    cell_error: float = nan
    """Mean distance in pixels from the center of the cell named."""
    offset_error: float = nan
    """The same with the place within the cell."""
    ideal_error: float = nan
    """From the center of the right cell, in pixels."""
    theory: float = nan
    """0.3826 times the stride."""
    class_accuracy: float = nan
    error: float = nan
    control_error: float = nan


def run(params: Params, seed: int) -> Iterator[Event]:
    import torch

    from experiments.detect.core.stride_study import MEAN_DISTANCE, locate, marks, mean_distance_to_center

    for stride in params.strides:
        mean = mean_distance_to_center(stride)
        off = abs(mean / (MEAN_DISTANCE * stride) - 1)
        # the control is the root of the mean square, s / sqrt(6)
        wrong = abs(mean / (stride / 6**0.5) - 1)
        yield Row(part="constant", network="none", stride=stride, theory=mean, error=off, control_error=wrong)
    rng = torch.Generator().manual_seed(seed)
    train, test = marks(params.images, params.size, rng), marks(params.images, params.size, rng)
    networks: list[tuple[str, int, bool]] = [(f"stride {stride}", stride, False) for stride in params.strides]
    networks += [("stride 4, dilated", DILATED_STRIDE, True)] if params.dilated else []
    for number, (name, total, dilated) in enumerate(networks):
        yield Progress(name, number, len(networks))
        found = locate(
            train,
            test,
            total,
            dilated=dilated,
            steps=params.steps,
            batch=params.batch,
            channels=params.channels,
            lr=params.lr,
            seed=seed,
        )
        kind = "dilated" if dilated else "plain"
        yield Row(part=kind, network=name, stride=total, theory=MEAN_DISTANCE * total, **asdict(found))


def arm(rows: Sequence[Row], column: str, stride: int, part: str = "plain") -> dict[int, float]:
    """Seed -> one measure of one network."""
    chosen = [row for row in rows if row.part == part and row.stride == stride]
    return by_seed(chosen, lambda row: float(getattr(row, column)))


def grid(rows: Sequence[Row], column: str) -> tuple[list[int], dict[int, list[float]]]:
    """Strides, and seed -> the measure by stride."""
    strides = sorted({row.stride for row in rows if row.part == "plain"})
    arms = [arm(rows, column, stride) for stride in strides]
    return strides, {seed: [values[seed] for values in arms] for seed in arms[0]}


def a_cell_center_is_a_third_of_a_stride_away(rows: Sequence[Row]) -> Comparison:
    constants = {row.stride: row for row in rows if row.part == "constant"}.values()
    errors, control = [row.error for row in constants], [row.control_error for row in constants]
    return theorem(errors, tolerance=1e-5, control=control)


def error_grows_like_the_stride(rows: Sequence[Row]) -> Comparison:
    strides, errors = grid(rows, "cell_error")
    return slope([float(stride) for stride in strides], errors, theory=1.0, tolerance=0.1)


def places_within_cells_help_and_do_not_undo(rows: Sequence[Row]) -> Comparison:
    strides, errors = grid(rows, "offset_error")
    parts: dict[str, Comparison] = {
        f"stride {stride}: error falls by a third": ratio(
            arm(rows, "cell_error", stride), arm(rows, "offset_error", stride), at_least=1.5
        )
        for stride in strides[-2:]
    }
    return conditional({**parts, "error still rises": order([float(s) for s in strides], errors, direction="rising")})


def stride_helps_classification(rows: Sequence[Row]) -> Comparison:
    _, accuracy = grid(rows, "class_accuracy")
    first, last = ({seed: values[i] for seed, values in accuracy.items()} for i in (0, -1))
    return effect(last, first, delta=0.005)


def dilation_keeps_the_place(rows: Sequence[Row]) -> Comparison:
    largest = max(row.stride for row in rows if row.part == "plain")
    if not any(row.part == "dilated" for row in rows):
        return undecided("conditional", "needs dilated=true")
    columns = {"center of the cell": "cell_error", "place within the cell": "offset_error"}
    return conditional(
        {
            words: effect(arm(rows, column, largest), arm(rows, column, DILATED_STRIDE, "dilated"), delta=0.5)
            for words, column in columns.items()
        }
    )


EXPERIMENT = Experiment(
    params=Params,
    row=Row,
    run=run,
    claims=(
        Claim(
            statement="A point of a cell is 0.3826 strides from its center on average.",
            notes="localization (004:61)",
            kind="theorem",
            rule="midpoint rule within 1e-5 of (sqrt 2 + log(1 + sqrt 2)) / 6 for every stride; s / sqrt 6 must fail",
            predicted="holds",
            judge=a_cell_center_is_a_third_of_a_stride_away,
        ),
        Claim(
            statement="The error of a detector that names a cell grows like its stride.",
            notes="downsampling hurts localization (004:61)",
            kind="slope",
            rule="exponent of mean distance over stride: 1 inside the 95 % interval, half-width <= 0.1",
            predicted="holds",
            judge=error_grows_like_the_stride,
        ),
        Claim(
            statement="A place within the cell cuts the error by a third, and the error still rises with the stride.",
            notes="downsampling hurts localization (004:61)",
            kind="conditional",
            rule="two largest strides: ratio of errors above 1.5; order over strides: rho >= 0.9, Page's p < 0.01",
            predicted="holds",
            judge=places_within_cells_help_and_do_not_undo,
        ),
        Claim(
            statement="A larger stride classifies better, by half a point from the smallest to the largest.",
            notes="downsampling helps classification (004:61)",
            kind="effect",
            rule="paired interval of the difference of accuracy above 0.005, or below",
            predicted="refuted",
            judge=stride_helps_classification,
        ),
        Claim(
            statement="Dilation keeps the place: stride 4 with stride 16's receptive field is half a pixel better.",
            notes="downsampling and receptive field (004:61)",
            kind="conditional",
            rule="paired interval of the difference of errors above 0.5 pixels, with and without place in the cell",
            predicted="holds",
            judge=dilation_keeps_the_place,
        ),
    ),
    tables=(
        Table(
            title="Errors in pixels",
            by=("network",),
            columns=("cell_error", "offset_error", "ideal_error", "theory", "class_accuracy"),
            where=lambda row: row.part != "constant",
        ),
    ),
    curves=(
        Curve(
            name="cell_error",
            x="stride",
            y="cell_error",
            x_scale="log",
            y_scale="log",
            where=lambda row: row.part == "plain",
        ),
        Curve(
            name="offset_error",
            x="stride",
            y="offset_error",
            x_scale="log",
            y_scale="log",
            where=lambda row: row.part == "plain",
        ),
    ),
)
