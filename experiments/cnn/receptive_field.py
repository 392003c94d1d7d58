"""How much of the input does a unit behind a stack of convolutions see, and how much of that matters?

The gradient of one output by the input is exact about what is seen: its extent is compared with the formula, its spread
measured over depth, downsampling and dilation, and what lies outside is checked on a photograph.

Notes: local features by convolution (002:108); downsampling and receptive field (004:61).
Source: Luo, Li, Urtasun, Zemel: Understanding the Effective Receptive Field in Deep Convolutional Neural Networks,
2016; Araujo, Norris, Sim: Computing Receptive Fields of Convolutional Neural Networks, Distill, 2019.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass as parameters

from experiments.foundation.statements.instances import NAN, InstanceRow, judge_instances, select
from experiments.lab.errors import InputError
from experiments.lab.experiment import CHECKED, Curve, Event, Experiment, Heatmap, Progress, Table
from experiments.lab.judge.claims import Claim, Comparison, by_seed, conditional, ratio, slope

if TYPE_CHECKING:
    import torch

    from experiments.cnn.core.receptive_theory import Layer

MAP_SIDE = 49
"""Pixels of a side of the maps, and of the crop of a photograph on which gradients are measured."""


@parameters(frozen=True, kw_only=True, config=CHECKED)
class Params:
    layers: Annotated[int, Field(ge=4, le=64)] = 8
    """Layers of the stacks with downsampling and dilation."""
    kernel: Annotated[int, Field(ge=2, le=15)] = 3
    """Taps of a kernel along an axis."""
    stride: Annotated[int, Field(ge=2, le=4)] = 2
    """Stride of the two layers that downsample, at a third and at two thirds of the stack."""
    dilation: Annotated[int, Field(ge=2, le=16)] = 2
    """Dilation of every layer of the dilated stack."""
    depth: tuple[Annotated[int, Field(ge=1, le=64)], ...] = (2, 3, 4, 6, 8)
    """Layers of the stacks whose growth is measured; at least five for a slope."""
    draws: Annotated[int, Field(ge=1, le=10_000)] = 20
    """Random networks over which a squared gradient is averaged."""
    trials: Annotated[int, Field(ge=1, le=10_000)] = 20
    """Random stacks on which the formulas are tried."""
    photo: Literal["china", "flower"] = "china"
    """Photograph of scikit-learn's."""


@dataclass(frozen=True, kw_only=True)
class Row(InstanceRow):
    depth: int = 0
    theoretical_size: float = NAN
    """Pixels from the first to the last that is seen."""
    effective_size: float = NAN
    """Four standard deviations of the squared gradient, in pixels."""
    predicted_size: float = NAN
    """The same by the closed form."""


def run(params: Params, seed: int) -> Iterator[Event]:
    import torch

    from experiments.foundation.networks.timing import reproducible

    generator = torch.Generator().manual_seed(seed)
    photo = _crop(params, generator)
    with reproducible(seed):
        yield from _law_rows(params, photo, generator)
        for done, depth in enumerate(params.depth):
            yield Progress("depth", done, len(params.depth))
            for activation in ("linear", "relu"):
                yield _field_row("growth", activation, _plain(params, depth), params, generator)
        for case, layers in _arms(params).items():
            yield _field_row("arms", case, layers, params, generator)
            yield _map(case, layers, photo, generator)


