"""Features from k-means of patches: what small pieces of images look like, learned without labels.

Source: Coates, Lee, Ng: An Analysis of Single-Layer Networks in Unsupervised Feature Learning, AISTATS 2011 (patches of
mean 0 and variance 1, whitened; the "triangle" code; sums over quadrants).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
STRIDE = 2
CONTRAST = 0.01
"""Added to the variance of a patch, so that an empty one stays empty."""
WHITENING = 0.01
"""Added to the variances of whitened directions."""


@dataclass(frozen=True)
class PatchFeatures:
    """Whitening (side^2, side^2) about a mean, and centroids (k, side^2)."""

    side: int
    mean: Floats
    whitening: Floats
    centroids: Floats

    @classmethod
    def fit(cls, images: Floats, side: int, k: int, seed: int, most: int = 20_000) -> PatchFeatures:
        """Of images (n, height, width): ``k`` centroids of at most ``most`` of their patches, drawn by ``seed``."""
        from sklearn.cluster import KMeans

        patches = patches_of(images, side).reshape(-1, side**2)
        rng = np.random.default_rng(seed)
        drawn = patches[rng.choice(len(patches), min(most, len(patches)), replace=False)]
        mean = drawn.mean(axis=0)
        values, vectors = np.linalg.eigh(np.cov(drawn.T))
        whitening = (vectors / np.sqrt(values + WHITENING)) @ vectors.T
        clusters = KMeans(k, n_init=1, max_iter=30, random_state=seed).fit((drawn - mean) @ whitening)
        return cls(side, mean, whitening, clusters.cluster_centers_)

    def encode(self, images: Floats, batch: int = 200) -> Floats:
        """(n, 4 k): for every quadrant and centroid the sum over patches of max(0, mean distance - distance)."""
        parts = [self._encode(images[start : start + batch]) for start in range(0, len(images), batch)]
        return np.concatenate(parts)

    def _encode(self, images: Floats) -> Floats:
        patches = (patches_of(images, self.side) - self.mean) @ self.whitening
        squared = np.square(patches).sum(-1, keepdims=True) + np.square(self.centroids).sum(-1)
        distances = np.sqrt(np.maximum(squared - 2 * patches @ self.centroids.T, 0.0))
        codes = np.maximum(distances.mean(axis=-1, keepdims=True) - distances, 0.0)
        rows, columns = codes.shape[1] // 2, codes.shape[2] // 2
        quadrants = [codes[:, i, j].sum(axis=(1, 2)) for i in halves(rows) for j in halves(columns)]
        return np.concatenate(quadrants, axis=1)


def halves(middle: int) -> tuple[slice, slice]:
    return slice(None, middle), slice(middle, None)


def patches_of(images: Floats, side: int) -> Floats:
    """(n, rows, columns, side^2): every second patch of images (n, height, width), of mean 0 and variance about 1.

    >>> patches_of(np.zeros((1, 8, 8)), 3).shape
    (1, 3, 3, 9)
    """
    windows = np.lib.stride_tricks.sliding_window_view(images, (side, side), axis=(1, 2))[:, ::STRIDE, ::STRIDE]
    flat = windows.reshape(*windows.shape[:3], side**2)
    centered = flat - flat.mean(axis=-1, keepdims=True)
    return centered / np.sqrt(centered.var(axis=-1, keepdims=True) + CONTRAST)
