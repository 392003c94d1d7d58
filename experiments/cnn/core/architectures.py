"""Well-known image classifiers as torch.nn modules, untrained, for 224 x 224 RGB images and 1000 classes.

They follow the reference implementations to which the published parameters and costs belong: AlexNet is that of
Krizhevsky's "One weird trick" paper, and the bottleneck of ResNet-50 strides in its 3 x 3 convolution.

Sources: Krizhevsky, https://arxiv.org/abs/1404.5997, 2014; Simonyan, Zisserman, https://arxiv.org/abs/1409.1556, 2014;
He et al., https://arxiv.org/abs/1512.03385, 2015; Dosovitskiy et al., https://arxiv.org/abs/2010.11929, 2021, at the
size "tiny" of Touvron et al., https://arxiv.org/abs/2012.12877, 2021.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from itertools import pairwise
from typing import Literal

import torch
from torch import Tensor, nn

from experiments.foundation.architectures.vision_transformer import VisionTransformer

ArchitectureName = Literal["alexnet", "vgg16", "resnet18", "resnet50", "vit_tiny"]
IMAGE = (1, 3, 224, 224)
CLASSES = 1000


def alexnet() -> nn.Module:
    convolutions = [
        (3, 64, 11, 4, 2),
        (64, 192, 5, 1, 2),
        *((a, b, 3, 1, 1) for a, b in pairwise((192, 384, 256, 256))),
    ]
    layers: list[nn.Module] = []
    for index, (inputs, outputs, kernel, stride, padding) in enumerate(convolutions):
        layers += [nn.Conv2d(inputs, outputs, kernel, stride, padding), nn.ReLU(inplace=True)]
        if index in (0, 1, 4):
            layers.append(nn.MaxPool2d(3, 2))
    return nn.Sequential(nn.Sequential(*layers), nn.AdaptiveAvgPool2d(6), _dense_head(256 * 6 * 6))


def vgg16() -> nn.Module:
    stages = ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3))
    layers: list[nn.Module] = []
    channels = 3
    for width, depth in stages:
        for _ in range(depth):
            layers += [nn.Conv2d(channels, width, 3, padding=1), nn.ReLU(inplace=True)]
            channels = width
        layers.append(nn.MaxPool2d(2))
    return nn.Sequential(nn.Sequential(*layers), nn.AdaptiveAvgPool2d(7), _dense_head(512 * 7 * 7))


def _dense_head(features: int) -> nn.Module:
    """Three linear layers with dropout, which hold most of the parameters of AlexNet and VGG."""
    widths = (features, 4096, 4096)
    hidden = [part for a, b in pairwise(widths) for part in (nn.Dropout(), nn.Linear(a, b), nn.ReLU(inplace=True))]
    return nn.Sequential(nn.Flatten(), *hidden, nn.Linear(4096, CLASSES))


class ResidualBlock(nn.Module):
    """relu(x + branch(x)); where the shape changes, x goes through a strided 1 x 1 convolution.

    The branch is 3x3, 3x3, or with ``bottleneck`` 1x1, 3x3, 1x1 with four times as many channels out.
    """

    def __init__(self, channels: int, width: int, stride: int, *, bottleneck: bool) -> None:
        super().__init__()
        outputs = 4 * width if bottleneck else width
        if bottleneck:
            forms = [(channels, width, 1, 1), (width, width, 3, stride), (width, outputs, 1, 1)]
        else:
            forms = [(channels, width, 3, stride), (width, outputs, 3, 1)]
        layers = [layer for form in forms for layer in (_normalized(*form), nn.ReLU(inplace=True))]
        self.branch = nn.Sequential(*layers[:-1])
        changes = stride != 1 or channels != outputs
        self.shortcut = _normalized(channels, outputs, 1, stride) if changes else nn.Identity()
        self.relu = nn.ReLU(inplace=True)
        self.outputs = outputs

    def forward(self, x: Tensor) -> Tensor:
        return self.relu(self.branch(x) + self.shortcut(x))


def _normalized(channels: int, width: int, kernel: int, stride: int) -> nn.Sequential:
    """A convolution without bias and its batch normalization."""
    return nn.Sequential(
        nn.Conv2d(channels, width, kernel, stride, padding=kernel // 2, bias=False), nn.BatchNorm2d(width)
    )


def resnet(depths: tuple[int, int, int, int], *, bottleneck: bool) -> nn.Module:
    """``depths`` blocks in the four stages of 64, 128, 256 and 512 channels."""
    layers: list[nn.Module] = [*_normalized(3, 64, 7, 2), nn.ReLU(inplace=True), nn.MaxPool2d(3, 2, padding=1)]
    channels = 64
    for stage, depth in enumerate(depths):
        for block in range(depth):
            stride = 2 if stage > 0 and block == 0 else 1
            residual = ResidualBlock(channels, 64 * 2**stage, stride, bottleneck=bottleneck)
            layers.append(residual)
            channels = residual.outputs
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, CLASSES))


def build_architecture(name: ArchitectureName) -> nn.Module:
    """An untrained network in evaluation mode on the meta device: with shapes, without numbers."""
    builders: dict[ArchitectureName, Callable[[], nn.Module]] = {
        "alexnet": alexnet,
        "vgg16": vgg16,
        "resnet18": lambda: resnet((2, 2, 2, 2), bottleneck=False),
        "resnet50": lambda: resnet((3, 4, 6, 3), bottleneck=True),
        "vit_tiny": lambda: VisionTransformer(IMAGE[1:], CLASSES, 192, 12, 3, patch=16, class_token=True),
    }
    with torch.device("meta"):
        return builders[name]().eval()


def materialized(network: nn.Module) -> nn.Module:
    """``network`` itself where it has numbers, else a copy on the CPU with small random weights."""
    if not any(parameter.is_meta for parameter in network.parameters()):
        return network
    real = copy.deepcopy(network).to_empty(device="cpu")
    with torch.no_grad():
        for parameter in real.parameters():
            parameter.normal_(std=0.02)
        for buffer in real.buffers():
            buffer.fill_(1)
    return real
