"""Masked image modelling: an encoder sees some patches of an image, a small decoder says what the others hold.

    images -> patches -> visible ones -> encoder -> + mask tokens in place of the others -> decoder -> every patch

The loss reads the masked patches alone: squared error on their pixels, or cross entropy on their codes in a codebook.
Sources: He et al.: Masked Autoencoders Are Scalable Vision Learners, https://arxiv.org/abs/2111.06377, 2021 (pixels);
Bao et al.: BEiT, https://arxiv.org/abs/2106.08254, 2021 (codes).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, mse_loss, unfold

from experiments.foundation.architectures.transformer_block import TransformerBlock
from experiments.foundation.architectures.vision_transformer import VisionTransformer


class MaskedAutoencoder(nn.Module):
    """Images (n, channels, height, width) and what is masked (n, tokens) to a prediction (n, tokens, outputs).

    Args:
        encoder: what is pre-trained; its head is left alone.
        outputs: numbers of a patch, or codes of the codebook.
        heads: of the decoder's one block.

    >>> encoder = VisionTransformer((1, 8, 8), 10, dim=8, depth=1, heads=2)
    >>> MaskedAutoencoder(encoder, 4, heads=2)(torch.zeros(3, 1, 8, 8), random_masks(3, 16, 10)).shape
    torch.Size([3, 16, 4])
    """

    def __init__(self, encoder: VisionTransformer, outputs: int, heads: int) -> None:
        super().__init__()
        if encoder.position is None or encoder.class_token is not None:
            raise ValueError("expected an encoder with positions and without a class token")
        tokens, dim = encoder.position.shape[1:]
        self.encoder = encoder
        self.mask_token = nn.Parameter(torch.zeros(dim))
        self.position = nn.Parameter(torch.randn(1, tokens, dim) * 0.02)
        self.decoder = nn.Sequential(TransformerBlock(dim, heads), nn.LayerNorm(dim), nn.Linear(dim, outputs))

    def forward(self, images: Tensor, masked: Tensor) -> Tensor:
        seen = self.encode(images, masked)
        tokens = self.mask_token.expand(*masked.shape, -1).clone()
        tokens[~masked] = seen.flatten(0, 1)
        return self.decoder(tokens + self.position)

    def encode(self, images: Tensor, masked: Tensor) -> Tensor:
        """The visible patches of every image as the encoder sees them, (n, visible, dim)."""
        visible = self.encoder.tokens(images)[~masked].view(len(images), -1, len(self.mask_token))
        return self.encoder.norm(self.encoder.blocks(visible))


def patches_of(images: Tensor, side: int) -> Tensor:
    """The pixels of every patch, (n, tokens, channels side^2), in the order of the encoder's tokens.

    >>> patches_of(torch.arange(16.0).view(1, 1, 4, 4), 2)[0, 1]
    tensor([2., 3., 6., 7.])
    """
    return unfold(images, side, stride=side).transpose(1, 2)


def masked_patches(share: float, tokens: int) -> int:
    """How many of ``tokens`` patches are masked: round(share tokens), but one stays visible and one is masked.

    >>> masked_patches(0.6, 16), masked_patches(0.99, 16)
    (10, 15)
    """
    return min(max(round(share * tokens), 1), tokens - 1)


def random_masks(n: int, tokens: int, count: int) -> Tensor:
    """(n, tokens) booleans, ``count`` of each row true at random; by torch's global generator.

    >>> random_masks(5, 16, 10).sum(1)
    tensor([10, 10, 10, 10, 10])
    """
    return torch.rand(n, tokens).argsort(1).argsort(1) < count


def block_masks(n: int, height: int, width: int, count: int) -> Tensor:
    """(n, height width) booleans, true for the ``count`` patches of each row that lie nearest to a random one.

    >>> block_masks(5, 4, 4, 10).sum(1)
    tensor([10, 10, 10, 10, 10])
    """
    places = torch.cartesian_prod(torch.arange(float(height)), torch.arange(float(width)))
    squared = torch.cdist(places[torch.randint(len(places), (n,))], places).square()
    drawn = torch.rand(squared.shape)  # below 1, by which squared distances differ at least
    return (squared.round() + drawn).argsort(1).argsort(1) < count


def pixel_loss(predicted: Tensor, patches: Tensor, masked: Tensor) -> Tensor:
    """Mean squared error () of masked patches; ``predicted`` and ``patches`` are (n, tokens, pixels)."""
    return mse_loss(predicted[masked], patches[masked])


def code_loss(predicted: Tensor, codes: Tensor, masked: Tensor) -> Tensor:
    """Mean cross entropy () of the codes (n, tokens) of masked patches; ``predicted`` is (n, tokens, codebook)."""
    return cross_entropy(predicted[masked], codes[masked])
