"""The vectors that look most unusual: far from all others, and what autoencoder and PCA make of them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from experiments.lab.experiment import Part, Row, Table, observation
from experiments.repr.autoencoder.anomalies import neighbor_distance, squared_distance
from experiments.repr.autoencoder.setup import Floats, Vectors

SHOWN = 10
MOST = 50_000
"""Vectors among which neighbors are sought; all are asked for theirs."""


@observation
class OutlierRow(Row):
    """One vector; distances are squared ones, over their median of all vectors."""

    rank: int
    row: int
    """In the file, counted from 0; of images among those drawn."""
    neighbor_distance: float
    """To the fifth nearest other vector."""
    autoencoder_residual: float
    pca_residual: float


def run(vectors: Vectors) -> Iterator[OutlierRow]:
    """The ten farthest from their neighbors, the farthest first: a network may have learned them by heart."""
    k = vectors.tuned_size
    everything = np.concatenate([vectors.test, vectors.validation, vectors.train])
    base, rest = everything[:MOST], everything[MOST:]
    # in the base the nearest of each is itself
    near = over_median(np.concatenate([neighbor_distance(base, base, 6), neighbor_distance(base, rest, 5)]))
    bent = over_median(squared_distance(vectors.trained(k, vectors.lr()).reconstruct(everything), everything))
    flat = over_median(squared_distance(vectors.pca().reconstruct(everything, k), everything))
    rows = vectors.own_rows if len(vectors.own_rows) else np.arange(len(everything))
    for rank, at in enumerate(np.argsort(-near, kind="stable")[:SHOWN], start=1):
        yield OutlierRow(
            rank=rank,
            row=int(rows[at]),
            neighbor_distance=float(near[at]),
            autoencoder_residual=float(bent[at]),
            pca_residual=float(flat[at]),
        )


def over_median(distances: Floats) -> Floats:
    """Distances (n,) over their median, or as they are where it is 0."""
    return distances / (np.median(distances) or 1.0)


PART = Part(
    name="outliers",
    row=OutlierRow,
    run=run,
    tables=(
        Table(
            "The most unusual vectors: distances over their median",
            by=("rank", "row"),
            columns=("neighbor_distance", "autoencoder_residual", "pca_residual"),
        ),
    ),
)
