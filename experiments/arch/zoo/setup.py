"""What arch.zoo can be asked, and one specimen of each architecture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from experiments.lab.experiment import Setup, once, parameters

if TYPE_CHECKING:
    from torch import Tensor, nn

CLASSES, TOKENS, NOISE, CODE = 10, 16, 8, 8
"""Logits of a classifier, tokens that a transformer knows, numbers of a GAN's noise and of an autoencoder's code."""
ORDER = ("MLP", "CNN", "LSTM", "Transformer", "ViT", "U-Net", "GAN", "autoencoder", "RNN", "GRU")
"""On the sheet: of similar ones the best known first."""
Length = Annotated[int, Field(ge=3, le=20_000)]


@parameters
class Params:
    side: Literal[16, 32, 64] = 16
    """Pixels a side of the gray images that the specimens read."""
    length: Annotated[int, Field(ge=4, le=256)] = 16
    """Elements of the sequences that they read."""
    width: Annotated[int, Field(ge=8, le=256, multiple_of=4)] = 16
    """Channels, hidden units or dimensions of a specimen's first level."""
    trials: Annotated[int, Field(ge=2, le=200)] = 4
    """Random sizes of each architecture, and random networks for each symmetry."""
    lengths: tuple[Length, ...] = (5, 9, 17)
    """Lengths at which what waits for what is read off; three at least."""
    costed: tuple[Length, ...] = (4, 8, 16, 32, 64)
    """Lengths at which FLOPs are counted; from five on exponents are judged."""
    largest_side: Annotated[int, Field(ge=9, le=256)] = 20
    """Every side up to this one is given to U-Nets of one to four levels."""


@dataclass(frozen=True)
class Specimen:
    """One network with an input of its own."""

    name: str
    network: nn.Module
    inputs: Tensor
    closed_form: int
    """Parameters that it should have."""
    keeps: str
    """The moves of its input that it does not notice, each tried in the part symmetries."""


class Zoo(Setup[Params]):
    """The specimens, made once."""

    @once
    def specimens(self) -> list[Specimen]:
        """One of each, in evaluation mode, from the seed."""
        from experiments.foundation.networks.timing import reproducible

        with reproducible(self.seed):
            found = [*self.images(), *self.sequences()]
        found.sort(key=lambda specimen: ORDER.index(specimen.name))
        for specimen in found:
            specimen.network.eval()
        return found

    def images(self) -> list[Specimen]:
        import torch

        from experiments.arch.core import closed_forms
        from experiments.arch.core.convolutional import ConvolutionalNetwork
        from experiments.arch.core.gan import GAN
        from experiments.foundation.architectures.autoencoder import Autoencoder
        from experiments.foundation.architectures.perceptron import Perceptron
        from experiments.foundation.architectures.unet import UNet
        from experiments.foundation.architectures.vision_transformer import VisionTransformer
        from experiments.foundation.costs.parameter_counts import perceptron

        side, width = self.params.side, self.params.width
        shape, pixels = (1, side, side), side**2
        image, noise = torch.randn(1, *shape), torch.randn(1, NOISE)
        sizes, widths = (pixels, width, width, CLASSES), (width, 2 * width)
        vit = VisionTransformer(shape, CLASSES, width, 2, 4, patch=side // 4)
        vit_form = closed_forms.vision_transformer(
            shape, CLASSES, patch=side // 4, dim=width, depth=2, class_token=False
        )
        cnn = ConvolutionalNetwork(1, CLASSES, widths=widths)
        unet, unet_form = UNet(1, 1, width=width, depth=3), closed_forms.unet(1, 1, width=width, depth=3)
        autoencoder = Autoencoder(shape, (width, CODE))
        gan, gan_form = GAN(NOISE, 1, side=side, width=width), closed_forms.gan(NOISE, 1, side=side, width=width)
        return [
            Specimen("MLP", Perceptron(sizes), image, perceptron(sizes), "nothing"),
            Specimen("CNN", cnn, image, closed_forms.convolutional(1, CLASSES, widths), "shifts"),
            Specimen("ViT", vit, image, vit_form, "order of patches"),
            Specimen("U-Net", unet, image, unet_form, "shifts by 2^depth"),
            Specimen("autoencoder", autoencoder, image, closed_forms.autoencoder((pixels, width, CODE)), "nothing"),
            Specimen("GAN", gan, noise, gan_form, "nothing"),
        ]

    def sequences(self) -> list[Specimen]:
        import torch

        from experiments.arch.core import closed_forms
        from experiments.arch.core.recurrent import Recurrent
        from experiments.foundation.architectures.token_transformer import TokenTransformer

        length, width = self.params.length, self.params.width
        vectors, tokens = torch.randn(1, length, width), torch.zeros(1, length, dtype=torch.long)
        transformer = TokenTransformer(TOKENS, context=length, dim=width, depth=2, heads=4)
        form = closed_forms.token_transformer(TOKENS, length, width, 2)
        cells: tuple[tuple[str, closed_forms.Cell], ...] = (("RNN", "rnn"), ("LSTM", "lstm"), ("GRU", "gru"))
        recurrent = [
            Specimen(
                name,
                Recurrent(name, width, width),
                vectors,
                closed_forms.recurrent_network(cell, width, width),
                "delays",
            )
            for name, cell in cells
        ]
        return [*recurrent, Specimen("Transformer", transformer, tokens, form, "order of tokens")]


def prepare(params: Params, seed: int) -> Zoo:
    return Zoo(params=params, seed=seed)
