"""Principal component analysis: the directions in which vectors vary most.

Rows are examples; the mean is subtracted. Variances are those of the sample with n in the denominator, so that the mean
squared distance of the training vectors from their reconstructions is the sum of the variances that are left out.
Source: Jolliffe: Principal Component Analysis, 2nd edition, 2002.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class PCA:
    """All principal directions of a set of vectors, the first in which it varies most.

    >>> line = PCA.fit(np.array([[0.0, 0.0], [3.0, 4.0], [6.0, 8.0]]))
    >>> line.directions[0].round(3).tolist(), line.variances.round(3).tolist()
    ([0.6, 0.8], [16.667, 0.0])
    """

    mean: Floats
    """(d,)."""
    directions: Floats
    """(d, d): orthonormal rows; of each the entry of largest magnitude is positive."""
    variances: Floats
    """(d,): falling."""

    @classmethod
    def fit(cls, vectors: Floats) -> PCA:
        """Of vectors (n, d), by the eigenvectors of their covariance."""
        mean = vectors.mean(axis=0)
        variances, columns = np.linalg.eigh(covariance(vectors))
        rows = columns[:, ::-1].T
        largest = np.take_along_axis(rows, np.abs(rows).argmax(axis=1)[:, None], axis=1)
        return cls(mean, rows * np.sign(largest), np.maximum(variances[::-1], 0.0))

    def encode(self, vectors: Floats, k: int) -> Floats:
        """Codes (n, k) of vectors (n, d)."""
        return (vectors - self.mean) @ self.directions[:k].T

    def reconstruct(self, vectors: Floats, k: int) -> Floats:
        """The nearest points (n, d) of the plane through the mean along the first ``k`` directions."""
        return self.mean + self.encode(vectors, k) @ self.directions[:k]

    def left_out(self, k: int) -> float:
        """Variance beyond the first ``k`` directions: the mean squared distance of the training vectors."""
        return float(self.variances[k:].sum())

    def components_for(self, share: float) -> int:
        """How many directions hold that share of the variance."""
        return int(np.searchsorted(self.variances.cumsum(), share * self.variances.sum() * (1 - 1e-12)) + 1)


def covariance(vectors: Floats) -> Floats:
    """(d, d) of vectors (n, d), with n in the denominator."""
    centered = vectors - vectors.mean(axis=0)
    return centered.T @ centered / len(vectors)
