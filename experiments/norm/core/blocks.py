"""Residual transformer blocks with the normalization in any place, and classifiers of token sequences made of them.

With f a sublayer (attention, then feed-forward) and N a normalization:

    none      x + f(x)
    post      N(x + f(x))                  Vaswani et al. 2017
    pre       x + f(N(x)), N at the end    Xiong et al. 2020
    sandwich  x + N(f(N(x))), N at the end Ding et al. 2021
    deep      N(alpha x + f(x))            Wang et al. 2022, alpha = (2L)^(1/4), weights but q, k times (8L)^(-1/4)

Sources: Vaswani et al.: Attention Is All You Need; Xiong et al.: On Layer Normalization in the Transformer
Architecture; Ding et al.: CogView; Wang et al.: DeepNet: Scaling Transformers to 1,000 Layers (constants of an
encoder-only model).
"""

from __future__ import annotations

import math
from typing import Literal

import torch
from torch import Tensor, nn

Placement = Literal["none", "post", "pre", "sandwich", "deep"]
NormKind = Literal["layer", "rms"]


def deepnorm_constants(layers: int) -> tuple[float, float]:
    """(alpha, beta) for ``layers`` encoder layers of two sublayers each.

    Raises:
        ValueError: no layer.
    """
    if layers < 1:
        raise ValueError(f"expected at least one layer, got {layers}")
    return (2 * layers) ** 0.25, (8 * layers) ** -0.25


class Attention(nn.Module):
    """Multi-head self-attention, (n, tokens, dim) to the same shape, without mask."""

    def __init__(self, dim: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.query, self.key, self.value, self.project = (nn.Linear(dim, dim) for _ in range(4))

    def forward(self, x: Tensor) -> Tensor:
        n, tokens, dim = x.shape
        shape = (n, tokens, self.heads, dim // self.heads)
        q, k, v = (part(x).view(shape).transpose(1, 2) for part in (self.query, self.key, self.value))
        weights = (q @ k.transpose(2, 3) / math.sqrt(shape[3])).softmax(-1)
        return self.project((weights @ v).transpose(1, 2).reshape(n, tokens, dim))


class FeedForward(nn.Module):
    """Two linear layers around ReLU, (n, tokens, dim) to the same shape."""

    def __init__(self, dim: int, hidden: int) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(dim, hidden), nn.Linear(hidden, dim)

    def forward(self, x: Tensor) -> Tensor:
        return self.second(self.first(x).relu())


class Sublayer(nn.Module):
    """One residual connection around ``inner``, normalized as ``placement`` says."""

    def __init__(self, inner: nn.Module, dim: int, placement: Placement, norm: NormKind, alpha: float) -> None:
        super().__init__()
        self.inner, self.placement, self.alpha = inner, placement, alpha
        self.outer_norm = make_norm(norm, dim) if placement in ("post", "deep", "sandwich") else nn.Identity()
        self.inner_norm = make_norm(norm, dim) if placement in ("pre", "sandwich") else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        if self.placement in ("post", "deep"):
            return self.outer_norm(self.alpha * x + self.inner(x))
        return x + self.outer_norm(self.inner(self.inner_norm(x)))


class Encoder(nn.Module):
    """``layers`` blocks of attention and feed-forward, (n, tokens, dim) to the same shape, Xavier-initialized."""

    def __init__(self, *, layers: int, dim: int, heads: int, placement: Placement, norm: NormKind = "layer") -> None:
        super().__init__()
        alpha, beta = deepnorm_constants(layers) if placement == "deep" else (1.0, 1.0)
        self.sublayers = nn.ModuleList()
        for _ in range(layers):
            for inner in (Attention(dim, heads), FeedForward(dim, 4 * dim)):
                initialize(inner, beta)
                self.sublayers.append(Sublayer(inner, dim, placement, norm, alpha))
        self.final = make_norm(norm, dim) if placement in ("pre", "sandwich") else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        for sublayer in self.sublayers:
            x = sublayer(x)
        return self.final(x)


class RowClassifier(nn.Module):
    """Images (n, 1, h, w) as h tokens of w pixels, an encoder, the mean over tokens, logits (n, classes)."""

    def __init__(self, *, height: int, width: int, classes: int, dim: int, encoder: Encoder) -> None:
        super().__init__()
        self.embed = nn.Linear(width, dim)
        self.position = nn.Parameter(torch.randn(1, height, dim) * 0.5)
        self.encoder = encoder
        self.head = nn.Linear(dim, classes)

    def forward(self, images: Tensor) -> Tensor:
        return self.head(self.encoder(self.embed(images.squeeze(1)) + self.position).mean(1))


def make_norm(kind: NormKind, dim: int) -> nn.Module:
    """LayerNorm or RMSNorm over the last axis of size ``dim``, with eps 1e-5."""
    return nn.LayerNorm(dim) if kind == "layer" else nn.RMSNorm(dim, eps=1e-5)


def initialize(module: nn.Module, beta: float) -> None:
    """Xavier-normal weights, those of query and key with gain 1 and all others with gain ``beta``; biases 0."""
    for name, layer in module.named_modules():
        if isinstance(layer, nn.Linear):
            nn.init.xavier_normal_(layer.weight, gain=1.0 if name in ("query", "key") else beta)
            nn.init.zeros_(layer.bias)


def feed_forward_gradients(encoder: Encoder) -> list[float]:
    """Euclidean norm of the gradient of the second feed-forward weight, per layer, after a backward pass."""
    weights = [
        sublayer.inner.second.weight
        for sublayer in encoder.sublayers
        if isinstance(sublayer, Sublayer) and isinstance(sublayer.inner, FeedForward)
    ]
    return [float(weight.grad.norm()) for weight in weights if weight.grad is not None]
