"""A transformer per placement of its normalization: gradients at initialization, and training by a fair grid."""

from __future__ import annotations

from collections.abc import Sequence

from torch.nn.functional import cross_entropy

from experiments.nn.core.fit import Budget, Tuned, reproducible, tune
from experiments.nn.core.splits import Split
from experiments.norm.core.blocks import Encoder, NormKind, Placement, RowClassifier, feed_forward_gradients

HEADS = 4


def row_classifier(split: Split, depth: int, dim: int, placement: Placement, norm: NormKind) -> RowClassifier:
    """A freshly initialized classifier of images (n, 1, h, w), from torch's global random state."""
    height, width = split.train_x.shape[2:]
    encoder = Encoder(layers=depth, dim=dim, heads=HEADS, placement=placement, norm=norm)
    return RowClassifier(height=height, width=width, classes=split.classes, dim=dim, encoder=encoder)


def gradients_by_layer(
    split: Split, depth: int, dim: int, placement: Placement, norm: NormKind, seed: int, batch_size: int = 64
) -> list[float]:
    """Norm of the gradient of the second feed-forward weight per block at initialization, in float64."""
    with reproducible(seed):
        network = row_classifier(split, depth, dim, placement, norm).double()
        cross_entropy(network(split.train_x[:batch_size].double()), split.train_y[:batch_size]).backward()
        return feed_forward_gradients(network.encoder)


def place_and_train(
    split: Split,
    depth: int,
    dim: int,
    placement: Placement,
    norm: NormKind,
    budget: Budget,
    lrs: Sequence[float],
    seed: int,
) -> Tuned:
    """Train the same classifier at every learning rate."""
    return tune(lambda: row_classifier(split, depth, dim, placement, norm), split, budget, lrs, seed=seed)
