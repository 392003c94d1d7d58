"""Otsu's threshold: two classes of gray values that differ as much as possible, without any training.

Source: Otsu: A Threshold Selection Method from Gray-Level Histograms, IEEE Transactions on Systems, Man and
Cybernetics, 1979.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def otsu_threshold(image: NDArray[np.floating], bins: int = 256) -> float:
    """The center of the last bin of the lower class that maximizes the variance between classes, w0 w1 (m0 - m1)^2.

    The histogram has ``bins`` equal bins from the smallest to the largest value; an image of one value has that as its
    threshold.

    >>> otsu_threshold(np.array([0.0, 0.0, 1.0, 1.0]), bins=2)
    0.25
    """
    low, high = float(image.min()), float(image.max())
    if low == high:
        return low
    counts, edges = np.histogram(image, bins=bins, range=(low, high))
    centers = (edges[:-1] + edges[1:]) / 2
    below = np.cumsum(counts)[:-1]  # a class may not be empty: the first and the last bin never are
    above = counts.sum() - below
    sums = np.cumsum(counts * centers)[:-1]
    difference = sums / below - ((counts * centers).sum() - sums) / above
    return float(centers[np.argmax(below * above * difference**2)])


def otsu_mask(image: NDArray[np.floating]) -> NDArray[np.bool_]:
    """The smaller side of the threshold, lighter or darker: what covers less than half is taken for the object.

    >>> otsu_mask(np.array([[0.0, 1.0, 1.0]])).tolist()
    [[True, False, False]]
    """
    lighter = image > otsu_threshold(image)
    return lighter if lighter.mean() <= 0.5 else ~lighter
