"""The trials of the part symmetries: a fresh random network in float64, moved and not, beside one that must notice."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy

import torch
from torch import Tensor, nn

from experiments.arch.core.convolutional import ConvolutionalNetwork, Padding
from experiments.arch.core.recurrent import Recurrent
from experiments.arch.core.symmetry import delay, gap, reorder_patches, reorder_within_patches, shift
from experiments.foundation.architectures.autoencoder import Autoencoder
from experiments.foundation.architectures.perceptron import Perceptron
from experiments.foundation.architectures.token_transformer import TokenTransformer
from experiments.foundation.architectures.unet import UNet
from experiments.foundation.architectures.vision_transformer import VisionTransformer

SIDE, PATCH, WIDTH, LENGTH, TOKENS = 16, 4, 8, 12, 20
SHAPE, PIXELS, PATCHES = (1, SIDE, SIDE), SIDE**2, (SIDE // PATCH) ** 2
Errors = tuple[float, float]
"""How far the architecture is off, and one that must notice the same move."""
Network = Callable[[Tensor], Tensor]


def images() -> Tensor:
    return torch.randn(2, *SHAPE, dtype=torch.float64)


def order(n: int) -> Tensor:
    """A random order of n things in which at least one has moved."""
    found = torch.randperm(n)
    return found if bool((found != torch.arange(n)).any()) else found.roll(1)


def cnn(padding: Padding = "circular", *, pool: bool = False) -> ConvolutionalNetwork:
    return ConvolutionalNetwork(1, 5, widths=(WIDTH, WIDTH), pool=pool, padding=padding).double()


def mlp() -> nn.Module:
    return Perceptron((PIXELS, WIDTH, 5)).double()


def vit(*, positions: bool = True) -> VisionTransformer:
    return VisionTransformer(SHAPE, 5, WIDTH, 2, 2, patch=PATCH, positions=positions).double()


def shifted(network: Network, x: Tensor, rows: int, columns: int) -> float:
    """f(shift x) against shift f(x)."""
    return gap(network(shift(x, rows, columns)), shift(network(x), rows, columns))


def convolutions_shifted() -> Errors:
    """Convolutions on images without border; the autoencoder, an MLP from image to image, must notice."""
    move = tuple(torch.randint(1, SIDE, (2,)).tolist())
    autoencoder = Autoencoder(SHAPE, (WIDTH,)).double()
    return shifted(cnn().features, images(), *move), shifted(autoencoder, images(), *move)


def mean_shifted() -> Errors:
    """Logits from the mean over places; an MLP must notice."""
    rows, columns = torch.randint(1, SIDE, (2,)).tolist()
    x, convolutional, perceptron = images(), cnn(), mlp()
    moved = shift(x, rows, columns)
    return gap(convolutional(moved), convolutional(x)), gap(perceptron(moved), perceptron(x))


def unet_shifted() -> Errors:
    """By multiples of 2^depth; by one pixel the same network must notice."""
    network = UNet(1, 2, width=4, depth=2, padding="circular").double()
    rows, columns = (4 * torch.randint(1, SIDE // 4, (2,))).tolist()
    return shifted(network, images(), rows, columns), shifted(network, images(), 1, 0)


def tokens_reordered() -> Errors:
    """A Transformer without mask and positions; with positions it must notice."""
    tokens, new = torch.randint(TOKENS, (2, LENGTH)), order(LENGTH)

    def error(positions: bool) -> float:
        network = TokenTransformer(
            TOKENS, context=LENGTH, dim=WIDTH, depth=2, heads=2, causal=False, positions=positions
        ).double()
        return gap(network(tokens[:, new]), network(tokens)[:, new])

    return error(False), error(True)


def patches_reordered() -> Errors:
    """A ViT without positions; a CNN with the mean over places must notice."""
    x, blind, seeing = images(), vit(positions=False), cnn()
    moved = reorder_patches(x, PATCH, order(PATCHES))
    return gap(blind(moved), blind(x)), gap(seeing(moved), seeing(x))


def delayed(cell: str) -> Callable[[], Errors]:
    """Silence first, without biases; a Transformer with positions must notice."""

    def trial() -> Errors:
        x = torch.randn(2, LENGTH, WIDTH, dtype=torch.float64)
        recurrent = Recurrent(cell, WIDTH, WIDTH, bias=False).double()
        transformer = TokenTransformer(TOKENS, context=2 * LENGTH, dim=WIDTH, depth=2, heads=2).double()
        steps = int(torch.randint(1, LENGTH, ()))
        return (
            gap(recurrent(delay(x, steps))[:, steps:], recurrent(x)),
            gap(transformer.states(delay(x, steps))[:, steps:], transformer.states(x)),
        )

    return trial


def compensated(network: nn.Module, x: Tensor, moved: Tensor, undo: Callable[[nn.Module], None]) -> Errors:
    """The moved input in a network with permuted weights against the plain one; its old weights must notice."""
    with torch.no_grad():
        other = deepcopy(network)
        undo(other)
        return gap(other(moved), network(x)), gap(network(moved), network(x))


def positions_follow() -> Errors:
    """Patches in a new order, and the rows of the positions too."""
    x, new = images(), order(PATCHES)

    def undo(network: nn.Module) -> None:
        assert isinstance(network, VisionTransformer)
        assert network.position is not None
        network.position.copy_(network.position[:, new])

    return compensated(vit(), x, reorder_patches(x, PATCH, new), undo)


def embedding_follows() -> Errors:
    """Pixels of every patch in one new order, and the columns of the embedding too."""
    x, new = images(), order(PATCH**2)

    def undo(network: nn.Module) -> None:
        assert isinstance(network, VisionTransformer)
        weight = network.embed.weight
        weight.copy_(weight.flatten(2)[..., new].view_as(weight))

    return compensated(vit(), x, reorder_within_patches(x, PATCH, new), undo)


def first_layer_follows() -> Errors:
    """Pixels of an image in any new order, and the columns of an MLP's first layer too."""
    x, new = images(), order(PIXELS)

    def undo(network: nn.Module) -> None:
        weight = network.get_parameter("1.weight")
        weight.copy_(weight[:, new])

    return compensated(mlp(), x, x.flatten(1)[:, new].view_as(x), undo)


MOVES: Mapping[str, Callable[[], Errors]] = {
    "convolutions: shifts": convolutions_shifted,
    "CNN: shifts": mean_shifted,
    "U-Net: shifts by 2^depth": unet_shifted,
    "Transformer: order of tokens": tokens_reordered,
    "ViT: order of patches": patches_reordered,
    **{f"{cell}: delays": delayed(cell) for cell in ("RNN", "LSTM", "GRU")},
}
CLASSES: Mapping[str, Callable[[], Errors]] = {
    "ViT: order of patches": positions_follow,
    "ViT: order within patches": embedding_follows,
    "MLP: order of pixels": first_layer_follows,
}
