"""Parameters in closed form, tried on random sizes, each beside a form with one thing wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from experiments.arch.zoo.setup import Zoo
from experiments.foundation.statements.trials import TRIALS, TrialRow, instances_by_case
from experiments.lab.experiment import Part
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.rules import Each, Theorem

if TYPE_CHECKING:
    from torch import nn

    Form = tuple[nn.Module, int, int]
    """A network, its closed form, and a form with one thing wrong."""

ARCHITECTURES = ("MLP", "CNN", "RNN", "LSTM", "GRU", "Transformer", "ViT", "U-Net", "autoencoder", "GAN")


def run(zoo: Zoo) -> Iterator[TrialRow]:
    import numpy as np
    import torch

    rng = np.random.default_rng(zoo.seed)

    def draw(low: int, high: int) -> int:
        return int(rng.integers(low, high + 1))

    for name in ARCHITECTURES:
        for _ in range(zoo.params.trials):
            with torch.device("meta"):
                network, form, wrong = FORMS[name](draw)
            learned = sum(parameter.numel() for parameter in network.parameters())
            yield TrialRow(
                statement="closed form",
                case=name,
                error=abs(learned - form),
                control_error=abs(learned - wrong),
                counterexample=f"{learned} parameters, {form} by the form",
            )


Draw = Callable[[int, int], int]


def mlp(draw: Draw) -> Form:
    """Wrong: without biases."""
    from experiments.foundation.architectures.perceptron import Perceptron
    from experiments.foundation.costs.parameter_counts import perceptron

    sizes = [draw(1, 60) for _ in range(draw(2, 6))]
    return Perceptron(sizes), perceptron(sizes), perceptron(sizes) - sum(sizes[1:])


def cnn(draw: Draw) -> Form:
    """Wrong: one stage forgotten."""
    from experiments.arch.core.closed_forms import convolutional
    from experiments.arch.core.convolutional import ConvolutionalNetwork

    channels, classes, widths = draw(1, 4), draw(2, 12), tuple(draw(1, 40) for _ in range(draw(2, 4)))
    form, wrong = convolutional(channels, classes, widths), convolutional(channels, classes, widths[1:])
    return ConvolutionalNetwork(channels, classes, widths=widths), form, wrong


def recurrent(name: str) -> Callable[[Draw], Form]:
    """Wrong: a gate too few, or too many in a network that has one."""
    from experiments.arch.core.closed_forms import Cell, recurrent_network

    cells: dict[str, tuple[Cell, Cell]] = {"RNN": ("rnn", "gru"), "GRU": ("gru", "lstm"), "LSTM": ("lstm", "gru")}
    cell, other = cells[name]

    def build(draw: Draw) -> Form:
        from experiments.arch.core.recurrent import Recurrent

        channels, hidden = draw(1, 40), draw(1, 60)
        form, wrong = (recurrent_network(kind, channels, hidden) for kind in (cell, other))
        return Recurrent(name, channels, hidden), form, wrong

    return build


def transformer(draw: Draw) -> Form:
    """Wrong: logits with a matrix of their own."""
    from experiments.arch.core.closed_forms import token_transformer
    from experiments.foundation.architectures.token_transformer import TokenTransformer

    vocabulary, context, heads, depth = draw(2, 100), draw(1, 60), draw(1, 4), draw(1, 4)
    dim = heads * draw(1, 12)
    form = token_transformer(vocabulary, context, dim, depth)
    network = TokenTransformer(vocabulary, context=context, dim=dim, depth=depth, heads=heads)
    return network, form, form + vocabulary * dim


def vit(draw: Draw) -> Form:
    """Wrong: a class token more or less."""
    from experiments.arch.core.closed_forms import vision_transformer
    from experiments.foundation.architectures.vision_transformer import VisionTransformer

    patch, heads, depth, token = draw(1, 5), draw(1, 4), draw(1, 3), bool(draw(0, 1))
    shape, dim = (draw(1, 3), patch * draw(1, 5), patch * draw(1, 5)), heads * draw(1, 12)
    network = VisionTransformer(shape, 10, dim, depth, heads, patch=patch, class_token=token)
    form, wrong = (
        vision_transformer(shape, 10, patch=patch, dim=dim, depth=depth, class_token=one) for one in (token, not token)
    )
    return network, form, wrong


def u_net(draw: Draw) -> Form:
    """Wrong: the way up without the channels of the skips."""
    from experiments.arch.core import closed_forms
    from experiments.foundation.architectures.unet import UNet

    channels, classes, width, depth = draw(1, 3), draw(1, 4), draw(1, 12), draw(1, 4)
    form = closed_forms.unet(channels, classes, width=width, depth=depth)
    skipped = sum(9 * (width * 2**level) ** 2 for level in range(depth))
    return UNet(channels, classes, width=width, depth=depth), form, form - skipped


def autoencoder(draw: Draw) -> Form:
    """Wrong: only the way down."""
    from experiments.arch.core import closed_forms
    from experiments.foundation.architectures.autoencoder import Autoencoder
    from experiments.foundation.costs.parameter_counts import perceptron

    shape, hidden = (1, draw(1, 9), draw(1, 9)), tuple(draw(1, 30) for _ in range(draw(1, 3)))
    sizes = (shape[1] * shape[2], *hidden)
    form = closed_forms.autoencoder(sizes)
    return Autoencoder(shape, hidden), form, perceptron(sizes)


def gan(draw: Draw) -> Form:
    """Wrong: one player."""
    from experiments.arch.core import closed_forms
    from experiments.arch.core.gan import GAN

    latent, channels, side, width = draw(1, 40), draw(1, 3), 4 * 2 ** draw(1, 4), draw(1, 12)
    network = GAN(latent, channels, side=side, width=width)
    generator = sum(parameter.numel() for parameter in network.generator.parameters())
    return network, closed_forms.gan(latent, channels, side=side, width=width), generator


FORMS: Mapping[str, Callable[[Draw], Form]] = {
    "MLP": mlp,
    "CNN": cnn,
    "RNN": recurrent("RNN"),
    "LSTM": recurrent("LSTM"),
    "GRU": recurrent("GRU"),
    "Transformer": transformer,
    "ViT": vit,
    "U-Net": u_net,
    "autoencoder": autoencoder,
    "GAN": gan,
}


PART = Part(
    name="forms",
    row=TrialRow,
    run=run,
    claims=(
        Claim(
            "parameters_have_closed_forms",
            statement="The parameters of all ten architectures are those of a closed form in their sizes.",
            rule=Each(
                Theorem("the parameters are those of the form", control="a form with one thing wrong"),
                per="architecture",
            ),
            measure=instances_by_case("closed form"),
            topic="MLP, CNN, RNN, LSTM, GRU, Transformer, ViT, U-Net, autoencoder, GAN",
            predicted="holds",
            source="sums over layers: n (m + 1), n (m k^2 + 1), g h (m + h + 2), 12 d^2 + 13 d",
        ),
    ),
    tables=(TRIALS,),
)
