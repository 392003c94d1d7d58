"""Squared Euclidean distance and the keys that order neighbors.

Conventions: squared distances throughout; sums of squared differences, never ||x||^2 - 2xy + ||y||^2 (which cancels
where it matters); a *key* is one int64, ``bits(distance) << 32 | id << 1 | expanded``, whose order is by distance and
then by id. Ids are below 2**31.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from experiments.ann.core.simd.kernel import fast_kernel, kernel

Floats = NDArray[np.float32]
Ids = NDArray[np.int32]
Keys = NDArray[np.int64]


@fast_kernel
def squared_l2_double(x: Floats, y: Floats | NDArray[np.float64]) -> float:
    """sum_i (x_i - y_i)^2 in float64, for x and y (d,): ground truth.

    >>> squared_l2_double(np.float32([1, 2]), np.float32([4, 6]))
    25.0
    """
    total = 0.0
    for i in range(x.shape[0]):
        # The difference of two float32 is rounded in float32; in float64 it almost never is.
        difference = np.float64(x[i]) - np.float64(y[i])
        total += difference * difference
    return total


@kernel
def make_key(distance: np.float32, node: int) -> int:
    """Key of a node at a squared distance >= 0; the bits of non-negative floats are ordered like the floats.

    >>> make_key(1.0, 5) == (0x3F800000 << 32) + 2 * 5
    True
    >>> make_key(0.5, 9) < make_key(1.0, 5) < make_key(1.0, 6)
    True
    """
    return int((np.int64(np.float32(distance).view(np.int32)) << 32) | (np.int64(node) << 1))


@kernel
def key_distance(key: int) -> np.float32:
    """Squared distance in a key.

    >>> float(key_distance(make_key(2.25, 7)))
    2.25
    """
    return np.int32(key >> 32).view(np.float32)


@kernel
def key_node(key: int) -> int:
    """Id in a key, whether it is marked as expanded or not.

    >>> key_node(make_key(2.25, 7)), key_node(make_key(2.25, 7) | 1)
    (7, 7)
    """
    return (key & 0xFFFFFFFF) >> 1
