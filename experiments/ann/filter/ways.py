"""Every way to search among allowed vectors, each query with a set of its own, on one thread."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from experiments.ann.core.nsg.coded_index import CodedNSG

Search = Callable[[], NDArray[np.integer]]
OURS, AFTER, SCAN, FAISS = "NSG, codes", "NSG, codes, filtered afterwards", "scan of the allowed", "faiss HNSW"


def searches(
    index: CodedNSG,
    hnsw: Any,
    base: NDArray[np.float32],
    queries: NDArray[np.float32],
    allowed: Sequence[NDArray[np.int64]],
    k: int,
    size: int,
) -> Mapping[str, Search]:
    """The ways by name; ``size`` is the candidate list, and efSearch of HNSW."""
    masks = np.zeros((len(queries), len(base)), np.bool_)
    for mask, own in zip(masks, allowed, strict=True):
        mask[own] = True

    def afterwards() -> NDArray[np.integer]:
        found = index.search(queries, size, size, threads=1)[0]
        kept = [[one for one in row if mask[one]][:k] for row, mask in zip(found, masks, strict=True)]
        return np.array([[*row, *[-1] * (k - len(row))] for row in kept])

    ways: dict[str, Search] = {
        OURS: lambda: index.search(queries, k, size, threads=1, allowed=masks)[0],
        AFTER: afterwards,
        SCAN: lambda: np.stack([scan(base, query, own, k) for query, own in zip(queries, allowed, strict=True)]),
    }
    return ways | {FAISS: partial(in_hnsw, hnsw, queries, allowed, k, size)}


def scan(
    base: NDArray[np.float32], query: NDArray[np.float32], allowed: NDArray[np.int64], k: int
) -> NDArray[np.int64]:
    """The k nearest allowed vectors of a query by measuring all of them, -1 where there are fewer."""
    from experiments.ann.core.exact.exact import exact_neighbors

    near = exact_neighbors(base[allowed], query[None], k, threads=1)[0][0]
    return np.where(near >= 0, allowed[near], -1)


def built_hnsw(base: NDArray[np.float32]) -> Any:
    """M = 16, by its defaults."""
    import faiss

    faiss.omp_set_num_threads(1)
    hnsw = faiss.IndexHNSWFlat(base.shape[1], 16)
    hnsw.add(base)
    return hnsw


def in_hnsw(
    hnsw: Any, queries: NDArray[np.float32], allowed: Sequence[NDArray[np.int64]], k: int, size: int
) -> NDArray[np.integer]:
    """Each query with a selector of its own, as faiss takes them."""
    import faiss

    found = []
    for query, own in zip(queries, allowed, strict=True):
        selector = faiss.IDSelectorBatch(own)
        parameters = faiss.SearchParametersHNSW(sel=selector, efSearch=size)  # type: ignore[attr-defined]
        found.append(hnsw.search(query[None], k, params=parameters)[1][0])
    return np.stack(found)
