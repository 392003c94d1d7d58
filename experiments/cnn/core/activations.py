"""Activation functions, their derivatives, and the gain of the weights before them that keeps the signal's size.

Functions are torch's own, derivatives come from autograd. The gain g of an activation f is such that weights of
variance g^2 / fan-in keep the mean square: g^2 E f(z)^2 = 1 for z ~ N(0, 1).
Sources: Glorot, Bengio, Understanding the difficulty of training deep feedforward neural networks, 2010; He et al.,
Delving Deep into Rectifiers, 2015; Klambauer et al., Self-Normalizing Neural Networks, 2017 (SELU).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal, get_args

import torch
from scipy import integrate
from torch import Tensor, nn
from torch.nn import functional

ActivationName = Literal["identity", "sigmoid", "tanh", "relu", "leaky_relu", "elu", "gelu", "silu", "selu"]
InitName = Literal["auto", "default", "he", "xavier"]

ACTIVATIONS: tuple[ActivationName, ...] = get_args(ActivationName)
LEAK = 0.01
"""Slope of the leaky ReLU below 0, torch's default."""
FUNCTIONS: dict[ActivationName, Callable[[Tensor], Tensor]] = {
    "identity": lambda z: z,
    **{name: getattr(functional, name) for name in ACTIVATIONS[1:]},
}
RANGES: dict[ActivationName, tuple[float, float]] = {
    "identity": (1.0, 1.0),
    "sigmoid": (0.0, 0.25),
    "tanh": (0.0, 1.0),
    "relu": (0.0, 1.0),
    "leaky_relu": (LEAK, 1.0),
    "elu": (0.0, 1.0),
}
"""Closed bounds of the derivative where the literature states them."""
TORCH_GAINS: tuple[ActivationName, ...] = ("identity", "sigmoid", "tanh", "relu", "leaky_relu", "selu")
"""Activations that torch.nn.init.calculate_gain knows."""


def derivative(name: ActivationName, z: Tensor) -> Tensor:
    """f'(z) for every entry of ``z``, by autograd; torch takes 0 for ReLU at 0."""
    at = z.detach().clone().requires_grad_()
    total = FUNCTIONS[name](at).sum()
    (slope,) = torch.autograd.grad(total, at)
    return slope


def torch_gain(name: ActivationName) -> float:
    """torch.nn.init.calculate_gain for the activation, one of ``TORCH_GAINS``.

    >>> torch_gain("identity"), torch_gain("selu")
    (1.0, 0.75)
    """
    return float(nn.init.calculate_gain("linear" if name == "identity" else name))  # type: ignore[arg-type]


def preserving_gain(name: ActivationName) -> float:
    """1 / sqrt(E f(z)^2) for z ~ N(0, 1), by adaptive quadrature on either side of the kink.

    >>> round(preserving_gain("relu"), 12) == round(math.sqrt(2), 12)
    True
    """
    return 1 / math.sqrt(mean_square(name, 1.0))


def mean_square(name: ActivationName, variance: float) -> float:
    """E f(z)^2 for z ~ N(0, ``variance``)."""
    function, deviation = FUNCTIONS[name], math.sqrt(variance)

    def weighted(z: float) -> float:
        value = float(function(torch.tensor(z * deviation, dtype=torch.float64)))
        return value * value * math.exp(-z * z / 2) / math.sqrt(2 * math.pi)

    halves = (integrate.quad(weighted, *half, epsabs=1e-12)[0] for half in ((-40.0, 0.0), (0.0, 40.0)))
    return float(sum(halves))


def initialize(layer: nn.Conv2d | nn.Linear, name: ActivationName, init: InitName) -> None:
    """Weights in front of the activation.

    default: torch's, uniform with variance 1 / (3 fan-in). he: normal, 2 / fan-in. xavier: normal, 2 / (fan-in +
    fan-out). auto: what the literature matches to the activation, Xavier with torch's gain for sigmoid, tanh and
    identity, He for all others. Biases are 0 but for default.
    """
    if init == "default":
        return
    if init == "xavier" or (init == "auto" and name in ("identity", "sigmoid", "tanh")):
        nn.init.xavier_normal_(layer.weight, gain=torch_gain(name) if init == "auto" else 1.0)
    else:
        nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)


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