def _law_rows(params: Params, photo: torch.Tensor, generator: torch.Generator) -> Iterator[Event]:
    """Formulas on random stacks, and networks of every depth on the photograph."""
    from experiments.cnn.core import receptive_trials as trials

    for law in (trials.extent_trials, trials.support_trials, trials.filling_trials, trials.variance_trials):
        yield from (Row(**asdict(trial)) for trial in law(params.trials, generator))
    for depth in range(1, params.layers + 1):
        stack = [replace(layer, padding=params.kernel // 2) for layer in _plain(params, depth)]
        yield Row(depth=depth, **asdict(trials.locality_trial(stack, photo, generator)))


def _plain(params: Params, depth: int) -> list[Layer]:
    from experiments.cnn.core.receptive_theory import Layer

    return [Layer(params.kernel)] * depth


def _arms(params: Params) -> dict[str, list[Layer]]:
    """As many layers and weights each: plain, two of them strided, all of them dilated."""
    from experiments.cnn.core.receptive_theory import Layer

    thirds = (params.layers // 3, 2 * params.layers // 3)
    strides = [params.stride if number in thirds else 1 for number in range(params.layers)]
    return {
        "plain": _plain(params, params.layers),
        "downsampled": [Layer(params.kernel, stride) for stride in strides],
        "dilated": [Layer(params.kernel, dilation=params.dilation)] * params.layers,
    }


def _crop(params: Params, generator: torch.Generator) -> torch.Tensor:
    """A random square of the photograph, (3, side, side) in [0, 1], larger than any field."""
    import torch

    from experiments.foundation.datasets.images import load_photo

    whole = torch.tensor(load_photo(params.photo)).permute(2, 0, 1).double() / 255
    side = max(MAP_SIDE, params.layers * (params.kernel - 1) + 9)
    if side > min(whole.shape[1:]):
        raise InputError(
            f"expected fields within the photograph's {min(whole.shape[1:])} pixels, got layers={params.layers} with "
            f"kernel={params.kernel}, which need {side}; use fewer or smaller"
        )
    top, left = (int(torch.randint(size - side + 1, (1,), generator=generator)) for size in whole.shape[1:])
    return whole[:, top : top + side, left : left + side].contiguous()


def _field_row(part: str, case: str, layers: list[Layer], params: Params, generator: torch.Generator) -> Row:
    from experiments.cnn.core.receptive_gradients import effective_field
    from experiments.cnn.core.receptive_theory import effective_deviation, receptive_field

    activation: Literal["linear", "relu"] = "relu" if case == "relu" else "linear"
    return Row(
        part=part,
        case=case,
        depth=len(layers),
        theoretical_size=receptive_field(layers),
        effective_size=4 * effective_field(layers, params.draws, activation, generator),
        predicted_size=4 * effective_deviation(layers),
    )


def _map(case: str, layers: list[Layer], photo: torch.Tensor, generator: torch.Generator) -> Heatmap:
    """The gradient of the middle unit of one random ReLU network on the photograph, padded so that every map fits."""
    from experiments.cnn.core.receptive_gradients import convolutions, gradient_map

    padded = [replace(layer, padding=(layer.kernel // 2) * layer.dilation) for layer in layers]
    network = convolutions(padded, "random", generator, axes=2, channels=8, inputs=3, activation="relu")
    start = (photo.shape[-1] - MAP_SIDE) // 2
    shown = gradient_map(network, photo)[start : start + MAP_SIDE, start : start + MAP_SIDE]
    pixels = tuple(str(pixel) for pixel in range(MAP_SIDE))
    return Heatmap(
        name=f"gradient_{case}",
        title=f"Gradient by the pixels of a photograph, largest 1: {len(layers)} layers, {case}",
        row_axis="row",
        column_axis="column",
        row_labels=pixels,
        column_labels=pixels,
        values=tuple(map(tuple, shown.tolist())),
    )


def formula_is_the_extent_of_the_gradient(rows: Sequence[Row]) -> Comparison:
    return judge_instances(select(rows, "extent"))


def every_pixel_of_the_field_is_seen(rows: Sequence[Row]) -> Comparison:
    cases = dict.fromkeys(row.case for row in select(rows, "filling"))
    return conditional({case: judge_instances(select(rows, "filling", case)) for case in cases})


def variances_of_layers_add_up(rows: Sequence[Row]) -> Comparison:
    return judge_instances(select(rows, "variance"), 1e-10)


def effective_field_grows_with_the_root_of_depth(rows: Sequence[Row]) -> Comparison:
    grown = select(rows, "growth")
    return conditional(
        {
            **{
                f"effective, {case}": _growth(select(rows, "growth", case), lambda row: row.effective_size, 0.5)
                for case in dict.fromkeys(row.case for row in grown)
            },
            "theoretical": _growth(select(rows, "growth", "linear"), lambda row: row.theoretical_size - 1, 1.0),
        }
    )


def _growth(rows: Sequence[Row], size: Callable[[Row], float], theory: float) -> Comparison:
    depths = sorted({row.depth for row in rows})
    sizes = {(row.seed, row.depth): size(row) for row in rows}
    y = {seed: [sizes[seed, depth] for depth in depths] for seed in sorted({row.seed for row in rows})}
    return slope(depths, y, theory=theory, tolerance=0.05)


def downsampling_and_dilation_widen_the_field(rows: Sequence[Row]) -> Comparison:
    sizes = {
        case: by_seed(select(rows, "arms", case), lambda row: row.effective_size)
        for case in ("plain", "downsampled", "dilated")
    }
    return conditional({case: ratio(sizes[case], sizes["plain"], at_least=1.5) for case in ("downsampled", "dilated")})


def pixels_outside_have_no_gradient(rows: Sequence[Row]) -> Comparison:
    return judge_instances(select(rows, "locality"))


EXPERIMENT = Experiment(
    params=Params,
    row=Row,
    run=run,
    claims=(
        Claim(
            statement="The receptive field, 1 + sum of (k - 1) d times the strides below, is the gradient's extent.",
            notes="Convolution layer (002:108)",
            kind="theorem",
            rule="First and last pixel with a gradient, and every pixel by following the taps, equal exactly on random "
            "stacks of positive weights; without the strides, or with one tap more, some must differ.",
            predicted="holds",
            judge=formula_is_the_extent_of_the_gradient,
        ),
        Claim(
            statement="A unit sees every pixel of its receptive field.",
            notes="Convolution layer (002:108)",
            kind="conditional",
            rule="Undilated with strides at most the kernel, and dilated: no pixel without gradient between the first "
            "and the last; one dilated layer must leave some.",
            predicted="conditional",
            judge=every_pixel_of_the_field_is_seen,
        ),
        Claim(
            statement="With equal weights the variance of the gradient over pixels is the sum over layers of "
            "(k^2 - 1) / 12 (d times the strides below)^2.",
            notes="Effective receptive field (004:61)",
            kind="theorem",
            rule="Deviations equal up to a relative 1e-10 on random stacks; without the strides they must differ.",
            predicted="holds",
            judge=variances_of_layers_add_up,
        ),
        Claim(
            statement="The effective receptive field grows with the root of depth, the theoretical one linearly.",
            notes="Effective receptive field (004:61)",
            kind="conditional",
            rule="Slope of log size on log depth within 0.05: 1/2 for random weights, linear and with ReLU; 1 for the "
            "theoretical size less 1.",
            predicted="holds",
            judge=effective_field_grows_with_the_root_of_depth,
        ),
        Claim(
            statement="Downsampling multiplies the effective receptive field at equal depth, and so does dilation.",
            notes="Large downsampling gives a large effective receptive field (004:61)",
            kind="conditional",
            rule="Effective size over that of the plain stack > 1.5, paired by seed: two strided layers; all dilated.",
            predicted="holds",
            judge=downsampling_and_dilation_widen_the_field,
        ),
        Claim(
            statement="A pixel outside the receptive field has a gradient of exactly 0.",
            notes="Local features (002:108)",
            kind="theorem",
            rule="Largest gradient outside is 0 for ReLU networks of every depth on a photograph; with the mean of the "
            "image added to its input it must not be.",
            predicted="holds",
            judge=pixels_outside_have_no_gradient,
        ),
    ),
    tables=(
        Table(
            title="Growth with depth at stride 1",
            by=("case", "depth"),
            columns=("theoretical_size", "effective_size", "predicted_size"),
            where=lambda row: row.part == "growth",
        ),
        Table(
            title="At equal depth",
            by=("case",),
            columns=("theoretical_size", "effective_size", "predicted_size"),
            where=lambda row: row.part == "arms",
        ),
        Table(
            title="Statements and their controls",
            by=("part", "case"),
            columns=("error", "control_error"),
            where=lambda row: row.error == row.error,
        ),
    ),
    curves=(
        Curve(
            name="effective_size_over_depth",
            x="depth",
            y="effective_size",
            group="case",
            x_scale="log",
            y_scale="log",
            where=lambda row: row.part == "growth",
        ),
    ),
)
