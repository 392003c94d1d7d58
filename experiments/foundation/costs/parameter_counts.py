"""How many numbers a layer learns, in closed form: what is multiplied, and with ``bias`` what is added.

Sources: documentation of torch.nn (shapes of weights); Vaswani et al.: Attention Is All You Need, 2017.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Literal

GATES = {"rnn": 1, "gru": 3, "lstm": 4}


def linear(n_in: int, n_out: int, *, bias: bool = True) -> int:
    """A fully connected layer: n_out (n_in + 1)."""
    return n_out * (n_in + bias)


def perceptron(sizes: Sequence[int]) -> int:
    """Linear layers from ``sizes[0]`` features over hidden widths to ``sizes[-1]`` logits."""
    return sum(linear(n_in, n_out) for n_in, n_out in pairwise(sizes))


def conv2d(channels_in: int, channels_out: int, kernel: int, *, groups: int = 1, bias: bool = True) -> int:
    """A square convolution: every output channel sees channels_in / groups channels."""
    return channels_out * (channels_in // groups * kernel**2 + bias)


def recurrent(
    cell: Literal["rnn", "gru", "lstm"], n_in: int, hidden: int, *, layers: int = 1, bias: bool = True
) -> int:
    """Stacked recurrent layers: per gate a matrix from the input, one from the state and, in torch, two biases."""
    per_layer = [hidden * (inputs + hidden + 2 * bias) for inputs in [n_in, *[hidden] * (layers - 1)]]
    return GATES[cell] * sum(per_layer)


def transformer_layer(dim: int, hidden: int, *, bias: bool = True) -> int:
    """An encoder layer: four square matrices of attention, two of feed-forward, two normalizations of gain (and shift).

    The number of heads has no influence.
    """
    attention = 4 * linear(dim, dim, bias=bias)
    feed_forward = linear(dim, hidden, bias=bias) + linear(hidden, dim, bias=bias)
    return attention + feed_forward + 2 * dim * (1 + bias)
