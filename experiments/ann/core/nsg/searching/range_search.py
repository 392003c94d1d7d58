"""All vectors within a distance of each query, by searches for more and more neighbors."""

from __future__ import annotations

import math
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from experiments.ann.core.simd.distance import Floats
from experiments.ann.core.simd.inputs import numbers

FIRST, GROWTH, ROOM = 32, 4, 2
"""Neighbors that are asked for at first, how many times more where all of them are near enough, and how many times as
long as that the candidate list is at least."""


class Within(NamedTuple):
    """What lies within the radius, query after query, nearest first."""

    counts: NDArray[np.int64]
    """Per query (m,)."""
    ids: NDArray[np.integer]
    """(sum of counts,)"""
    distances: Floats
    """(sum of counts,), in the metric's terms"""


class Index(Protocol):
    """What can be searched for k neighbors."""

    def __len__(self) -> int: ...

    def search(
        self, queries: ArrayLike, k: int, search_list_size: int, *, threads: int | None = None
    ) -> tuple[NDArray[np.integer], Floats]: ...


def search_within(
    index: Index, queries: ArrayLike, radius: float, search_list_size: int, threads: int | None
) -> Within:
    """All vectors that the index finds at no more than ``radius`` from each query (m, d).

    A query is done when its farthest neighbor lies outside, or when all vectors were asked for.

    Raises:
        ValueError: a radius that is not a number, or what the index's search refuses.
    """
    if math.isnan(radius):
        raise ValueError("radius: expected a number, got NaN")
    given, n = numbers(queries), len(index)
    asked, k = np.arange(len(given)), min(FIRST, n)
    found: dict[int, tuple[NDArray[np.integer], Floats]] = {}
    while len(asked):
        size = max(search_list_size, min(ROOM * k, n))
        ids, distances = index.search(given[asked], k, size, threads=threads)
        inside = (ids >= 0) & (distances <= radius)
        done = ~inside[:, -1] | (k == n)
        for place in np.flatnonzero(done):
            found[int(asked[place])] = ids[place, inside[place]], distances[place, inside[place]]
        asked, k = asked[~done], min(GROWTH * k, n)
    none = np.empty(0, np.int64), np.empty(0, np.float32)
    rows = [found[query] for query in range(len(given))]
    ids, distances = (np.concatenate(parts) for parts in zip(none, *rows, strict=True))
    return Within(np.array([len(row) for row, _ in rows], np.int64), ids, distances)
