"""How the gradient of a deep network changes from layer to layer.

A chain is ``depth`` square layers: a linear map, optionally batch normalization, an activation, optionally a residual
connection. Everything is in float64, because in float32 thirty sigmoid layers of torch's default weights underflow.
Backwards through one layer a gradient is multiplied by W^T and by the derivative of the activation, so its norm changes
by about gain * rms derivative with gain = ||W||_F / sqrt(fan out).

Sources: Hochreiter 1991; Glorot, Bengio: Understanding the difficulty of training deep feedforward neural networks,
2010; He et al.: Delving Deep into Rectifiers, 2015.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from experiments.foundation.architectures.transformer import Encoder, feed_forward_gradients
from experiments.foundation.networks.timing import reproducible

Activation = Literal["sigmoid", "tanh", "relu"]
Initialization = Literal["default", "xavier", "he", "normal"]
Arm = Literal["plain", "batch_norm", "residual"]


@dataclass(frozen=True)
class LayerGradient:
    """One layer of a chain after a backward pass; layer 1 is the nearest to the input."""

    layer: int
    gradient_norm: float
    """Euclidean norm of dL/dW."""
    signal_norm: float
    """Euclidean norm of dL/dz over the batch, z the input of the activation: free of the scale of the activations."""
    factor: float
    """signal_norm over that of the next layer; nan in the last."""
    mean_derivative: float
    """Mean of the activation's derivative at z."""
    weight_gain: float
    """||W||_F / sqrt(fan out) of the next layer; nan in the last."""
    predicted_factor: float
    """weight_gain times the root mean square derivative."""


class Chain(nn.Module):
    """Inputs (n, width) to logits (n, classes) in float64, from torch's global random state.

    Raises:
        ValueError: no layer.
    """

    def __init__(
        self, *, depth: int, width: int, classes: int, activation: Activation, init: Initialization, arm: Arm = "plain"
    ) -> None:
        super().__init__()
        if depth < 1:
            raise ValueError(f"expected at least one layer, got {depth}")
        self.activation, self.arm = activation, arm
        self.layers = [nn.Linear(width, width).double() for _ in range(depth)]
        self.hidden = nn.ModuleList(self.layers)
        self.norms = nn.ModuleList(nn.BatchNorm1d(width).double() for _ in range(depth))
        self.head = nn.Linear(width, classes).double()
        for layer in self.layers:
            initialize(layer, init)
        self.preactivations: list[Tensor] = []

    def forward(self, x: Tensor) -> Tensor:
        self.preactivations = []
        for layer, norm in zip(self.layers, self.norms, strict=True):
            z = norm(layer(x)) if self.arm == "batch_norm" else layer(x)
            if z.requires_grad:
                z.retain_grad()
            self.preactivations.append(z)
            activated = getattr(torch, self.activation)(z)
            x = x + activated if self.arm == "residual" else activated
        return self.head(x)


def initialize(layer: nn.Linear, init: Initialization) -> None:
    """Weights of a linear layer: torch's default (variance 1/(3 fan_in)), Xavier, He or standard normal; bias 0."""
    if init == "default":
        return
    deviation = {
        "xavier": math.sqrt(2 / sum(layer.weight.shape)),
        "he": math.sqrt(2 / layer.in_features),
        "normal": 1.0,
    }
    nn.init.normal_(layer.weight, std=deviation[init])
    nn.init.zeros_(layer.bias)


def layer_gradients(chain: Chain, inputs: Tensor, labels: Tensor) -> list[LayerGradient]:
    """One backward pass of the cross entropy through ``chain``: inputs (n, width), labels (n,)."""
    chain.zero_grad()
    cross_entropy(chain(inputs.double()), labels).backward()
    signals = [z.grad for z in chain.preactivations]
    norms = [_norm(signal) for signal in signals]
    rows = []
    for index, (layer, z) in enumerate(zip(chain.layers, chain.preactivations, strict=True)):
        slope = derivative(chain.activation, z.detach())
        gain = factor = math.nan
        if index + 1 < len(norms):
            weight = chain.layers[index + 1].weight.detach()
            gain = float(weight.norm()) / math.sqrt(weight.shape[0])
            factor = norms[index] / norms[index + 1]
        rows.append(
            LayerGradient(
                layer=index + 1,
                gradient_norm=_norm(layer.weight.grad),
                signal_norm=norms[index],
                factor=factor,
                mean_derivative=float(slope.mean()),
                weight_gain=gain,
                predicted_factor=gain * float(slope.square().mean().sqrt()),
            )
        )
    return rows


def _norm(gradient: Tensor | None) -> float:
    return math.nan if gradient is None else float(gradient.norm())


def derivative(activation: Activation, z: Tensor) -> Tensor:
    """Derivative of the activation at z, accurate where sigmoid is within rounding of 0 or 1; 0 for ReLU at 0."""
    if activation == "relu":
        return (z > 0).to(z.dtype)
    if activation == "tanh":
        return 4 * derivative("sigmoid", 2 * z)
    decay = torch.exp(-z.abs())  # sigma' = e^-|z| / (1 + e^-|z|)^2
    return decay / (1 + decay) ** 2


def transformer_gradients(layers: int, dim: int, tokens: int, seed: int) -> list[float]:
    """Gradient norm of the feed-forward weight per layer of a pre-norm transformer on random tokens."""
    with reproducible(seed):
        encoder = Encoder(layers=layers, dim=dim, heads=4, placement="pre").double()
        x = torch.randn(8, tokens, dim, dtype=torch.float64)
        target = torch.randn(8, dim, dtype=torch.float64)
        (encoder(x).mean(1) * target).sum(1).mean().backward()
        return feed_forward_gradients(encoder)


def unit_chain(weight: float, bias: float, start: float, depth: int) -> tuple[float, float]:
    """One sigmoid unit per layer, a <- sigmoid(w a + b): (|d a_depth / d a_0|, (|w| / 4)^depth)."""
    a, gradient = start, 1.0
    for _ in range(depth):
        a = 1 / (1 + math.exp(-(weight * a + bias)))
        gradient *= weight * a * (1 - a)
    return abs(gradient), (abs(weight) / 4) ** depth
