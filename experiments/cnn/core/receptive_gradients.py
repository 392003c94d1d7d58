"""Receptive fields by autograd: the gradient of one output unit by the pixels of the input.

Along one axis with ``Conv1d`` where sizes grow large, on images with ``Conv2d``. Weights come from the generator that
is passed in; nothing is trained.
"""

from __future__ import annotations

import math
from typing import Literal

import torch
from torch import Tensor, nn

from experiments.cnn.core.receptive_theory import Layers, middle

Weights = Literal["positive", "equal", "random"]
Activation = Literal["linear", "relu"]


def convolutions(
    layers: Layers,
    weights: Weights,
    generator: torch.Generator,
    *,
    axes: Literal[1, 2] = 1,
    channels: int = 1,
    inputs: int = 1,
    activation: Activation = "linear",
) -> nn.Sequential:
    """A stack in float64 from (n, inputs, pixels...) to (n, channels, pixels...), without biases.

    The activation stands between layers and not after the last. ``positive`` weights are uniform in (0.1, 1), so that
    nothing cancels and no ReLU is dead on positive input; ``equal`` ones are all 1 / taps; ``random`` ones are normal
    with He's variance, which keeps the size of gradients over depth.
    """
    kind = nn.Conv1d if axes == 1 else nn.Conv2d
    parts: list[nn.Module] = []
    for layer in layers:
        window = (layer.kernel, layer.stride, layer.padding, layer.dilation)
        conv = kind(inputs, channels, *window, bias=False, dtype=torch.float64)
        _fill(conv.weight, weights, generator, gain=2.0 if activation == "relu" else 1.0)
        parts += [conv, nn.ReLU()] if activation == "relu" else [conv]
        inputs = channels
    return nn.Sequential(*(parts[:-1] if activation == "relu" else parts))


@torch.no_grad()
def _fill(weight: Tensor, weights: Weights, generator: torch.Generator, *, gain: float) -> None:
    taps = weight[0].numel()
    if weights == "equal":
        weight.fill_(1 / taps)
    elif weights == "positive":
        weight.uniform_(0.1, 1, generator=generator)
    else:
        weight.normal_(0, math.sqrt(gain / taps), generator=generator)


def input_gradient(network: nn.Module, inputs: Tensor, position: tuple[int, ...]) -> Tensor:
    """Gradient by ``inputs`` (1, channels, pixels...) of the output's first channel at ``position``; its shape."""
    pixels = inputs.detach().clone().requires_grad_()
    (gradient,) = torch.autograd.grad(network(pixels)[0, 0][position], pixels)
    return gradient


def seen_pixels(gradient: Tensor) -> list[int]:
    """Indices along the one axis of ``gradient`` (1, channels, pixels) at which some channel is not exactly 0."""
    return torch.nonzero(gradient[0].abs().sum(0)).flatten().tolist()


def deviation(energy: Tensor) -> float:
    """Standard deviation in pixels of the distribution that ``energy`` (pixels), at least 0, is proportional to."""
    places = torch.arange(len(energy), dtype=torch.float64)
    shares = energy.double() / energy.sum()
    center = (shares * places).sum()
    return float((shares * (places - center) ** 2).sum().sqrt())


def effective_field(layers: Layers, draws: int, activation: Activation, generator: torch.Generator) -> float:
    """Deviation of the squared gradient over ``draws`` networks of 8 channels with random weights and inputs."""
    size, position = middle(layers)
    energy = torch.zeros(size, dtype=torch.float64)
    for _ in range(draws):
        network = convolutions(layers, "random", generator, channels=8, inputs=8, activation=activation)
        inputs = torch.randn(1, 8, size, generator=generator, dtype=torch.float64)
        energy += input_gradient(network, inputs, (position,))[0].square().sum(0)
    return deviation(energy)


def gradient_map(network: nn.Module, image: Tensor) -> Tensor:
    """Size of the gradient of the middle output by each pixel: image (channels, h, w) to (h, w), largest 1."""
    height, width = network(image[None]).shape[-2:]
    gradient = input_gradient(network, image[None], (height // 2, width // 2))
    strength = gradient[0].square().sum(0).sqrt()
    return strength / strength.max().clamp_min(torch.finfo(strength.dtype).tiny)


class WithGlobalContext(nn.Module):
    """A network whose input is first shifted by its own mean over all pixels: the control that sees everything."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, images: Tensor) -> Tensor:
        return self.network(images + images.mean((-2, -1), keepdim=True))
