"""Vectors that are equal, as a ring.

Were every one of a thousand equal vectors to have the same few of them as neighbors, a search would find no others.
So each has those that follow it in the order of ids as its nearest, the first following the last.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from experiments.ann.core.simd.distance import Floats, Ids, Keys, key_distance, key_node
from experiments.ann.core.simd.kernel import kernel

TWINS = 2
"""Edges of a node to vectors that equal its own; the others of a group of equals are reached through these."""


def ring_of_equals(vectors: NDArray[np.generic], knn: Ids, squared: Floats) -> None:
    """Put the equals of a vector that follow it first in its list of nearest neighbors, in place.

    Args:
        vectors: padded (n, width).
        knn, squared: nearest others (n, k) and their squared distances. Groups of up to ``TWINS`` + 1 stay as they are.

    >>> vectors = np.zeros((5, 16), np.float32)  # five equals, each with the first others as neighbors
    >>> knn, squared = np.int32([[1, 2, 3], [0, 2, 3], [0, 1, 3], [0, 1, 2], [0, 1, 2]]), np.zeros((5, 3), np.float32)
    >>> ring_of_equals(vectors, knn, squared)
    >>> knn[3].tolist()
    [4, 0, 1]
    """
    # Only where a vector has more than TWINS others at distance 0 is there a group to look for.
    if knn.shape[1] <= TWINS or not (squared[:, TWINS] == 0).any():
        return
    rows = vectors.view(np.uint64)
    digests = digests_of(rows)
    order = np.argsort(digests, kind="stable")
    changes = digests[order[1:]] != digests[order[:-1]]
    bounds = np.flatnonzero(np.concatenate([[True], changes, [True]]))
    # Runs of one digest; the sort is stable, so ids ascend within them. Another row with the same digest is left out.
    for run in np.flatnonzero(np.diff(bounds) > TWINS + 1):
        members = order[bounds[run] : bounds[run + 1]]
        put_first(members[(rows[members] == rows[members[0]]).all(axis=1)], knn, squared)


@kernel
def digests_of(rows: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """A number of each row (n,) that equal rows share, and others hardly ever (FNV-1a on words of 64 bits)."""
    digests = np.empty(rows.shape[0], np.uint64)
    for i in range(rows.shape[0]):
        # Offset and prime of FNV-1a. Products carry upwards only; the shift brings the high bits down again.
        digest = np.uint64(0xCBF29CE484222325)
        for word in rows[i]:
            digest = (digest ^ word) * np.uint64(0x100000001B3)
            digest ^= digest >> np.uint64(29)
        digests[i] = digest
    return digests


@kernel
def put_first(group: NDArray[np.int64], knn: Ids, squared: Floats) -> None:
    """Put the members of a group of equals (m,), ids ascending, that follow each of them first in its list.

    ``knn`` and ``squared`` (n, k) are changed in place.
    """
    k, size = knn.shape[1], group.shape[0]
    others, far = np.empty(k, np.int32), np.empty(k, np.float32)
    for place in range(size):
        node, left = group[place], 0
        for i in range(k):
            other = knn[node, i]
            # Members of the group leave the list; searchsorted finds the only place where one could be.
            if squared[node, i] > 0 or group[min(np.searchsorted(group, other), size - 1)] != other:
                others[left], far[left] = other, squared[node, i]
                left += 1
        near = min(size - 1, k)
        for i in range(near):
            knn[node, i], squared[node, i] = group[(place + 1 + i) % size], 0
        for i in range(near, min(k, near + left)):
            knn[node, i], squared[node, i] = others[i - near], far[i - near]


@kernel
def followers_first(candidates: Keys, size: int, node: int, n: int) -> None:
    """Of the candidates of a node that equal it, which come first, move the ``TWINS`` that follow it around the ring to
    the front.
    """
    equals = 0
    while equals < size and key_distance(candidates[equals]) == 0:
        equals += 1
    for front in range(min(TWINS, equals - 1)):
        best = front
        # (id - node) mod n: steps from the node around the ring, where the first id follows the last.
        for i in range(front + 1, equals):
            if (key_node(candidates[i]) - node) % n < (key_node(candidates[best]) - node) % n:
                best = i
        candidates[front], candidates[best] = candidates[best], candidates[front]
