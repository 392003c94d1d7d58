"""Searches among some vectors only: a filter for all queries, or for each its own, with a scan where few pass."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from experiments.ann.core.codes.line_codes import QueryCodes
from experiments.ann.core.codes.short_codes import ShortCodes
from experiments.ann.core.codes.stored_vector import Stored
from experiments.ann.core.exact.exact import exact_neighbors
from experiments.ann.core.nsg.searching.batch_search import Mask, key_rows, rerank, search_lists
from experiments.ann.core.simd.distance import Floats, Ids
from experiments.ann.core.simd.kernel import run_all
from experiments.ann.core.simd.lanes import BLOCK

SCANNED_PER_LISTED = 25
"""Vectors that a scan passes in the time in which a search lengthens its list by one."""


def search_allowed(
    lists: Ids,
    short: ShortCodes,
    query_codes: QueryCodes | Floats,
    vectors: Stored,
    queries: Stored,
    k: int,
    size: int,
    threads: int,
    allowed: Mask,
) -> tuple[Ids, Floats, Ids]:
    """``search_lists`` among the allowed nodes only: (n,) the same for all queries, or (m, n), a mask for each."""
    if allowed.ndim == 1:
        return search_among(lists, short, query_codes, vectors, queries, k, size, threads, allowed, len(vectors))
    m = len(queries)
    ids, squared, measured = np.empty((m, k), np.int32), np.empty((m, k), np.float32), np.empty(m, np.int32)

    def work(_: int, start: int, stop: int) -> None:
        for row in range(start, stop):
            own = slice(row, row + 1)
            arguments = (lists, short, query_codes[own], vectors, queries[own], k, size, 1, allowed[row])
            ids[own], squared[own], measured[own] = search_among(*arguments, len(vectors))

    run_all(work, m, chunk=1, threads=threads)
    return ids, squared, measured


def search_among(
    lists: Ids,
    short: ShortCodes,
    query_codes: QueryCodes | Floats,
    vectors: Stored,
    queries: Stored,
    k: int,
    size: int,
    threads: int,
    allowed: Mask | None,
    used: int,
) -> tuple[Ids, Floats, Ids]:
    """``search_lists`` among the allowed of ``used`` nodes, which may be fewer than there are rows.

    The candidate list is lengthened by one over their share, so that about ``size`` of them are in it. Where few are
    allowed, and for queries that met fewer than k, the allowed vectors are scanned: the result has k neighbors wherever
    k are allowed.
    """
    count = used if allowed is None else int(np.count_nonzero(allowed[:used]))
    m, size = len(queries), max(size, k)
    if count == 0:
        return np.full((m, k), -1, np.int32), np.full((m, k), np.inf, np.float32), np.zeros(m, np.int32)
    longer = -(-size * used // count)  # size / share, rounded up
    if longer * SCANNED_PER_LISTED >= count and (count < used or size >= used):
        ids, squared = np.full((m, k), -1, np.int32), np.full((m, k), np.inf, np.float32)
        measured, lacking = np.zeros(m, np.int32), np.arange(m)
    else:
        ids, squared, measured = search_lists(lists, short, query_codes, vectors, queries, k, longer, threads, allowed)
        # -1 where the last of min(k, count) results should be: fewer were met than there are.
        lacking = np.flatnonzero(ids[:, min(k, count) - 1] < 0)
    members = np.flatnonzero(allowed[:used]) if allowed is not None and len(lacking) else np.arange(used)
    if len(lacking) == 1:  # measured where they are: gathering them would take longer than the scan
        listed, one = members.astype(np.int32)[None], slice(int(lacking[0]), int(lacking[0]) + 1)
        scratch = (key_rows(1, k), key_rows(1, BLOCK)[0])
        rerank(vectors, queries[one], short.instructions, listed, 0, 1, *scratch, ids[one], squared[one])
        measured[one] += count
    elif len(lacking):
        base, rows = (np.ascontiguousarray(part, dtype=np.float32) for part in (vectors[members], queries[lacking]))
        near, distances = exact_neighbors(base, rows, k, threads=threads)
        ids[lacking] = np.where(near >= 0, members[near], -1)
        squared[lacking] = distances
        measured[lacking] += count
    return ids, squared, measured


def checked_mask(allowed: ArrayLike, n: int, m: int) -> Mask:
    """Masks as booleans (n,), the same for all queries, or (m, n); ids of each query make such.

    >>> checked_mask([True, False], 2, 1), checked_mask([[1], [0, 1]], 2, 2)
    (array([ True, False]), array([[False,  True],
           [ True,  True]]))

    Raises:
        ValueError: other numbers, or another length.
    """
    if isinstance(allowed, Sequence) and len(allowed) == m and all(_are_ids(one) for one in allowed):
        masks = np.zeros((m, n), np.bool_)
        for mask, ids in zip(masks, allowed, strict=True):
            mask[_checked_rows(ids, n)] = True
        return masks
    mask = np.asarray(allowed)
    if mask.dtype != np.bool_ or mask.shape not in ((n,), (m, n)):
        raise ValueError(
            f"allowed: expected {n} booleans, as many for each of {m} queries, or the ids that each allows, "
            f"got {mask.dtype} of shape {mask.shape}"
        )
    return mask


def _are_ids(one: Any) -> bool:
    return np.ndim(one) == 1 and (len(one) == 0 or np.asarray(one).dtype.kind in "iu")


def _checked_rows(ids: ArrayLike, n: int) -> NDArray[np.int64]:
    rows = np.asarray(ids, np.int64)
    if rows.size and not 0 <= rows.min() <= rows.max() < n:
        raise ValueError(f"allowed: expected ids from 0 to {n - 1}, got {rows.min()} to {rows.max()}")
    return rows
