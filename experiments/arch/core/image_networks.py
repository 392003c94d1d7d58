"""Six networks for one picture, with equally many parameters; and pictures whose parts lie in another order.

The vision transformer's size is given; the width of each other network is chosen for its number of parameters.
Permutations are of pixels, or of the square patches that the transformer reads; one permutation serves all images.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn

from experiments.arch.core.convolutional import ConvolutionalNetwork
from experiments.arch.core.recurrent import Recurrent
from experiments.foundation.architectures.perceptron import Perceptron
from experiments.foundation.architectures.vision_transformer import VisionTransformer, patch_size

Shape = tuple[int, int, int]
"""(channels, height, width)."""
HEADS = 4
MOST_WIDE = 4096


class RowReader(nn.Module):
    """Gray images (n, 1, height, width) to logits (n, classes): a recurrent cell reads the rows from the top.

    >>> RowReader("GRU", 28, 8, 10)(torch.zeros(2, 1, 28, 28)).shape
    torch.Size([2, 10])
    """

    def __init__(self, cell: str, row: int, hidden: int, classes: int) -> None:
        super().__init__()
        self.body = Recurrent(cell, row, hidden)
        self.head = nn.Linear(hidden, classes)

    def forward(self, images: Tensor) -> Tensor:
        return self.head(self.body(images[:, 0])[:, -1])


def of_width(name: str, shape: Shape, classes: int, width: int) -> nn.Module:
    """The MLP, CNN, RNN, GRU or LSTM of that width: hidden units, or channels of the CNN's last stage."""
    if name == "MLP":
        return Perceptron((math.prod(shape), width, classes))
    if name == "CNN":
        stages = min(4, int(math.log2(min(shape[1:]))))
        return ConvolutionalNetwork(shape[0], classes, widths=(*(8 * 2**stage for stage in range(stages - 1)), width))
    return RowReader(name, shape[2], width, classes)


def network(name: str, shape: Shape, classes: int, *, dim: int, depth: int) -> nn.Module:
    """The network of that name with as many parameters as the ViT of ``dim`` and ``depth``, as nearly as it can have.

    >>> sizes = [parameters(network(name, (1, 28, 28), 10, dim=32, depth=2)) for name in ("ViT", "MLP", "CNN", "LSTM")]
    >>> sizes
    [27914, 27835, 28024, 28024]
    """
    if name == "ViT":
        return VisionTransformer(shape, classes, dim, depth, HEADS)
    with torch.device("meta"):
        wanted = parameters(VisionTransformer(shape, classes, dim, depth, HEADS))
        width = nearest(lambda w: parameters(of_width(name, shape, classes, w)), wanted)
    return of_width(name, shape, classes, width)


def nearest(size: Callable[[int], int], wanted: int) -> int:
    """The width in 1 ... 4096 whose ``size``, which grows with it, is nearest to ``wanted``.

    >>> nearest(lambda width: width**2, 30)
    5
    """
    low, high = 1, MOST_WIDE
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if size(middle) <= wanted else (low, middle)
    return min((low, high), key=lambda width: abs(size(width) - wanted))


def parameters(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def pixel_order(shape: Shape, rng: torch.Generator) -> Tensor:
    """A random order (height * width,) of an image's pixels."""
    return torch.randperm(shape[1] * shape[2], generator=rng)


def patch_order(shape: Shape, rng: torch.Generator) -> tuple[Tensor, Tensor]:
    """A random order of an image's patches (patches,), and that of its pixels (height * width,) in it."""
    height, width = shape[1:]
    side = patch_size(height, width)
    places = torch.arange(height * width).view(height // side, side, width // side, side).transpose(1, 2)
    patches = torch.randperm(height // side * (width // side), generator=rng)
    moved = places.flatten(0, 1)[patches].view(height // side, width // side, side, side)
    return patches, moved.transpose(1, 2).flatten()


def reordered(images: Tensor, order: Tensor) -> Tensor:
    """Images (n, c, h, w) with pixel ``order[i]`` at place i.

    >>> reordered(torch.arange(4.0).view(1, 1, 2, 2), torch.tensor([3, 2, 1, 0])).flatten().tolist()
    [3.0, 2.0, 1.0, 0.0]
    """
    return images.flatten(2)[..., order].view(images.shape)
