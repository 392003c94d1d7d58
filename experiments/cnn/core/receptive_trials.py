"""Statements about receptive fields, tried on random stacks, each beside an object that must fail the same check."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import torch
from torch import Tensor

from experiments.cnn.core.receptive_gradients import (
    WithGlobalContext,
    convolutions,
    deviation,
    input_gradient,
    middle,
    seen_pixels,
)
from experiments.cnn.core.receptive_theory import (
    Layer,
    Layers,
    effective_deviation,
    first_pixel,
    output_size,
    receptive_field,
    support,
)
from experiments.foundation.statements.trial import Trial


def random_stack(generator: torch.Generator, *, dilated: bool = True) -> list[Layer]:
    """One to four layers of kernels 1 to 5 (even ones too), strides 1 to 3, dilations 1 to 3 and any padding.

    Not dilated, strides are at most the kernel, so that windows leave no pixel out.
    """

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


def extent_trials(trials: int, generator: torch.Generator) -> Iterator[Trial]:
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
        yield Trial(
            part="extent",
            case="first and last pixel",
            error=float(max(abs(seen[0] - expected[0]), abs(seen[-1] - expected[1]))),
            control_error=float(max(abs(seen[0] - wrong[0]), abs(seen[-1] - wrong[1]))),
            witness=f"{described(layers)}: pixels {seen[0]} to {seen[-1]}, formula {expected[0]} to {expected[1]}",
        )


def support_trials(trials: int, generator: torch.Generator) -> Iterator[Trial]:
    """The pixels with a gradient against the taps followed back, also at the edge; the control is a tap further."""
    for number in range(trials):
        layers = random_stack(generator)
        size, center = middle(layers)
        position = center if number % 2 else 0
        seen = set(_seen(layers, position, size, generator))
        wider = [*layers[:-1], replace(layers[-1], kernel=layers[-1].kernel + 1)]
        yield Trial(
            part="extent",
            case="every pixel",
            error=float(len(seen ^ support(layers, position, size))),
            control_error=float(len(seen ^ support(wider, position, size))),
            witness=f"{described(layers)}, output {position}: pixels {sorted(seen)}",
        )


def _seen(layers: Layers, position: int, size: int, generator: torch.Generator) -> list[int]:
    """Pixels of an input of ones at which the gradient is not 0; weights are positive, so that nothing cancels."""
    network = convolutions(layers, "positive", generator)
    return seen_pixels(input_gradient(network, torch.ones(1, 1, size, dtype=torch.float64), (position,)))


def _span(layers: Layers, position: int) -> tuple[int, int]:
    """First and last pixel by the formula."""
    first = first_pixel(layers, position)
    return first, first + receptive_field(layers) - 1


def filling_trials(trials: int, generator: torch.Generator) -> Iterator[Trial]:
    """Pixels between the first and the last that the output does not see; a single dilated layer must leave some."""
    control = _holes([Layer(2, dilation=3)], generator)
    for _ in range(trials):
        plain = random_stack(generator, dilated=False)
        dilated = [Layer(3, dilation=2) for _ in range(int(torch.randint(1, 5, (1,), generator=generator)))]
        for case, layers in (("strides at most the kernel", plain), ("every layer dilated by 2", dilated)):
            holes = _holes(layers, generator)
            yield Trial(
                part="filling",
                case=case,
                error=float(holes),
                control_error=float(control),
                witness=f"{described(layers)}: {holes} of {receptive_field(layers)} pixels have gradient 0",
            )


def _holes(layers: Layers, generator: torch.Generator) -> int:
    size, position = middle(layers)
    seen = _seen(layers, position, size, generator)
    return seen[-1] - seen[0] + 1 - len(seen)


def variance_trials(trials: int, generator: torch.Generator) -> Iterator[Trial]:
    """With equal weights the deviation of the gradient is the closed form; the formula without strides must be off."""
    for _ in range(trials):
        layers = [Layer(3, 2), *(replace(layer, padding=0) for layer in random_stack(generator)), Layer(3)]
        size, position = middle(layers)
        network = convolutions(layers, "equal", generator)
        found = deviation(input_gradient(network, torch.ones(1, 1, size, dtype=torch.float64), (position,))[0, 0])
        yield Trial(
            part="variance",
            case="variances of layers add up",
            error=abs(found / effective_deviation(layers) - 1),
            control_error=abs(found / effective_deviation(without_strides(layers)) - 1),
            witness=f"{described(layers)}: {found:.6g} pixels",
        )


def locality_trial(layers: Layers, photo: Tensor, generator: torch.Generator) -> Trial:
    """Largest gradient outside the receptive field on ``photo`` (3, h, w); the control adds the mean of all pixels."""
    network = convolutions(layers, "random", generator, axes=2, channels=8, inputs=3, activation="relu")
    side = output_size(layers, photo.shape[-1])
    position = (side // 2, side // 2)
    first = max(first_pixel(layers, side // 2), 0)
    inside = torch.zeros(photo.shape[-2:], dtype=torch.bool)
    inside[first : first + receptive_field(layers), first : first + receptive_field(layers)] = True
    outside = [
        float(input_gradient(tried, photo[None], position)[0].abs().amax(0)[~inside].max())
        for tried in (network, WithGlobalContext(network))
    ]
    return Trial(
        part="locality",
        case="gradient outside the field",
        error=outside[0],
        control_error=outside[1],
        witness=f"{len(layers)} layers: {outside[0]:.3g} outside {receptive_field(layers)} x {receptive_field(layers)}",
    )
