"""How far the gradient spreads: over depth, and at equal depth with strides or dilation; and maps of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from experiments.cnn.core.receptive_theory import Layer, effective_deviation, receptive_field
from experiments.cnn.receptive_field.setup import MAP_SIDE, Stacks
from experiments.lab.answers import mean, number
from experiments.lab.experiment import Curve, Event, Heatmap, Part, Progress, Row, Table, observation
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Pairs, Points
from experiments.lab.judge.measures import by_seed, points
from experiments.lab.judge.rules import Each, Ratio, Slope, Under

if TYPE_CHECKING:
    import torch

Activation = Literal["linear", "relu"]
ACTIVATIONS: tuple[Activation, ...] = ("linear", "relu")
STACK_NAMES = ("plain", "downsampled", "dilated")
SIZES = ("theoretical_size", "effective_size", "predicted_size")


@observation
class FieldRow(Row):
    """The receptive field of one stack, along one axis."""

    stack: str
    activation: str
    depth: int
    theoretical_size: float
    """Pixels from the first to the last that is seen."""
    effective_size: float
    """Four standard deviations of the squared gradient, in pixels."""
    predicted_size: float
    """The same by the closed form."""


def run_growth(stacks: Stacks) -> Iterator[Event]:
    from experiments.foundation.networks.timing import one_thread

    generator = stacks.generator()
    with one_thread():
        for done, depth in enumerate(stacks.params.depth):
            yield Progress("depth", done, len(stacks.params.depth))
            for activation in ACTIVATIONS:
                yield _measured("plain", stacks.plain(depth), activation, stacks, generator)


def run_stacks(stacks: Stacks) -> Iterator[Event]:
    from experiments.foundation.networks.timing import one_thread

    generator = stacks.generator()
    with one_thread():
        for stack, layers in stacks.equally_deep().items():
            yield _measured(stack, layers, "linear", stacks, generator)
            yield _map(stack, layers, stacks.photo, generator)


def _measured(
    stack: str, layers: list[Layer], activation: Activation, stacks: Stacks, generator: torch.Generator
) -> FieldRow:
    from experiments.cnn.core.receptive_gradients import effective_field

    return FieldRow(
        stack=stack,
        activation=activation,
        depth=len(layers),
        theoretical_size=receptive_field(layers),
        effective_size=4 * effective_field(layers, stacks.params.draws, activation, generator),
        predicted_size=4 * effective_deviation(layers),
    )


def _map(stack: str, layers: list[Layer], photo: torch.Tensor, generator: torch.Generator) -> Heatmap:
    """The gradient of the middle unit of one random ReLU network on the photograph, padded so that every map fits."""
    from experiments.cnn.core.receptive_gradients import convolutions, gradient_map

    padded = [replace(layer, padding=(layer.kernel // 2) * layer.dilation) for layer in layers]
    network = convolutions(padded, "random", generator, axes=2, channels=8, inputs=3, activation="relu")
    start = (photo.shape[-1] - MAP_SIDE) // 2
    shown = gradient_map(network, photo)[start : start + MAP_SIDE, start : start + MAP_SIDE]
    pixels = tuple(map(str, range(MAP_SIDE)))
    return Heatmap(
        name=f"gradient_{stack}",
        title=f"Gradient by the pixels of a photograph, largest 1: {len(layers)} layers, {stack}",
        row_axis="row",
        column_axis="column",
        row_labels=pixels,
        column_labels=pixels,
        values=tuple(map(tuple, shown.tolist())),
    )


def growth(rows: Sequence[FieldRow]) -> Mapping[str, Points]:
    """Sizes over depth: the theoretical one grows by a constant per layer, from 1."""
    return {
        **{f"effective, {a}": points(rows, "depth", "effective_size", activation=a) for a in ACTIVATIONS},
        "theoretical": points(rows, "depth", lambda row: row.theoretical_size - 1, activation="linear"),
    }


def against_plain(rows: Sequence[FieldRow]) -> Mapping[str, Pairs]:
    sizes = {stack: by_seed(rows, "effective_size", stack=stack) for stack in STACK_NAMES}
    return {stack: Pairs(sizes[stack], sizes["plain"]) for stack in STACK_NAMES[1:]}


def growth_in_words(rows: Sequence[FieldRow]) -> str:
    least, most = min(row.depth for row in rows), max(row.depth for row in rows)

    def grows(column: str) -> str:
        sizes = (number(mean(rows, column, activation="linear", depth=depth), 2) for depth in (least, most))
        return " to ".join(sizes)

    effective, theoretical = grows("effective_size"), grows("theoretical_size")
    return (
        f"From {least} to {most} layers the effective field grows from {effective} pixels, the other from {theoretical}"
    )


GROWTH = Part(
    name="growth",
    row=FieldRow,
    run=run_growth,
    claims=(
        Claim(
            "effective_field_grows_with_the_root_of_depth",
            statement="The effective receptive field grows with the square root of depth, the theoretical one "
            "linearly.",
            rule=Under(
                {
                    "effective, linear": Slope("effective size over depth", theory=0.5, tolerance=0.05),
                    "effective, relu": Slope("effective size over depth", theory=0.5, tolerance=0.05),
                    "theoretical": Slope("theoretical size - 1 over depth", theory=1.0, tolerance=0.05),
                }
            ),
            measure=growth,
            topic="Effective receptive field",
            predicted="holds",
            source="Luo et al. 2016: the variances of layers add up",
        ),
    ),
    tables=(Table("Growth with depth at stride 1", by=("activation", "depth"), columns=SIZES),),
    curves=(
        Curve(
            "effective_size_over_depth", "depth", "effective_size", "activation", "log", "log", title=growth_in_words
        ),
    ),
)
STACKS = Part(
    name="stacks",
    row=FieldRow,
    run=run_stacks,
    claims=(
        Claim(
            "downsampling_and_dilation_widen_the_field",
            statement="At equal depth two strided layers, or dilation, make the effective receptive field more than "
            "1.5 times as large.",
            rule=Each(Ratio("effective size over that of the plain stack", at_least=1.5), per="stack"),
            measure=against_plain,
            topic="Large downsampling gives a large effective receptive field",
            predicted="holds",
            source="Luo et al. 2016, on subsampling and dilation",
        ),
    ),
    tables=(Table("At equal depth", by=("stack",), columns=SIZES),),
)
