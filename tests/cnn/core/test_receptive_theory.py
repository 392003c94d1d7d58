"""Receptive fields against brute force: perturbed pixels, boxes convolved by numpy, and scipy."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy import ndimage, stats

from experiments.cnn.core.receptive_gradients import (
    convolutions,
    deviation,
    input_gradient,
    seen_pixels,
)
from experiments.cnn.core.receptive_theory import (
    Layer,
    effective_deviation,
    first_pixel,
    middle,
    receptive_field,
    support,
)

STACKS = [
    [Layer(3)],
    [Layer(3, 2), Layer(3), Layer(2, 2)],
    [Layer(4, 1, 2, 1), Layer(1, 3), Layer(5, 1, 3, 2)],
    [Layer(3, 1, 1, 1)] * 5,
]


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def changed_by(layers: list[Layer], position: int, size: int) -> list[int]:
    """Pixels whose change changes the output: brute force without gradients."""
    network = convolutions(layers, "positive", generator())
    images = torch.eye(size, dtype=torch.float64)[:, None]
    with torch.no_grad():
        return torch.nonzero(network(images)[:, 0, position]).flatten().tolist()


@pytest.mark.parametrize("layers", STACKS, ids=range(len(STACKS)))
def test_gradient_and_taps_find_the_pixels_that_change_the_output(layers: list[Layer]) -> None:
    size, center = middle(layers)
    network = convolutions(layers, "positive", generator())
    for position in (0, center):
        expected = changed_by(layers, position, size)
        seen = seen_pixels(input_gradient(network, torch.ones(1, 1, size, dtype=torch.float64), (position,)))
        assert seen == expected == sorted(support(layers, position, size))


@pytest.mark.parametrize("layers", STACKS, ids=range(len(STACKS)))
def test_the_formula_gives_first_and_last_of_them(layers: list[Layer]) -> None:
    size, center = middle(layers)
    expected = changed_by(layers, center, size)
    first = first_pixel(layers, center)
    assert (first, first + receptive_field(layers) - 1) == (expected[0], expected[-1])


def test_the_field_of_dilated_kernels_is_scipys_dilation_of_one_pixel() -> None:
    layers = [Layer(3, dilation=2), Layer(3, dilation=3), Layer(3)]
    field = np.zeros(41, dtype=bool)
    field[20] = True
    for layer in layers:
        kernel = np.zeros(layer.reach(), dtype=bool)
        kernel[:: layer.dilation] = True
        field = ndimage.binary_dilation(field, kernel)
    size, center = middle(layers)
    found = support(layers, center, size)
    assert {pixel - min(found) for pixel in found} == {int(p - np.argmax(field)) for p in np.flatnonzero(field)}


def test_the_fields_of_vgg16_and_alexnet_by_the_recurrence_over_layers() -> None:
    pool = Layer(2, 2)
    vgg = [x for depth in (2, 2, 3, 3, 3) for x in [*[Layer(3, padding=1)] * depth, pool]]
    convs = [Layer(5, padding=2), Layer(3, 2), *[Layer(3, padding=1)] * 3]
    alexnet = [Layer(11, 4, 1, 2), Layer(3, 2), *convs, Layer(3, 2)]
    for layers, expected in ((vgg, 212), (alexnet, 195)):
        field, jump = 1, 1
        for layer in layers:
            field, jump = field + (layer.kernel - 1) * jump, jump * layer.stride
        assert receptive_field(layers) == field == expected


def test_equal_weights_spread_like_repeated_convolution_of_boxes() -> None:
    layers = [Layer(3), Layer(5, dilation=2), Layer(2)]
    energy = np.ones(1)
    for layer in layers:
        box = np.zeros(layer.reach())
        box[:: layer.dilation] = 1 / layer.kernel
        energy = np.convolve(energy, box)
    places = np.arange(len(energy))
    expected = float(stats.rv_discrete(values=(places, energy / energy.sum())).std())
    assert effective_deviation(layers) == pytest.approx(expected, rel=1e-12)
    assert deviation(torch.tensor(energy)) == pytest.approx(expected, rel=1e-12)


def test_padding_moves_the_field_and_does_not_change_its_size() -> None:
    layers = [Layer(3, 2, 1, 0), Layer(3)]
    padded = [replace(layer, padding=1) for layer in layers]
    assert receptive_field(layers) == receptive_field(padded) == 7
    assert (first_pixel(layers, 0), first_pixel(padded, 0)) == (0, -3)
