"""Residual transformer blocks with the normalization in any place, and classifiers of token sequences made of them.

Several networks can run side by side: every parameter has their number, the members, as its first axis, and so have
activations (members, n, tokens, dim). A network is built with one member; ``joined`` puts several into one. Small
matrices cost little more together than alone.

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

from collections.abc import Sequence
from typing import Literal, TypeVar

import torch
from torch import Tensor, nn
from torch.nn.functional import layer_norm, rms_norm

from experiments.foundation.architectures.attention import attention

Placement = Literal["none", "post", "pre", "sandwich", "deep"]
NormKind = Literal["layer", "rms"]
EPS = 1e-5
N = TypeVar("N", bound=nn.Module)


def deepnorm_constants(layers: int) -> tuple[float, float]:
    """(alpha, beta) for ``layers`` encoder layers of two sublayers each.

    Raises:
        ValueError: no layer.
    """
    if layers < 1:
        raise ValueError(f"expected at least one layer, got {layers}")
    return (2 * layers) ** 0.25, (8 * layers) ** -0.25


class Dense(nn.Module):
    """A linear layer per member, (members, ..., n_in) to (members, ..., n_out), initialized as nn.Linear is."""

    def __init__(self, n_in: int, n_out: int) -> None:
        super().__init__()
        bound = n_in**-0.5
        self.weight = nn.Parameter(torch.empty(1, n_out, n_in).uniform_(-bound, bound))
        """(members, n_out, n_in)"""
        self.bias = nn.Parameter(torch.empty(1, 1, n_out).uniform_(-bound, bound))

    def forward(self, x: Tensor) -> Tensor:
        flat = x.reshape(len(x), -1, x.shape[-1])
        return torch.baddbmm(self.bias, flat, self.weight.transpose(1, 2)).view(*x.shape[:-1], -1)


class Norm(nn.Module):
    """LayerNorm or RMSNorm over the last axis of (members, n, tokens, dim), with a gain (and shift) per member."""

    def __init__(self, kind: NormKind, dim: int) -> None:
        super().__init__()
        self.kind = kind
        self.gain = nn.Parameter(torch.ones(1, 1, 1, dim))
        self.shift = nn.Parameter(torch.zeros(1, 1, 1, dim)) if kind == "layer" else None

    def forward(self, x: Tensor) -> Tensor:
        if self.shift is None:
            return rms_norm(x, x.shape[-1:], eps=EPS) * self.gain
        return torch.addcmul(self.shift, layer_norm(x, x.shape[-1:], eps=EPS), self.gain)


class Attention(nn.Module):
    """Multi-head self-attention, (members, n, tokens, dim) to the same shape, without mask."""

    def __init__(self, dim: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.query_key_value = Dense(dim, 3 * dim)
        """Query, key and value below each other, as in torch's ``in_proj_weight``."""
        self.project = Dense(dim, dim)

    def forward(self, x: Tensor) -> Tensor:
        projected = self.query_key_value(x).flatten(0, 1)
        return self.project(attention(projected, self.heads).view(x.shape))


class FeedForward(nn.Module):
    """Two linear layers around ReLU, (members, n, tokens, dim) to the same shape."""

    def __init__(self, dim: int, hidden: int) -> None:
        super().__init__()
        self.first, self.second = Dense(dim, hidden), Dense(hidden, dim)

    def forward(self, x: Tensor) -> Tensor:
        return self.second(self.first(x).relu_())


class Sublayer(nn.Module):
    """One residual connection around ``inner``, normalized as ``placement`` says."""

    def __init__(self, inner: nn.Module, dim: int, placement: Placement, norm: NormKind, alpha: float) -> None:
        super().__init__()
        self.inner, self.placement, self.alpha = inner, placement, alpha
        self.outer_norm = Norm(norm, dim) if placement in ("post", "deep", "sandwich") else nn.Identity()
        self.inner_norm = Norm(norm, dim) if placement in ("pre", "sandwich") else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        if self.placement in ("post", "deep"):
            return self.outer_norm(torch.add(self.inner(x), x, alpha=self.alpha))
        return x + self.outer_norm(self.inner(self.inner_norm(x)))


