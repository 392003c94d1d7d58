"""One pre-norm block of a transformer: every token looks at all others, then at itself.

    x + attention(norm(x))        then        x + mlp(norm(x))

Sources: Vaswani et al.: Attention Is All You Need, https://arxiv.org/abs/1706.03762, 2017; normalization in front of
each branch: Xiong et al.: On Layer Normalization in the Transformer Architecture, 2020.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn


class TransformerBlock(nn.Module):
    """Tokens (n, tokens, dim) to the same shape; with ``causal`` no token sees a later one.

    Attention is written out: on a CPU torch's fused one is slower in 16 bits and is not seen by its FLOP counter.

    >>> TransformerBlock(dim=8, heads=2)(torch.zeros(1, 5, 8)).shape
    torch.Size([1, 5, 8])
    """

    def __init__(self, dim: int, heads: int, *, causal: bool = False) -> None:
        super().__init__()
        self.heads, self.causal = heads, causal
        self.attention_norm = nn.LayerNorm(dim)
        self.qkv = nn.Linear(dim, 3 * dim)
        self.project = nn.Linear(dim, dim)
        self.mlp = nn.Sequential(nn.LayerNorm(dim), nn.Linear(dim, 4 * dim), nn.GELU(), nn.Linear(4 * dim, dim))

    def forward(self, x: Tensor) -> Tensor:
        n, tokens, dim = x.shape
        q, k, v = self.qkv(self.attention_norm(x)).view(n, tokens, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        scores = q @ k.transpose(-2, -1) / math.sqrt(dim // self.heads)
        if self.causal:
            future = torch.ones(tokens, tokens, dtype=torch.bool, device=x.device).triu(1)
            scores = scores.masked_fill(future, -math.inf)
        x = x + self.project((scores.softmax(-1) @ v).transpose(1, 2).reshape(n, tokens, dim))
        return x + self.mlp(x)
