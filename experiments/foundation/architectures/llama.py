"""A decoder of Llama's architecture that reads bytes: RMSNorm, rotary positions, SwiGLU, no biases.

Parameters have the names and shapes of a Llama folder on the Hugging Face hub, and rotate halves as it does:
position p turns (x_i, x_(i + d/2)) by the angle p theta^(-2i/d). llama.cpp turns neighbors (x_2i, x_2i+1) instead, so
``adapt.core.llama_tensors`` reorders the rows of queries and keys.

Source: Touvron et al.: LLaMA: Open and Efficient Foundation Language Models, 2023.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import rms_norm, scaled_dot_product_attention, silu

SPECIAL = ("<unk>", "<s>", "</s>")
VOCABULARY = len(SPECIAL) + 256
"""Three special tokens, then the 256 bytes."""


@dataclass(frozen=True)
class Architecture:
    """The sizes of a decoder."""

    dim: int
    layers: int
    heads: int
    kv_heads: int
    hidden: int
    """Width of the SwiGLU."""
    vocabulary: int = VOCABULARY
    context: int = 512
    eps: float = 1e-5
    theta: float = 10_000.0

    @property
    def head_dim(self) -> int:
        return self.dim // self.heads


def tokens(text: str) -> Tensor:
    """The bytes of a text as token numbers.

    >>> tokens("ab").tolist()
    [100, 101]
    """
    return torch.frombuffer(bytearray(text.encode()), dtype=torch.uint8).long() + len(SPECIAL)


class Norm(nn.Module):
    """RMSNorm with a gain."""

    def __init__(self, dim: int, eps: float) -> None:
        super().__init__()
        self.weight, self.eps = nn.Parameter(torch.ones(dim)), eps

    def forward(self, x: Tensor) -> Tensor:
        return rms_norm(x, x.shape[-1:], self.weight, self.eps)


class Attention(nn.Module):
    """Causal attention with rotary positions; several query heads may share a key and value head.

    With ``causal`` set to False every token sees those after it too.
    """

    causal = True

    def __init__(self, size: Architecture) -> None:
        super().__init__()
        self.size = size
        keys = size.kv_heads * size.head_dim
        self.q_proj = nn.Linear(size.dim, size.dim, bias=False)
        self.k_proj = nn.Linear(size.dim, keys, bias=False)
        self.v_proj = nn.Linear(size.dim, keys, bias=False)
        self.o_proj = nn.Linear(size.dim, size.dim, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        queries, keys, values = (
            projection(x).unflatten(-1, (-1, self.size.head_dim)).transpose(1, 2)
            for projection in (self.q_proj, self.k_proj, self.v_proj)
        )
        queries, keys = rotate(queries, self.size.theta), rotate(keys, self.size.theta)
        mixed = scaled_dot_product_attention(queries, keys, values, is_causal=self.causal, enable_gqa=True)
        return self.o_proj(mixed.transpose(1, 2).flatten(2))


def rotate(x: Tensor, theta: float) -> Tensor:
    """Rotary positions on (n, heads, length, head_dim), halves paired."""
    half = x.shape[-1] // 2
    speeds = theta ** (-torch.arange(half, dtype=torch.float32) / half)
    angles = torch.arange(x.shape[-2], dtype=torch.float32)[:, None] * speeds
    cos, sin = angles.cos(), angles.sin()
    first, second = x[..., :half], x[..., half:]
    return torch.cat([first * cos - second * sin, second * cos + first * sin], dim=-1)


class FeedForward(nn.Module):
    """SwiGLU: down(silu(gate(x)) up(x))."""

    def __init__(self, size: Architecture) -> None:
        super().__init__()
        self.gate_proj = nn.Linear(size.dim, size.hidden, bias=False)
        self.up_proj = nn.Linear(size.dim, size.hidden, bias=False)
        self.down_proj = nn.Linear(size.hidden, size.dim, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.down_proj(silu(self.gate_proj(x)) * self.up_proj(x))


class Block(nn.Module):
    def __init__(self, size: Architecture) -> None:
        super().__init__()
        self.input_layernorm, self.self_attn = Norm(size.dim, size.eps), Attention(size)
        self.post_attention_layernorm, self.mlp = Norm(size.dim, size.eps), FeedForward(size)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.self_attn(self.input_layernorm(x))
        return x + self.mlp(self.post_attention_layernorm(x))


class Trunk(nn.Module):
    """Embedding, blocks and the last norm: token numbers (n, length) to (n, length, dim)."""

    def __init__(self, size: Architecture) -> None:
        super().__init__()
        self.embed_tokens = nn.Embedding(size.vocabulary, size.dim)
        self.layers = nn.ModuleList(Block(size) for _ in range(size.layers))
        self.norm = Norm(size.dim, size.eps)
        nn.init.normal_(self.embed_tokens.weight, std=0.02)

    def forward(self, numbers: Tensor) -> Tensor:
        x = self.embed_tokens(numbers)
        for block in self.layers:
            x = block(x)
        return self.norm(x)


class Decoder(nn.Module):
    """Token numbers (n, length) to logits (n, length, vocabulary) of the next token."""

    def __init__(self, size: Architecture) -> None:
        super().__init__()
        self.size = size
        self.model = Trunk(size)
        self.lm_head = nn.Linear(size.dim, size.vocabulary, bias=False)

    def forward(self, numbers: Tensor) -> Tensor:
        return self.lm_head(self.model(numbers))