class Encoder(nn.Module):
    """``layers`` blocks of attention and feed-forward, Xavier-initialized.

    (members, n, tokens, dim) to the same shape, or for a single member (n, tokens, dim) to the same shape.
    """

    def __init__(self, *, layers: int, dim: int, heads: int, placement: Placement, norm: NormKind = "layer") -> None:
        super().__init__()
        alpha, beta = deepnorm_constants(layers) if placement == "deep" else (1.0, 1.0)
        self.sublayers = nn.ModuleList()
        for _ in range(layers):
            for inner in (Attention(dim, heads), FeedForward(dim, 4 * dim)):
                initialize(inner, beta)
                self.sublayers.append(Sublayer(inner, dim, placement, norm, alpha))
        self.final = Norm(norm, dim) if placement in ("pre", "sandwich") else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        stream = self.final(self.residual_stream(x if x.dim() == 4 else x.unsqueeze(0)))
        return stream if x.dim() == 4 else stream.squeeze(0)

    def residual_stream(self, x: Tensor) -> Tensor:
        """(members, n, tokens, dim) after the last block, before the final normalization."""
        for sublayer in self.sublayers:
            x = sublayer(x)
        return x


class RowClassifier(nn.Module):
    """Images (n, 1, h, w) as h tokens of w pixels, an encoder, the mean over tokens, logits (members, n, classes)."""

    def __init__(self, *, height: int, width: int, classes: int, dim: int, encoder: Encoder) -> None:
        super().__init__()
        self.embed = Dense(width, dim)
        self.position = nn.Parameter(torch.randn(1, 1, height, dim) * 0.5)
        self.encoder = encoder
        self.head = Dense(dim, classes)

    def forward(self, images: Tensor) -> Tensor:
        return self.read(self.encoder.residual_stream(self.tokens(images)))

    def tokens(self, images: Tensor) -> Tensor:
        """What enters the encoder, (members, n, h, dim)."""
        return self.embed(images.squeeze(1).expand(len(self.position), -1, -1, -1)) + self.position

    def read(self, stream: Tensor) -> Tensor:
        """Logits (members, n, classes) of the residual stream (members, n, h, dim) after the last block."""
        return self.head(self.encoder.final(stream).mean(2))


def joined(networks: Sequence[N]) -> N:
    """The first of ``networks``, which must be alike, with the members of all; the others are left as they are.

    Raises:
        ValueError: no network.
    """
    if not networks:
        raise ValueError("expected at least one network, got none")
    for parameters in zip(*(one.parameters() for one in networks), strict=True):
        parameters[0].data = torch.cat([part.data for part in parameters])
    return networks[0]


def initialize(module: nn.Module, beta: float) -> None:
    """Xavier-normal weights, those of query and key with gain 1 and all others with gain ``beta``; biases 0."""
    for name, layer in module.named_modules():
        if isinstance(layer, Dense):
            gains = (1.0, 1.0, beta) if name == "query_key_value" else (beta,)
            for weight in layer.weight:
                for part, gain in zip(weight.chunk(len(gains)), gains, strict=True):
                    nn.init.xavier_normal_(part, gain=gain)
            nn.init.zeros_(layer.bias)


def feed_forward_gradients(encoder: Encoder) -> list[float]:
    """Euclidean norm of the gradient of the second feed-forward weight, per layer, of the first member."""
    return [float(norms[0]) for norms in gradient_norms(encoder)]


def gradient_norms(encoder: Encoder) -> Tensor:
    """Euclidean norm (layers, members) of the gradient of the second feed-forward weight after a backward pass.

    Raises:
        ValueError: there was no backward pass.
    """
    gradients = [
        sublayer.inner.second.weight.grad
        for sublayer in encoder.sublayers
        if isinstance(sublayer, Sublayer) and isinstance(sublayer.inner, FeedForward)
    ]
    known = [gradient.flatten(1).norm(dim=1) for gradient in gradients if gradient is not None]
    if len(known) < len(gradients):
        raise ValueError("expected gradients of all blocks, got none for some; call backward first")
    return torch.stack(known)
