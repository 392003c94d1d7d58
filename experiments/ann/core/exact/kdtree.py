"""A k-d tree whose search stops after a number of leaves, and which says what it has looked at.

Every node keeps the tight bounding box of its points. A search opens leaves in the order of their boxes' distances to
the query; with no limit it ends when no unopened box is nearer than the k-th neighbor, and is exact.

Sources: Friedman, Bentley, Finkel: An algorithm for finding best matches in logarithmic expected time, ACM TOMS 3(3),
1977; Beis, Lowe: Shape indexing using approximate nearest-neighbour search in high-dimensional spaces, CVPR 1997 (limit
on leaves).
"""

from __future__ import annotations

from dataclasses import dataclass
from heapq import heappop, heappush

import numpy as np
from numpy.typing import NDArray

from experiments.ann.core.simd.distance import Floats, Ids
from experiments.ann.core.simd.kernel import kernel


@dataclass(frozen=True)
class KDTree:
    """Nodes in order of their creation; node 0 is the root."""

    points: Floats
    """Base vectors (n, d) in the order of the leaves."""
    ids: Ids
    """Original row of each of them (n,)."""
    children: Ids
    """(nodes, 2), -1 for leaves."""
    ranges: Ids
    """(nodes, 2): rows of ``points`` below the node, from and to (exclusive)."""
    low: Floats
    """Lowest corner of each node's bounding box (nodes, d)."""
    high: Floats

    @property
    def leaves(self) -> int:
        """Number of leaves."""
        return int((self.children[:, 0] < 0).sum())

    @property
    def nbytes(self) -> int:
        """Bytes of all arrays."""
        arrays = (self.points, self.ids, self.children, self.ranges, self.low, self.high)
        return sum(array.nbytes for array in arrays)


@dataclass(frozen=True)
class TreeAnswer:
    """Neighbors of m queries, nearest first, and what was looked at per query."""

    ids: Ids
    """(m, k), -1 where fewer than k points were seen."""
    squared: Floats
    """(m, k) squared distances, infinity where nothing was found."""
    points_measured: Ids
    boxes_measured: Ids


def build_tree(base: Floats, leaf_size: int) -> KDTree:
    """Split at the median of the widest side of the box until at most ``leaf_size`` points are left. O(n d log n).

    Args:
        base: vectors (n, d), n >= 1.
        leaf_size: most points of a leaf, at least 1. Points that all coincide stay in one leaf, however many.

    >>> tree = build_tree(np.float32([[0, 0], [1, 0], [8, 0], [9, 0]]), leaf_size=2)
    >>> tree.leaves, tree.high[0].tolist()
    (2, [9.0, 0.0])
    """
    order = np.arange(len(base))
    children: list[list[int]] = [[-1, -1]]
    ranges = [(0, len(base))]
    boxes: list[tuple[Floats, Floats]] = []
    node = 0
    while node < len(ranges):
        start, stop = ranges[node]
        inside = base[order[start:stop]]
        low, high = inside.min(axis=0), inside.max(axis=0)
        boxes.append((low, high))
        axis = int((high - low).argmax())
        # A box without extent holds equal points, which no plane divides.
        if stop - start > leaf_size and high[axis] > low[axis]:
            # By number and not by value: both sides have half of the points, also where many share a coordinate.
            middle = (stop - start) // 2
            order[start:stop] = order[start:stop][np.argpartition(inside[:, axis], middle)]
            children[node] = [len(ranges), len(ranges) + 1]
            ranges += [(start, start + middle), (start + middle, stop)]
            children += [[-1, -1], [-1, -1]]
        node += 1
    return KDTree(
        points=np.ascontiguousarray(base[order], dtype=np.float32),
        ids=order.astype(np.int32),
        children=np.array(children, np.int32),
        ranges=np.array(ranges, np.int32),
        low=np.array([box[0] for box in boxes], np.float32),
        high=np.array([box[1] for box in boxes], np.float32),
    )


