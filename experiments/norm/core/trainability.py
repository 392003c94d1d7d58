"""A transformer per placement of its normalization: gradients at initialization, and training by a fair grid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from experiments.foundation.architectures.transformer import (
    Dense,
    Encoder,
    NormKind,
    Placement,
    RowClassifier,
    gradient_norms,
    joined,
)
from experiments.foundation.networks.budget import Budget, Fit
from experiments.foundation.networks.side_by_side import Rate, member_losses, train_side_by_side
from experiments.foundation.networks.split import Split
from experiments.foundation.networks.timing import reproducible


@dataclass(frozen=True, kw_only=True)
class Architecture:
    """A classifier of images, but for its number of blocks."""

    dim: int
    heads: int
    placement: Placement
    norm: NormKind = "layer"


@dataclass(frozen=True)
class Start:
    """A transformer before training; means over its draws."""

    gradient_norms: tuple[float, ...]
    """Euclidean norm of the gradient of the second feed-forward weight, per block; geometric mean."""
    stream_rms: float
    """Root mean square of the residual stream behind the last block, before a final normalization."""


@dataclass(frozen=True, kw_only=True)
class Training:
    """One transformer trained at one rate."""

    rate: Rate
    fit: Fit
    weight_growth: float
    """Root mean square of the weights of the blocks behind training over that before; nan if it diverged."""


def row_classifier(split: Split, depth: int, architecture: Architecture) -> RowClassifier:
    """A freshly initialized classifier of images (n, 1, h, w), from torch's global random state."""
    _, height, width = split.shape
    encoder = Encoder(
        layers=depth,
        dim=architecture.dim,
        heads=architecture.heads,
        placement=architecture.placement,
        norm=architecture.norm,
    )
    return RowClassifier(height=height, width=width, classes=split.classes, dim=architecture.dim, encoder=encoder)


def measure_start(
    split: Split, depth: int, architecture: Architecture, *, draws: int, seed: int, batch_size: int = 64
) -> Start:
    """Gradients and residual stream of ``draws`` independent initializations, in float64, on one batch."""
    with reproducible(seed):
        network = joined([row_classifier(split, depth, architecture) for _ in range(draws)]).double()
        batch = split.train.first(batch_size)
        stream = network.encoder.residual_stream(network.tokens(batch.inputs.double()))
        member_losses(network.read(stream), batch.labels).sum().backward()
        norms = gradient_norms(network.encoder).log().mean(1).exp()
        return Start(tuple(norms.tolist()), float(stream.detach().square().mean().sqrt()))


def depth_exponent(depths: Sequence[int], norms: Sequence[float]) -> float:
    """Slope of log norm over log depth by least squares; nan with fewer than two depths."""
    if len(set(depths)) < 2:
        return float("nan")
    return float(np.polyfit(np.log(depths), np.log(norms), 1)[0])


def place_and_train(
    split: Split, depth: int, architecture: Architecture, budget: Budget, rates: Sequence[Rate], *, seed: int
) -> tuple[Training, ...]:
    """Train one classifier from the same start on the same batches at every rate."""
    with reproducible(seed):
        one = row_classifier(split, depth, architecture)
    before = _block_weights(one.encoder)
    network = joined([one] * len(rates))
    fits = train_side_by_side(network, split, budget, rates, seed=seed)
    growth = (_block_weights(network.encoder) / before).tolist()
    return tuple(
        Training(rate=rate, fit=fit, weight_growth=float("nan") if fit.diverged else grown)
        for rate, fit, grown in zip(rates, fits, growth, strict=True)
    )


@torch.no_grad()
def _block_weights(encoder: nn.Module) -> Tensor:
    """Root mean square (members,) over all weight matrices."""
    weights = [layer.weight.flatten(1) for layer in encoder.modules() if isinstance(layer, Dense)]
    return torch.cat(weights, dim=1).square().mean(1).sqrt()
