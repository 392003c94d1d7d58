"""An index cut into shards: which vectors each shard holds, and how the answers of all become one.

    index = ShardedNSG.build(base, shards=4)
    ids, distances = index.search(queries, k=10, search_list_size=40)

Vectors are dealt to shards at random, so every shard is a sample of the whole and each query asks all of them: the k
nearest of the whole are among the k nearest of the shards, so nothing is lost beyond what a shard itself misses.
Where a shard lives is left open; ``sharded_ray`` puts shards into processes.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from experiments.ann.core.nsg.coded_index import CodedNSG
from experiments.ann.core.nsg.index import NSG
from experiments.ann.core.nsg.searching.batch_search import check_sizes
from experiments.ann.core.simd.distance import Floats

LongIds = NDArray[np.int64]


def partition(n: int, shards: int, seed: int = 0) -> list[LongIds]:
    """Deal the numbers 0..n-1 to shards at random; sizes differ by one at most, numbers rise within a shard.

    >>> [len(part) for part in partition(10, 3)]
    [4, 3, 3]

    Raises:
        ValueError: no shard, or more shards than vectors.
    """
    if not 1 <= shards <= n:
        raise ValueError(f"shards: expected 1 to {n}, the number of vectors, got {shards}")
    dealt = np.random.default_rng(seed).permutation(n)
    return [np.sort(part) for part in np.array_split(dealt, shards)]


def merge(answers: Sequence[tuple[LongIds, Floats]], k: int) -> tuple[LongIds, Floats]:
    """The k nearest over all answers, ties by id.

    Args:
        answers: ids (m, k_s) in the numbering of the whole and distances (m, k_s) of each shard; -1 at infinity where
            a shard found nothing.

    Returns:
        ids and distances (m, k), nearest first; -1 at infinity where fewer were found.

    >>> one = np.array([[4, 2]]), np.float32([[0.5, 2.0]])
    >>> two = np.array([[7, -1]]), np.float32([[1.0, np.inf]])
    >>> merge([one, two], 3)
    (array([[4, 7, 2]]), array([[0.5, 1. , 2. ]], dtype=float32))
    """
    ids = np.hstack([answer[0] for answer in answers])
    distances = np.hstack([answer[1] for answer in answers])
    lacking = k - ids.shape[1]
    if lacking > 0:
        ids = np.pad(ids, ((0, 0), (0, lacking)), constant_values=-1)
        distances = np.pad(distances, ((0, 0), (0, lacking)), constant_values=np.inf)
    last = np.where(ids < 0, np.iinfo(np.int64).max, ids)
    order = np.lexsort((last, distances), axis=1)[:, :k]
    return np.take_along_axis(ids, order, 1), np.take_along_axis(distances, order, 1)


class Shard:
    """One part of the vectors, indexed, under their numbers in the whole."""

    def __init__(self, members: LongIds, index: NSG, *, threads: int | None = None) -> None:
        if len(members) != len(index):
            raise ValueError(f"expected an index of {len(members)} vectors, got one of {len(index)}")
        self.members = members
        """Numbers (n_s,) of its vectors in the whole."""
        self.index = index
        self.coded = CodedNSG.of(index, threads=threads)

    @classmethod
    def build(cls, base: NDArray[Any], members: LongIds, *, threads: int | None = None, **settings: Any) -> Shard:
        """Index the rows ``members`` of the whole base (n, d), which may be mapped from a file."""
        return cls(members, NSG.build(base[members], threads=threads, **settings), threads=threads)

    @classmethod
    def load(cls, members: LongIds, path: Path, *, threads: int | None = None) -> Shard:
        """Open a shard that was saved."""
        return cls(members, NSG.load(path), threads=threads)

    def save(self, path: Path) -> None:
        """Write its index to one file."""
        self.index.save(path)

    def search(
        self,
        queries: ArrayLike,
        k: int,
        search_list_size: int,
        *,
        threads: int | None = None,
        allowed: ArrayLike | None = None,
    ) -> tuple[LongIds, Floats]:
        """The k nearest of this shard, with their numbers in the whole, which ``allowed`` (any,) may name some of."""
        mask = None if allowed is None else np.isin(self.members, np.asarray(allowed, np.int64))
        local, distances = self.coded.search(queries, k, search_list_size, threads=threads, allowed=mask)
        return np.where(local >= 0, self.members[local], -1), distances


class ShardedNSG:
    """Shards in one process, searched one after another. Make it with ``build``."""

    def __init__(self, shards: Sequence[Shard]) -> None:
        self.shards = shards

    @classmethod
    def build(
        cls, base: ArrayLike, *, shards: int, partition_seed: int = 0, threads: int | None = None, **settings: Any
    ) -> ShardedNSG:
        """Cut vectors (n, d) into shards and index each; the keywords are the fields of ``BuildSettings``."""
        whole = np.asarray(base)
        parts = partition(len(whole), shards, partition_seed)
        return cls([Shard.build(whole, members, threads=threads, **settings) for members in parts])

    def search(
        self, queries: ArrayLike, k: int, search_list_size: int, *, threads: int | None = None
    ) -> tuple[LongIds, Floats]:
        """The k nearest base vectors of each query (m, d); every shard is searched with a list of that size."""
        check_sizes(k, search_list_size)
        return merge([shard.search(queries, k, search_list_size, threads=threads) for shard in self.shards], k)
