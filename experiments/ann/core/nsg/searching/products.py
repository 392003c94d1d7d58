"""Inner products of what a search has found, in float64, with the few vectors that are far longer than all others.

The space of inner products has one more coordinate, sqrt(M^2 - |x|^2). Were M the length of one vector that is a
thousand times as long as the others, that coordinate would leave no digits for their products. So M is the length of
an ordinary vector (``MetricSpace.of_base``), and the few longer ones are offered to every query.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from experiments.ann.core.codes.stored_vector import Stored
from experiments.ann.core.nsg.searching.batch_search import Mask
from experiments.ann.core.simd.distance import Floats, Ids
from experiments.ann.core.simd.kernel import fast_kernel
from experiments.ann.core.simd.metric_space import MetricSpace


def long_rows(vectors: Stored, space: MetricSpace) -> Ids:
    """Rows of placed vectors (n, width) that are longer than the space's radius; none but for inner products."""
    if space.metric != "ip":
        return np.empty(0, np.int32)
    own = vectors[:, : space.dim]
    lengths = np.sqrt(np.einsum("ij,ij->i", own, own, dtype=np.float64))
    return np.flatnonzero(lengths > space.radius * (1 + 1e-9)).astype(np.int32)


def reported(
    space: MetricSpace,
    vectors: Stored,
    long: Ids,
    queries: Floats,
    ids: Ids,
    squared: Floats,
    allowed: Mask | None = None,
) -> tuple[Ids, Floats]:
    """Found ids (m, k) and their distances in the metric's terms; under inner products, in their order.

    Args:
        vectors, long: the placed base, and ``long_rows`` of it.
        queries: as they were given (m, dim).
        squared: distances (m, k) in the space.
        allowed: which rows may be results, (n,) or (m, n).
    """
    if space.metric != "ip":
        return ids, space.report(squared, queries)
    masks = np.ones((1, 0), np.bool_) if allowed is None else np.atleast_2d(allowed)
    names, products = np.full_like(ids, -1), np.full(ids.shape, np.inf)
    order_by_product(vectors, queries, long, masks, ids, names, products)
    return names, products.astype(np.float32)


@fast_kernel
def order_by_product(
    vectors: Stored,
    queries: Floats,
    long: Ids,
    masks: NDArray[np.bool_],
    ids: Ids,
    names: Ids,
    products: NDArray[np.float64],
) -> None:
    """Write the k of found ids (m, k) and long rows with the largest inner products, and minus these, ascending."""
    k = ids.shape[1]
    for row in range(ids.shape[0]):
        mask = masks[row % masks.shape[0]]
        for place in range(k + long.shape[0]):
            node = ids[row, place] if place < k else long[place - k]
            # A long row may be among the found ones already.
            if node < 0 or (mask.shape[0] and not mask[node]) or (place >= k and np.any(ids[row] == node)):
                continue
            less = 0.0
            for i in range(queries.shape[1]):
                less -= np.float64(vectors[node, i]) * np.float64(queries[row, i])
            if less >= products[row, k - 1]:
                continue
            slot = k - 1
            while slot > 0 and products[row, slot - 1] > less:
                names[row, slot], products[row, slot] = names[row, slot - 1], products[row, slot - 1]
                slot -= 1
            names[row, slot], products[row, slot] = node, less
