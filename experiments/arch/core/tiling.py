"""A large image in tiles that overlap: where a U-Net's answer for a tile is that for the whole image."""

from __future__ import annotations

from torch import Tensor, nn

from experiments.foundation.architectures.unet import two_convolutions


def reach(depth: int) -> int:
    """How far a pixel of ``UNet``'s answer looks, in pixels of the image, at most.

    Two convolutions before the way down and two after it look 2 pixels each, a pooling's grid adds 1, and below a pixel
    counts twice: r(d) = 2 r(d - 1) + 5 with r(0) = 2, the bottom's convolutions. So r(d) = 7 2^d - 5.

    >>> [reach(depth) for depth in range(4)]
    [2, 9, 23, 51]
    """
    return 7 * 2**depth - 5


def inner_answers(network: nn.Module, image: Tensor, corner: tuple[int, int], side: int, margin: int) -> Tensor:
    """Answers for the tile of ``image`` (1, channels, h, w) at ``corner``, alone, without ``margin`` pixels around."""
    y, x = corner
    inside = slice(margin, side - margin)
    return network(image[..., y : y + side, x : x + side])[..., inside, inside]


def flat_network(width: int, convolutions: int) -> nn.Sequential:
    """Gray images to logits, (n, 1, h, w) both: 3 x 3 convolutions with ReLU, two by two, none on a smaller image.

    >>> sum(parameter.numel() for parameter in flat_network(12, 8).parameters())
    9289
    """
    pairs = [two_convolutions(1 if pair == 0 else width, width, "zeros") for pair in range(convolutions // 2)]
    return nn.Sequential(*pairs, nn.Conv2d(width, 1, 1))
