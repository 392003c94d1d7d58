"""Statements about pooling, tried on random maps in float64, each beside an object that must fail the same check.

Oracles are torch's and scipy's filters: nothing is compared with itself.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from scipy import ndimage
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.flop_counter import FlopCounterMode

from experiments.cnn.core.pooling import POOLS, Border, Pool, PoolName, Window, output_size, padding_mode
from experiments.foundation.networks.timing import reproducible
from experiments.foundation.statements.trial import Trial

CHANNELS = 4


def commuting_trials(maps: Tensor) -> Iterator[Trial]:
    """max(ReLU(x)) = ReLU(max(x)), as ReLU does not fall; the mean, which is no maximum, is the control."""
    relu = functional.relu
    for kernel in (2, 3):
        yield Trial(
            part="commutes",
            case=f"kernel {kernel}",
            error=_gap(relu(functional.max_pool2d(maps, kernel)), functional.max_pool2d(relu(maps), kernel)),
            control_error=_gap(relu(functional.avg_pool2d(maps, kernel)), functional.avg_pool2d(relu(maps), kernel)),
        )


def filter_trials(maps: Tensor, kernel: int, stride: int) -> Iterator[Trial]:
    """A mean is a depthwise convolution with weights 1/k^2, a maximum a gray dilation by a flat square, both sampled
    at the stride. Each is the other's control."""
    average, largest = (pool(maps, kernel, stride) for pool in (functional.avg_pool2d, functional.max_pool2d))
    channels, case = maps.shape[1], f"kernel {kernel}, stride {stride}"
    weight = torch.full((channels, 1, kernel, kernel), 1 / kernel**2, dtype=maps.dtype)
    convolved = functional.conv2d(maps, weight, stride=stride, groups=channels)
    dilated = torch.from_numpy(ndimage.grey_dilation(maps.numpy(), size=(1, 1, kernel, kernel)))
    # scipy centers its window, torch begins it at the corner
    start, places = (kernel - 1) // 2, [output_size(side, kernel, stride) for side in maps.shape[2:]]
    sampled = dilated[..., start::stride, start::stride][..., : places[0], : places[1]]
    for name, own, filtered, other in (
        ("average = convolution", average, convolved, largest),
        ("maximum = dilation", largest, sampled, average),
    ):
        yield Trial(
            part="filter", case=f"{name}, {case}", error=_gap(own, filtered), control_error=_gap(other, filtered)
        )


def sampling_trials(maps: Tensor) -> Iterator[Trial]:
    """Sampling picks some of the values: the share of outputs that are no input, and whether they are fewer."""
    average, largest = functional.avg_pool2d(maps, 2), functional.max_pool2d(maps, 2)
    strange = {"maximum": _strangers(largest, maps), "average": _strangers(average, maps)}
    for case, other in (("maximum", "average"), ("average", "maximum")):
        yield Trial(
            part="sampling",
            case=f"{case}, stride 2",
            error=strange[case],
            control_error=strange[other],
            witness=f"{100 * strange[case]:.0f} % of the outputs are no value of the input",
        )
    dense = functional.max_pool2d(maps, 3, 1, padding=1)
    kept = float(dense.numel() >= maps.numel())
    yield Trial(
        part="sampling",
        case="maximum, stride 1",
        error=kept,
        control_error=kept,
        witness=f"{maps.numel()} values become {dense.numel()}",
    )


