"""An image as a sequence of patches, read by a transformer.

    patches -> linear -> (class token) -> + positions -> blocks -> norm -> mean of the tokens, or class token -> linear

Source: Dosovitskiy et al.: An Image is Worth 16x16 Words, https://arxiv.org/abs/2010.11929, 2021.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from experiments.foundation.architectures.transformer_block import TransformerBlock


class VisionTransformer(nn.Module):
    """Images (n, channels, height, width) to logits (n, classes).

    Args:
        patch: side of a patch; by default that of ``patch_size``.
        class_token: read a token of its own, as the paper does, instead of the mean of all.
        positions: whether a token knows where its patch lies; without, the network sees a set of patches.

    >>> network = VisionTransformer((3, 224, 224), 1000, dim=192, depth=12, heads=3, patch=16, class_token=True)
    >>> sum(parameter.numel() for parameter in network.parameters())
    5717416
    """

    def __init__(
        self,
        shape: tuple[int, int, int],
        classes: int,
        dim: int = 64,
        depth: int = 4,
        heads: int = 4,
        *,
        patch: int | None = None,
        class_token: bool = False,
        positions: bool = True,
    ) -> None:
        super().__init__()
        channels, height, width = shape
        side = patch or patch_size(height, width)
        tokens = (height // side) * (width // side) + class_token
        self.embed = nn.Conv2d(channels, dim, side, stride=side)
        self.class_token = nn.Parameter(torch.zeros(1, 1, dim)) if class_token else None
        self.position = nn.Parameter(torch.randn(1, tokens, dim) * 0.02) if positions else None
        self.blocks = nn.Sequential(*(TransformerBlock(dim, heads) for _ in range(depth)))
        self.norm = nn.LayerNorm(dim)
        self.head = nn.Linear(dim, classes)

    def forward(self, images: Tensor) -> Tensor:
        tokens = self.norm(self.blocks(self.tokens(images)))
        return self.head(tokens.mean(1) if self.class_token is None else tokens[:, 0])

    def tokens(self, images: Tensor) -> Tensor:
        """What enters the blocks, (n, tokens, dim); the class token comes first."""
        tokens = self.embed(images).flatten(2).transpose(1, 2)
        if self.class_token is not None:
            tokens = torch.cat([self.class_token.expand(len(images), -1, -1), tokens], dim=1)
        return tokens if self.position is None else tokens + self.position


def patch_size(height: int, width: int) -> int:
    """The largest square patch that divides the image and leaves at least four a side; one pixel if there is none.

    >>> patch_size(28, 28), patch_size(8, 8), patch_size(32, 32)
    (7, 2, 8)
    """
    divisors = [p for p in range(1, min(height, width) // 4 + 1) if height % p == 0 and width % p == 0]
    return max(divisors, default=1)
