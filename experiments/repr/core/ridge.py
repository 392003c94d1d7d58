"""A linear classifier in closed form: ridge regression on labels of -1 and 1, at several strengths for one price.

Source: Hoerl, Kennard: Ridge Regression, Technometrics 12, 1970; it classifies as sklearn's RidgeClassifier.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Labels = NDArray[np.int64]


@dataclass(frozen=True)
class LinearClassifier:
    """The class of x is that of the largest entry of x W + b; W (d, classes), b (classes,)."""

    weights: Floats
    bias: Floats

    def accuracy(self, features: Floats, labels: Labels) -> float:
        """Share of features (n, d) whose class is the label (n,)."""
        return float(((features @ self.weights + self.bias).argmax(axis=1) == labels).mean())


def ridge_classifiers(
    features: Floats, labels: Labels, classes: int, strengths: Sequence[float]
) -> Iterator[LinearClassifier]:
    """One classifier for each of ``strengths``, which are in units of the mean variance of a feature times n.

    Args:
        features: (n, d).
        labels: (n,), 0 to classes - 1.

    >>> points = np.array([[0.0], [1.0], [4.0], [5.0]])
    >>> [rule] = ridge_classifiers(points, np.array([0, 0, 1, 1]), 2, [0.1])
    >>> rule.accuracy(points, np.array([0, 0, 1, 1]))
    1.0
    """
    targets = 2.0 * (labels[:, None] == np.arange(classes)) - 1
    mean, middle = features.mean(axis=0), targets.mean(axis=0)
    centered = features - mean
    variances, directions = np.linalg.eigh(centered.T @ centered)
    turned = directions.T @ (centered.T @ (targets - middle))
    unit = max(float(np.maximum(variances, 0).mean()), np.finfo(float).tiny)
    for strength in strengths:
        weights = directions @ (turned / (np.maximum(variances, 0.0) + strength * unit)[:, None])
        yield LinearClassifier(weights, middle - mean @ weights)