def size_trials(rng: np.random.Generator, trials: int) -> Iterator[Trial]:
    """floor((n + 2 p - d (k - 1) - 1) / s) + 1 against what torch makes; without dilation it must fail."""
    for _ in range(trials):
        kernel, stride, dilation = (int(rng.integers(1, limit)) for limit in (6, 5, 4))
        padding = int(rng.integers(0, kernel // 2 + 1))
        size = int(rng.integers(dilation * (kernel - 1) + 1, 40))
        made = functional.max_pool2d(torch.zeros(1, 1, size, size), kernel, stride, padding, dilation).shape[-1]
        yield Trial(
            part="size",
            case="maximum",
            error=abs(output_size(size, kernel, stride, padding, dilation) - made),
            control_error=abs(output_size(size, kernel, stride, padding) - made),
            witness=f"n = {size}, k = {kernel}, s = {stride}, p = {padding}, d = {dilation}: torch has {made}",
        )


def cost_trials() -> Iterator[Trial]:
    """FLOPs of a convolution behind a pooling times s^2, against those without pooling, in counts of torch."""
    before = _convolution_flops(24)
    for stride in (2, 3, 4):
        after = _convolution_flops(output_size(24, stride, stride))
        yield Trial(
            part="cost",
            case=f"stride {stride}: divided by {stride**2}",
            error=abs(after * stride**2 / before - 1),
            control_error=abs(before * stride**2 / before - 1),  # without the pooling
            witness=f"{before} FLOPs become {after}",
        )
    after = _convolution_flops(output_size(24, 3, 1, padding=1))
    kept = float(after >= before)
    yield Trial(
        part="cost",
        case="stride 1: fewer",
        error=kept,
        control_error=kept,
        witness=f"{before} FLOPs become {after}",
    )


def head_trials() -> Iterator[Trial]:
    """Weights of a classifier on maps of 8 x 8 before and of 4 x 4 behind a pooling of stride 2: fewer by four?"""
    maps = {size: torch.zeros(1, CHANNELS, size, size) for size in (8, 4)}
    heads: dict[str, dict[int, int]] = {}
    for size, example in maps.items():
        flat = example.flatten(1).shape[1]
        heads.setdefault("flatten and linear", {})[size] = nn.Linear(flat, 10, bias=False).weight.numel()
        pooled = nn.AdaptiveAvgPool2d(1)(example).flatten(1).shape[1]
        heads.setdefault("global average and linear", {})[size] = nn.Linear(pooled, 10, bias=False).weight.numel()
        heads.setdefault("convolution", {})[size] = nn.Conv2d(example.shape[1], 10, 1, bias=False).weight.numel()
    errors = {case: abs(weights[8] / weights[4] / 4 - 1) for case, weights in heads.items()}
    for case, weights in heads.items():
        yield Trial(
            part="head",
            case=case,
            error=errors[case],
            control_error=errors["convolution"],
            witness=f"{weights[8]} weights become {weights[4]}",
        )


def parameter_counts() -> Iterator[tuple[PoolName, int]]:
    """Learned parameters of each pooling of 8 channels with a window of 2 x 2."""
    for name in POOLS[:-1]:
        yield name, sum(parameter.numel() for parameter in Pool(name, 8, Window()).parameters())


def pooling_kinds() -> tuple[str, ...]:
    """Names of the kinds of pooling in torch.nn, whatever their number of dimensions."""
    classes = (name for name in dir(nn) if name.endswith(("Pool1d", "Pool2d", "Pool3d")))
    return tuple(sorted({name.removesuffix(name[-6:]) for name in classes}))


def equivariance_trials(maps: Tensor, seed: int) -> Iterator[Trial]:
    """A circular shift of the input by the stride is one of the output by one pixel, for each kind of pooling and for
    two convolutions with two poolings. The control shifts by a single pixel and may take any shift of the output."""
    for name in POOLS[:-1]:
        with reproducible(seed):
            layers: dict[str, tuple[nn.Module, int]] = {"alone": (Pool(name, maps.shape[1], Window()), 2)}
            layers["two, behind convolutions"] = (_stack(name, maps.shape[1]), 4)
        for case, (layer, stride) in layers.items():
            layer.double().requires_grad_(False)
            positive = maps.relu()
            before, moved, off = (layer(positive.roll(pixels, 3)) for pixels in (0, stride, 1))
            nearest = min(_gap(off, before.roll(pixels, 3)) for pixels in (0, 1))
            yield Trial(
                part="equivariance",
                case=f"{name}, {case}",
                error=_gap(moved, before.roll(1, 3)),
                control_error=nearest,
            )


def global_average_trials(maps: Tensor, seed: int) -> Iterator[Trial]:
    """The mean over all places behind circular convolutions does not change under circular shifts; it must with zeros
    beyond the border, and behind poolings with a stride that does not divide the shift."""
    with reproducible(seed):
        circular, zero = _stack("none", maps.shape[1]), _stack("none", maps.shape[1], "zero")
        sampled = _stack("max", maps.shape[1])
    networks = [network.double().requires_grad_(False) for network in (circular, zero, sampled)]
    for pixels in (1, 2, 5):
        errors = [_gap(*(network(part).mean((2, 3)) for part in (maps, maps.roll(pixels, 3)))) for network in networks]
        yield Trial(
            part="global average",
            case=f"shift by {pixels}",
            error=errors[0],
            control_error=min(errors[1:]),
        )


def _stack(pool: PoolName, channels: int, border: Border = "circular") -> nn.Module:
    layers: list[nn.Module] = []
    for _ in range(2):
        convolution = nn.Conv2d(channels, channels, 3, padding=1, padding_mode=padding_mode(border))
        layers += [convolution, nn.ReLU(), Pool(pool, channels, Window())]
    return nn.Sequential(*layers)


def _convolution_flops(size: int) -> int:
    convolution = nn.Conv2d(CHANNELS, CHANNELS, 3, padding=1, device="meta")
    with FlopCounterMode(display=False) as counter:
        convolution(torch.empty(1, CHANNELS, size, size, device="meta"))
    return int(counter.get_total_flops())


def _strangers(outputs: Tensor, inputs: Tensor) -> float:
    return float((~torch.isin(outputs, inputs)).double().mean())


def _gap(a: Tensor, b: Tensor) -> float:
    """Largest difference, relative to the largest value."""
    return float((a - b).abs().max() / b.abs().max())
