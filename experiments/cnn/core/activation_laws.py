"""Statements about activations, tried instance by instance, each beside an object that must fail the same check."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor
from torch.func import jacrev

from experiments.cnn.core.activation_network import DeepNetwork
from experiments.cnn.core.activations import FUNCTIONS, RANGES, ActivationName, derivative, preserving_gain, torch_gain
from experiments.foundation.networks.timing import reproducible
from experiments.foundation.statements.trial import Trial

REACH = 15.0
"""Largest |z| tried: beyond about 19 the derivative of tanh, 1 - tanh^2, rounds to 0 in float64."""
OPEN_BELOW = ("sigmoid", "tanh", "elu")
"""Activations whose derivative never takes its lower bound."""


def range_trials(points: Tensor) -> Iterator[Trial]:
    """The derivative of each activation keeps its bounds at ``points`` (n,), |z| <= 15; that of GELU, which falls
    below 0 and rises above 1, is the control."""
    gelu = derivative("gelu", points)
    for name, (low, high) in RANGES.items():
        slopes = derivative(name, points)
        off = _outside(slopes, low, high, is_open=name in OPEN_BELOW)
        if name == "relu":
            off += float(((slopes != 0) & (slopes != 1)).any())
        yield Trial(
            part="range",
            case=name,
            error=off,
            control_error=_outside(gelu, low, high, is_open=name in OPEN_BELOW),
            witness=f"{name}' from {float(slopes.min()):g} to {float(slopes.max()):g}",
        )


def _outside(slopes: Tensor, low: float, high: float, *, is_open: bool) -> float:
    """How far the slopes leave [low, high]; 1 more where an open bound is taken."""
    beyond = max(float((low - slopes).max()), float((slopes - high).max()), 0.0)
    return beyond + float(is_open and bool((slopes <= low).any()))


def linearity_trials(images: Tensor, depth: int, width: int, seed: int) -> Iterator[Trial]:
    """With the identity a deep network is the one affine map x -> J x + f(0), J its Jacobian at 0; with any other
    activation it is not."""
    gaps = {name: _distance_from_affine(name, images, depth, width, seed) for name in FUNCTIONS}
    yield Trial(
        part="linear",
        case="identity",
        error=gaps["identity"],
        control_error=min(gap for name, gap in gaps.items() if name != "identity"),
    )


def _distance_from_affine(name: ActivationName, images: Tensor, depth: int, width: int, seed: int) -> float:
    channels, height, side = images.shape[1:]
    with reproducible(seed):
        network = DeepNetwork(name, (channels, height, side), 3, depth=depth, width=width, init="he").double()
    network.requires_grad_(False)
    x = images.double()
    zero = torch.zeros_like(x[:1])
    jacobian = jacrev(network)(zero)[0, :, 0]  # (classes, c, h, w)
    affine = (x.flatten(1) @ jacobian.flatten(1).T) + network(zero)
    outputs = network(x)
    return float((outputs - affine).abs().max() / outputs.abs().max())


def gains(name: ActivationName) -> tuple[float, float]:
    """(torch's recommended gain, the gain that keeps the mean square)."""
    return torch_gain(name), preserving_gain(name)


@torch.no_grad()
def propagated_mean_squares(
    gain_of: dict[ActivationName, float], *, layers: int, width: int, networks: int, seed: int
) -> dict[ActivationName, list[float]]:
    """Mean square of the pre-activations of every layer over ``networks`` dense networks, 1 in layer 1.

    z_1 ~ N(0, 1), z_(l+1) = g W f(z_l) / sqrt(width) with W standard normal. All activations share the weights, one
    example goes through each network: over networks its pre-activations are those of any example.
    """
    rng = torch.Generator().manual_seed(seed)
    names = list(gain_of)
    scales = torch.tensor([gain_of[name] for name in names]) / width**0.5
    z = torch.randn(networks, width, 1, generator=rng).expand(networks, width, len(names))
    found = [z.square().mean((0, 1))]
    for _ in range(layers - 1):
        weights = torch.randn(networks, width, width, generator=rng)
        active = torch.stack([FUNCTIONS[name](z[..., i]) for i, name in enumerate(names)], 2)
        z = (weights @ active) * scales
        found.append(z.square().mean((0, 1)))
    squares = (torch.stack(found) / found[0]).T.tolist()
    return dict(zip(names, squares, strict=True))
