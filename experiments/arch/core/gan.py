"""A generative adversarial network of convolutions: noise becomes an image, a judge says whether it is a real one.

    z -> 4x4 -> [transposed conv 4, stride 2, doubles the side] ... -> image in (-1, 1)
    image -> [conv 4, stride 2, halves the side] ... -> 4x4 -> logit "real"

Sources: Goodfellow et al.: Generative Adversarial Nets, https://arxiv.org/abs/1406.2661, 2014; Radford, Metz, Chintala:
Unsupervised Representation Learning with Deep Convolutional GANs, https://arxiv.org/abs/1511.06434, 2016.
"""

from __future__ import annotations

from itertools import pairwise

from torch import Tensor, nn


def widths(width: int, side: int) -> list[int]:
    """Channels at sides side / 2, ..., 8, 4: ``width``, then twice as many at every halving.

    Raises:
        ValueError: a side that is not 4 times a power of two, at least 8.
    """
    levels = (side // 4).bit_length() - 1
    if side < 8 or 4 * 2**levels != side:
        raise ValueError(f"expected a side of 8, 16, 32, 64, ..., got {side}")
    return [width * 2**level for level in range(levels)]


class Generator(nn.Sequential):
    """Noise (n, latent) to images (n, channels, side, side) with values in (-1, 1)."""

    def __init__(self, latent: int, channels: int, *, side: int, width: int) -> None:
        first, *_ = steps = widths(width, side)[::-1]
        hidden = [
            part
            for n_in, n_out in pairwise(steps)
            for part in (nn.ConvTranspose2d(n_in, n_out, 4, 2, 1, bias=False), nn.BatchNorm2d(n_out), nn.ReLU())
        ]
        super().__init__(
            *(nn.Unflatten(1, (latent, 1, 1)), nn.ConvTranspose2d(latent, first, 4, bias=False)),
            *(nn.BatchNorm2d(first), nn.ReLU(), *hidden),
            *(nn.ConvTranspose2d(steps[-1], channels, 4, 2, 1, bias=False), nn.Tanh()),
        )


class Discriminator(nn.Sequential):
    """Images (n, channels, side, side) to logits (n,) of being real."""

    def __init__(self, channels: int, *, side: int, width: int) -> None:
        first, *_ = steps = widths(width, side)
        hidden = [
            part
            for n_in, n_out in pairwise(steps)
            for part in (nn.Conv2d(n_in, n_out, 4, 2, 1, bias=False), nn.BatchNorm2d(n_out), nn.LeakyReLU(0.2))
        ]
        super().__init__(
            *(nn.Conv2d(channels, first, 4, 2, 1, bias=False), nn.LeakyReLU(0.2), *hidden),
            *(nn.Conv2d(steps[-1], 1, 4, bias=False), nn.Flatten(0)),
        )


class GAN(nn.Module):
    """Both players; noise (n, latent) to the judge's logits (n,) of what the generator makes of it.

    >>> tutorial = GAN(100, 3, side=64, width=64)
    >>> [sum(p.numel() for p in player.parameters()) for player in (tutorial.generator, tutorial.discriminator)]
    [3576704, 2765568]
    """

    def __init__(self, latent: int, channels: int, *, side: int, width: int) -> None:
        super().__init__()
        self.generator = Generator(latent, channels, side=side, width=width)
        self.discriminator = Discriminator(channels, side=side, width=width)

    def forward(self, noise: Tensor) -> Tensor:
        return self.discriminator(self.generator(noise))
