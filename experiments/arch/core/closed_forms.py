"""How many numbers each architecture learns, in closed form.

A dense layer learns n_out (n_in + 1), a convolution n_out (n_in k^2 + 1), a gate h (n_in + h + 2), a transformer block
12 d^2 + 13 d, a normalization 2 per channel. Every form here is a sum of these.

Sources: those of the architectures; ``foundation.networks.parameter_counts`` has the layers.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Literal

from experiments.foundation.costs.parameter_counts import conv2d, linear, perceptron, recurrent, transformer_layer

Cell = Literal["rnn", "gru", "lstm"]


def autoencoder(sizes: Sequence[int]) -> int:
    """``sizes`` from the input down to the code, and the same way back."""
    return perceptron(sizes) + perceptron(sizes[::-1])


def convolutional(channels: int, classes: int, widths: Sequence[int]) -> int:
    """3 x 3 convolutions of these widths, and a linear layer on the mean over places: the size of images is absent."""
    return sum(conv2d(n_in, n_out, 3) for n_in, n_out in pairwise((channels, *widths))) + linear(widths[-1], classes)


def recurrent_network(cell: Cell, channels: int, hidden: int) -> int:
    """h (channels + h + 2) for each gate: 1 of an RNN, 3 of a GRU, 4 of an LSTM."""
    return recurrent(cell, channels, hidden)


def transformer_block(dim: int) -> int:
    """12 d^2 + 13 d.

    >>> transformer_block(768) == 12 * 768**2 + 13 * 768
    True
    """
    return transformer_layer(dim, 4 * dim)


def token_transformer(vocabulary: int, context: int, dim: int, depth: int) -> int:
    """Embedding and positions, blocks, the last normalization; logits use the embedding again.

    >>> token_transformer(50_257, 1024, 768, 12)
    124439808
    """
    return (vocabulary + context) * dim + depth * transformer_block(dim) + 2 * dim


def vision_transformer(
    shape: tuple[int, int, int], classes: int, *, patch: int, dim: int, depth: int, class_token: bool
) -> int:
    """Patch embedding, positions of the patches (and of the class token, with itself), blocks, normalization, head.

    >>> vision_transformer((3, 224, 224), 1000, patch=16, dim=768, depth=12, class_token=True)
    86567656
    """
    channels, height, width = shape
    tokens = (height // patch) * (width // patch) + 2 * class_token
    return linear(channels * patch**2, dim) + (tokens + 2) * dim + depth * transformer_block(dim) + linear(dim, classes)


def unet(channels: int, classes: int, *, width: int, depth: int) -> int:
    """Two convolutions a level, down and up; 2 x 2 transposed ones between the levels; a 1 x 1 one at the end.

    >>> unet(1, 1, width=64, depth=4)
    31030593
    """
    widths = [width * 2**level for level in range(depth + 1)]
    down = sum(conv2d(n_in, w, 3) + conv2d(w, w, 3) for n_in, w in pairwise((channels, *widths)))
    up = sum(conv2d(2 * w, w, 2) + conv2d(2 * w, w, 3) + conv2d(w, w, 3) for w in widths[:-1])
    return down + up + conv2d(width, classes, 1)


def gan(latent: int, channels: int, *, side: int, width: int) -> int:
    """4 x 4 convolutions without biases in both players; the judge normalizes all but its first layer.

    >>> gan(100, 3, side=64, width=64) == 3_576_704 + 2_765_568
    True
    """
    widths = [width * 2**level for level in range((side // 4).bit_length() - 1)]
    inner = 16 * sum(a * b for a, b in pairwise(widths))
    generator = 16 * (latent * widths[-1] + width * channels) + inner + 2 * sum(widths)
    discriminator = 16 * (channels * width + widths[-1]) + inner + 2 * sum(widths[1:])
    return generator + discriminator
