"""A transformer that reads tokens: GPT-2's, or without mask and positions a reader of sets.

    tokens -> embedding -> + positions -> causal blocks -> norm -> the embedding again, as logits of the next token

Sources: Vaswani et al.: Attention Is All You Need, https://arxiv.org/abs/1706.03762, 2017; Radford et al.: Language
Models are Unsupervised Multitask Learners, 2019, with the embedding used twice (Press, Wolf 2017).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from experiments.foundation.architectures.transformer_block import TransformerBlock


class TokenTransformer(nn.Module):
    """Token numbers (n, length) to logits (n, length, vocabulary); length is at most ``context``.

    Args:
        causal: whether a token sees only those before it and itself.
        positions: whether a token knows its place.

    >>> with torch.device("meta"):
    ...     gpt2 = TokenTransformer(50_257, context=1024, dim=768, depth=12, heads=12)
    >>> sum(parameter.numel() for parameter in gpt2.parameters())
    124439808
    """

    def __init__(
        self,
        vocabulary: int,
        *,
        context: int,
        dim: int,
        depth: int,
        heads: int,
        causal: bool = True,
        positions: bool = True,
    ) -> None:
        super().__init__()
        self.embed = nn.Embedding(vocabulary, dim)
        self.position = nn.Parameter(torch.randn(context, dim) * 0.02) if positions else None
        self.blocks = nn.Sequential(*(TransformerBlock(dim, heads, causal=causal) for _ in range(depth)))
        self.norm = nn.LayerNorm(dim)
        nn.init.normal_(self.embed.weight, std=0.02)

    def forward(self, tokens: Tensor) -> Tensor:
        return self.states(self.embed(tokens)) @ self.embed.weight.T

    def states(self, embedded: Tensor) -> Tensor:
        """What the blocks make of embedded tokens (n, length, dim), in the same shape."""
        if self.position is not None:
            embedded = embedded + self.position[: embedded.shape[1]]
        return self.norm(self.blocks(embedded))
