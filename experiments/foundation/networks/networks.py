"""Small image classifiers for any image size and number of channels; each returns logits (n, classes).

Sources: ``cnn`` is the network of PyTorch's MNIST example (https://github.com/pytorch/examples/tree/main/mnist);
``lenet`` LeCun et al., Gradient-Based Learning Applied to Document Recognition, 1998, with all connections and a
linear output; ``quick`` our own, with what Page, How to Train Your ResNet (https://github.com/davidcpage/cifar10-fast),
2018, does for speed: pooling in front of the normalization, scaled logits; ``vit`` Dosovitskiy et al.,
https://arxiv.org/abs/2010.11929, 2021, at toy size, with mean pooling.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn

from experiments.foundation.architectures.vision_transformer import VisionTransformer
from experiments.foundation.networks.choices import NetworkName
from experiments.foundation.networks.kernels.pooled_convolutions import convolve_and_pool
from experiments.foundation.networks.kernels.quick_layers import IMAGE, WIDTHS, fits_quick_kernels, quick_features
from experiments.foundation.networks.split import ImageShape
from experiments.lab.errors import InputError


def build_network(name: NetworkName, shape: ImageShape, classes: int) -> nn.Module:
    """A freshly initialized network, from torch's global random state.

    Raises:
        InputError: the images are smaller than the network can take.
    """
    smallest = {"cnn": 6, "lenet": 4, "quick": 4}.get(name, 1)
    if min(shape[1:]) < smallest:
        raise InputError(
            f"model={name} needs {smallest} x {smallest} pixels, the images have {shape[1]} x {shape[2]}; use model=mlp"
        )
    builders: dict[str, Callable[[ImageShape, int], nn.Module]] = {
        "linear": linear,
        "mlp": mlp,
        "cnn": ConvolutionalNetwork,
        "lenet": lenet,
        "quick": QuickNetwork,
        "vit": VisionTransformer,
    }
    return builders[name](shape, classes)


def linear(shape: ImageShape, classes: int) -> nn.Module:
    """Softmax regression on pixels."""
    return nn.Sequential(nn.Flatten(), nn.Linear(math.prod(shape), classes))


def mlp(shape: ImageShape, classes: int, width: int = 256) -> nn.Module:
    """Two hidden ReLU layers."""
    return nn.Sequential(
        nn.Flatten(),
        nn.Linear(math.prod(shape), width),
        nn.ReLU(),
        nn.Linear(width, width),
        nn.ReLU(),
        nn.Linear(width, classes),
    )


def lenet(shape: ImageShape, classes: int) -> nn.Module:
    """LeNet-5 with tanh; below 12 pixels the second convolution is padded too, so that something is left to
    convolve."""
    channels, height, width = shape
    padding = 2 if min(height, width) < 12 else 0
    side_h, side_w = ((size // 2 - 4 + 2 * padding) // 2 for size in (height, width))
    return nn.Sequential(
        *(nn.Conv2d(channels, 6, 5, padding=2), nn.Tanh(), nn.AvgPool2d(2)),
        *(nn.Conv2d(6, 16, 5, padding=padding), nn.Tanh(), nn.AvgPool2d(2)),
        *(nn.Flatten(), nn.Linear(16 * side_h * side_w, 120), nn.Tanh()),
        *(nn.Linear(120, 84), nn.Tanh(), nn.Linear(84, classes)),
    )


class ConvolutionalNetwork(nn.Module):
    """conv 3x3 (32), ReLU, conv 3x3 (64), ReLU, max-pool 2, dropout .25, linear 128, ReLU, dropout .5, linear."""

    def __init__(self, shape: ImageShape, classes: int) -> None:
        super().__init__()
        channels, height, width = shape
        self.conv1 = nn.Conv2d(channels, 32, 3)
        self.conv2 = nn.Conv2d(32, 64, 3)
        self.dropout1 = nn.Dropout(0.25)
        self.fc1 = nn.Linear(64 * ((height - 4) // 2) * ((width - 4) // 2), 128)
        self.dropout2 = nn.Dropout(0.5)
        self.fc2 = nn.Linear(128, classes)

    def forward(self, images: Tensor) -> Tensor:
        pooled = convolve_and_pool(images, self.conv1, self.conv2, self.dropout1)
        return self.fc2(self.dropout2(self.fc1(pooled).relu_()))


class QuickNetwork(nn.Module):
    """For a high accuracy within seconds: conv 5x5 stride 2 (16), twice conv 3x3 (48, 96), each with its pooling, batch
    normalization and ReLU after it, linear.

    Images of 28 x 28 are not padded, since MNIST's digits keep away from the border; in training in 16 bits their
    layers are one compiled operation (``quick_layers``).
    """

    def __init__(self, shape: ImageShape, classes: int) -> None:
        super().__init__()
        first, second, third = WIDTHS
        pad = 0 if shape == IMAGE else 1
        height, width = (((size - 5 + 4 * pad) // 2 - 1 + 2 * pad) // 2 - 2 + 2 * pad for size in shape[1:])
        self.layers = nn.Sequential(
            *(nn.Conv2d(shape[0], first, 5, stride=2, padding=2 * pad, bias=False), normalized(first)),
            *(nn.Conv2d(first, second, 3, padding=pad, bias=False), nn.MaxPool2d(2), normalized(second)),
            *(nn.Conv2d(second, third, 3, padding=pad, bias=False), nn.MaxPool2d((height, width)), normalized(third)),
            *(nn.Flatten(), nn.Linear(third, classes)),
        )
        convolutions = [layer for layer in self.layers if isinstance(layer, nn.Conv2d)]
        norms = [layer for layer in self.layers.modules() if isinstance(layer, nn.BatchNorm2d)]
        self._pairs = tuple(zip(convolutions, norms, strict=True))

    def forward(self, images: Tensor) -> Tensor:
        if fits_quick_kernels(images, self._pairs):
            with torch.autocast("cpu", enabled=False):  # so small a product takes longer in 16 bits
                return 0.2 * self.layers[-1](quick_features(images, self._pairs))
        return 0.2 * self.layers(images)


def normalized(channels: int) -> nn.Module:
    """Batch normalization, whose averages follow quickly, and ReLU."""
    return nn.Sequential(nn.BatchNorm2d(channels, momentum=0.3), nn.ReLU())
