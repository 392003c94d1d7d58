"""Formulas of receptive fields tried on random stacks, each beside an object that must fail the same check."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from experiments.cnn.core.receptive_theory import (
    Layer,
    Layers,
    effective_deviation,
    first_pixel,
    middle,
    output_size,
    receptive_field,
    support,
)
from experiments.cnn.receptive_field.setup import Stacks
from experiments.foundation.statements.trials import TRIALS, TrialRow, instances, instances_by_case
from experiments.lab.experiment import Part
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.rules import Counterexample, Theorem, Under

if TYPE_CHECKING:
    import torch


def run(stacks: Stacks) -> Iterator[TrialRow]:
    from experiments.foundation.networks.timing import one_thread

    generator = stacks.generator()
    with one_thread():
        for law in (extent_trials, support_trials, filling_trials, variance_trials):
            yield from law(stacks.params.trials, generator)
        for depth in range(1, stacks.params.layers + 1):
            padded = stacks.plain(depth, padding=stacks.params.kernel // 2)
            yield locality_trial(padded, stacks.photo, generator)


def random_stack(generator: torch.Generator, *, dilated: bool = True) -> list[Layer]:
    """One to four layers of kernels 1 to 5 (even ones too), strides 1 to 3, dilations 1 to 3 and any padding.

    Not dilated, strides are at most the kernel, so that windows leave no pixel out.
    """
    import torch

    def draw(low: int, high: int) -> int:
        return int(torch.randint(low, high + 1, (1,), generator=generator))

    layers = []
    for _ in range(draw(1, 4)):
        kernel = draw(1, 5)
        stride, dilation = (draw(1, 3), draw(1, 3)) if dilated else (draw(1, min(3, kernel)), 1)
        layers.append(Layer(kernel, stride, dilation, draw(0, 2)))
    return layers


def without_strides(layers: Layers) -> list[Layer]:
    """What a formula sees that forgets the strides below a layer."""
    return [replace(layer, stride=1) for layer in layers]


def described(layers: Layers) -> str:
    """A stack in words: kernel, stride, dilation and padding of each layer."""
    return ", ".join(f"k{x.kernel} s{x.stride} d{x.dilation} p{x.padding}" for x in layers)


def extent_trials(trials: int, generator: torch.Generator) -> Iterator[TrialRow]:
    """The first and last pixel with a gradient against the formula, at an output whose window lies within the image.

    The control is the formula without strides; every other stack begins with two layers whose first one strides.
    """
    for number in range(trials):
        layers = random_stack(generator)
        if number % 2 == 0:
            layers = [Layer(3, 2), Layer(3), *layers]
        size, position = middle(layers)
        seen = _seen(layers, position, size, generator)
        expected, wrong = _span(layers, position), _span(without_strides(layers), position)
        yield TrialRow(
            statement="extent",
            case="first and last pixel",
            error=float(max(abs(seen[0] - expected[0]), abs(seen[-1] - expected[1]))),
            control_error=float(max(abs(seen[0] - wrong[0]), abs(seen[-1] - wrong[1]))),
            counterexample=f"{described(layers)}: pixels {seen[0]} to {seen[-1]}, "
            f"formula {expected[0]} to {expected[1]}",
        )


def support_trials(trials: int, generator: torch.Generator) -> Iterator[TrialRow]:
    """The pixels with a gradient against the taps followed back, also at the edge; the control has one tap more."""
    for number in range(trials):
        layers = random_stack(generator)
        size, center = middle(layers)
        position = center if number % 2 else 0
        seen = set(_seen(layers, position, size, generator))
        wider = [*layers[:-1], replace(layers[-1], kernel=layers[-1].kernel + 1)]
        yield TrialRow(
            statement="extent",
            case="every pixel",
            error=float(len(seen ^ support(layers, position, size))),
            control_error=float(len(seen ^ support(wider, position, size))),
            counterexample=f"{described(layers)}, output {position}: pixels {sorted(seen)}",
        )


def _seen(layers: Layers, position: int, size: int, generator: torch.Generator) -> list[int]:
    """Pixels of an input of ones at which the gradient is not 0; weights are positive, so that nothing cancels."""
    import torch

    from experiments.cnn.core.receptive_gradients import convolutions, input_gradient, seen_pixels

    network = convolutions(layers, "positive", generator)
    return seen_pixels(input_gradient(network, torch.ones(1, 1, size, dtype=torch.float64), (position,)))


def _span(layers: Layers, position: int) -> tuple[int, int]:
    """First and last pixel by the formula."""
    first = first_pixel(layers, position)
    return first, first + receptive_field(layers) - 1


def filling_trials(trials: int, generator: torch.Generator) -> Iterator[TrialRow]:
    """Pixels between the first and the last that the output does not see; a single dilated layer must leave some."""
    import torch

    control = _holes([Layer(2, dilation=3)], generator)
    for _ in range(trials):
        plain = random_stack(generator, dilated=False)
        dilated = [Layer(3, dilation=2) for _ in range(int(torch.randint(1, 5, (1,), generator=generator)))]
        for case, layers in (("strides at most the kernel", plain), ("every layer dilated by 2", dilated)):
            holes = _holes(layers, generator)
            yield TrialRow(
                statement="filling",
                case=case,
                error=float(holes),
                control_error=float(control),
                counterexample=f"{described(layers)}: {holes} of {receptive_field(layers)} pixels have gradient 0",
            )


def _holes(layers: Layers, generator: torch.Generator) -> int:
    size, position = middle(layers)
    seen = _seen(layers, position, size, generator)
    return seen[-1] - seen[0] + 1 - len(seen)


def variance_trials(trials: int, generator: torch.Generator) -> Iterator[TrialRow]:
    """With equal weights the deviation of the gradient is the closed form; the formula without strides must be off."""
    import torch

    from experiments.cnn.core.receptive_gradients import convolutions, deviation, input_gradient

    for _ in range(trials):
        layers = [Layer(3, 2), *(replace(layer, padding=0) for layer in random_stack(generator)), Layer(3)]
        size, position = middle(layers)
        network = convolutions(layers, "equal", generator)
        found = deviation(input_gradient(network, torch.ones(1, 1, size, dtype=torch.float64), (position,))[0, 0])
        yield TrialRow(
            statement="variance",
            case="variances of layers add up",
            error=abs(found / effective_deviation(layers) - 1),
            control_error=abs(found / effective_deviation(without_strides(layers)) - 1),
            counterexample=f"{described(layers)}: {found:.6g} pixels",
        )


def locality_trial(layers: Layers, photo: torch.Tensor, generator: torch.Generator) -> TrialRow:
    """Largest gradient outside the receptive field on ``photo`` (3, h, w); the control adds the mean of all pixels."""
    import torch

    from experiments.cnn.core.receptive_gradients import WithGlobalContext, convolutions, input_gradient

    network = convolutions(layers, "random", generator, axes=2, channels=8, inputs=3, activation="relu")
    position, field = output_size(layers, photo.shape[-1]) // 2, receptive_field(layers)
    first = max(first_pixel(layers, position), 0)
    outside = torch.ones(photo.shape[-2:], dtype=torch.bool)
    outside[first : first + field, first : first + field] = False

    def largest(tried: torch.nn.Module) -> float:
        return float(input_gradient(tried, photo[None], (position, position))[0].abs().amax(0)[outside].max())

    error = largest(network)
    return TrialRow(
        statement="locality",
        case="gradient outside the field",
        error=error,
        control_error=largest(WithGlobalContext(network)),
        counterexample=f"{len(layers)} layers: {error:.3g} outside {field} x {field}",
    )


PART = Part(
    name="laws",
    row=TrialRow,
    run=run,
    claims=(
        Claim(
            "formula_is_the_extent_of_the_gradient",
            statement="The receptive field, 1 + sum of (k - 1) d times the strides below, is the gradient's extent.",
            rule=Theorem("pixels with a gradient are those of the formula", control="a formula without strides"),
            measure=instances("extent"),
            topic="Receptive field",
            predicted="holds",
            source="Araujo et al. 2019",
        ),
        Claim(
            "every_pixel_of_the_field_is_seen",
            statement="A unit sees every pixel of its receptive field.",
            rule=Under(
                {
                    "strides at most the kernel": Theorem(
                        "no hole from the first pixel to the last", control="a dilated layer"
                    ),
                    "every layer dilated by 2": Counterexample("no hole from the first pixel to the last"),
                }
            ),
            measure=instances_by_case("filling"),
            topic="Receptive field",
            predicted={"strides at most the kernel": "holds", "every layer dilated by 2": "refuted"},
            source="a dilated kernel leaves out the pixels between its taps",
        ),
        Claim(
            "variances_of_layers_add_up",
            statement="With equal weights the variance of the gradient over pixels is the sum over layers of "
            "(k^2 - 1) / 12 (d times the strides below)^2.",
            rule=Theorem("relative error of the formula", control="the formula without strides", tolerance=1e-10),
            measure=instances("variance"),
            topic="Effective receptive field",
            predicted="holds",
            source="Luo et al. 2016: the gradient is the distribution of a sum of independent steps",
        ),
        Claim(
            "pixels_outside_have_no_gradient",
            statement="A pixel outside the receptive field has a gradient of exactly 0.",
            rule=Theorem("no gradient outside the field, at any depth", control="the image's mean added to the input"),
            measure=instances("locality"),
            topic="Local features",
            predicted="holds",
            source="a convolution reads only its window",
        ),
    ),
    tables=(TRIALS,),
)