def search_tree(tree: KDTree, queries: Floats, k: int, max_leaves: int | None = None) -> TreeAnswer:
    """The k nearest points of each query (m, d) among those in the first ``max_leaves`` leaves; None opens all needed.

    >>> tree = build_tree(np.float32([[0, 0], [1, 0], [8, 0], [9, 0]]), leaf_size=2)
    >>> answer = search_tree(tree, np.float32([[8.2, 0]]), k=1)
    >>> answer.ids.tolist(), answer.points_measured.tolist()  # the other leaf's box is farther than 0.2
    ([[2]], [2])
    """
    limit = tree.leaves if max_leaves is None else max_leaves
    m = len(queries)
    ids, squared = np.full((m, k), -1, np.int32), np.full((m, k), np.inf, np.float32)
    points, boxes = np.zeros(m, np.int32), np.zeros(m, np.int32)
    _search(
        tree.points,
        tree.ids,
        tree.children,
        tree.ranges,
        tree.low,
        tree.high,
        queries,
        limit,
        ids,
        squared,
        points,
        boxes,
    )
    return TreeAnswer(ids, squared, points, boxes)


@kernel
def _search(
    base: Floats,
    names: Ids,
    children: Ids,
    ranges: Ids,
    low: Floats,
    high: Floats,
    queries: Floats,
    max_leaves: int,
    ids: Ids,
    squared: Floats,
    points: Ids,
    boxes: Ids,
) -> None:
    """``search_tree`` on the arrays of a tree; the last four arguments are filled."""
    for row in range(queries.shape[0]):
        query = queries[row]
        # A heap of boxes, the nearest first.
        waiting = [(box_distance(query, low[0], high[0]), np.int64(0))]
        boxes[row] = 1
        opened = 0
        while len(waiting) > 0 and opened < max_leaves:
            # Boxes come by distance: once one is farther than the k-th neighbor, all that wait are.
            bound, node = heappop(waiting)
            if bound > squared[row, -1]:
                break
            if children[node, 0] < 0:
                opened += 1
                points[row] += ranges[node, 1] - ranges[node, 0]
                for point in range(ranges[node, 0], ranges[node, 1]):
                    insert(ids[row], squared[row], names[point], squared_l2(query, base[point]))
                continue
            # Boxes are tight around their points: a child's may be much farther than its half of the node's.
            for side in range(2):
                child = np.int64(children[node, side])
                heappush(waiting, (box_distance(query, low[child], high[child]), child))
            boxes[row] += 2


@kernel
def squared_l2(x: NDArray[np.float32], y: NDArray[np.float32]) -> np.float32:
    """Sum of squared differences of x and y (d,), in float32, in the order of the axes.

    >>> float(squared_l2(np.float32([1, 2]), np.float32([4, 6])))
    25.0
    """
    total = np.float32(0.0)
    for axis in range(x.shape[0]):
        difference = x[axis] - y[axis]
        total += difference * difference
    return total


@kernel
def box_distance(query: NDArray[np.float32], low: NDArray[np.float32], high: NDArray[np.float32]) -> np.float32:
    """Squared distance of a query (d,) to a box with corners low and high (d,); 0 inside.

    >>> float(box_distance(np.float32([5, 1]), np.float32([0, 0]), np.float32([2, 2])))
    9.0
    """
    total = np.float32(0.0)
    for axis in range(query.shape[0]):
        # At most one of the two is above 0: how far the query lies beyond the box on this axis.
        outside = max(low[axis] - query[axis], query[axis] - high[axis], np.float32(0.0))
        total += outside * outside
    return total


@kernel
def insert(ids: Ids, squared: Floats, node: int, distance: np.float32) -> None:
    """Put a point into the k nearest so far (k,), ascending, after equals; the farthest drops out.

    >>> ids, squared = np.int32([4, 9]), np.float32([1, 3])
    >>> insert(ids, squared, 7, np.float32(1))
    >>> ids.tolist(), squared.tolist()
    ([4, 7], [1.0, 1.0])
    """
    if distance >= squared[-1]:
        return
    # Insertion sort from the farthest on: after equals, so that the point that was seen first keeps its place.
    place = squared.shape[0] - 1
    while place > 0 and squared[place - 1] > distance:
        squared[place], ids[place] = squared[place - 1], ids[place - 1]
        place -= 1
    squared[place], ids[place] = distance, node
