"""Locality-sensitive hashing for Euclidean distance (E2LSH): random projections, cut into cells, in several tables.

    h(x) = (floor((a_1 x + b_1) / w), ..., floor((a_r x + b_r) / w)),  a_i standard normal, b_i uniform in [0, w)

Near points share a cell more often than far ones. A query looks at everything in its own cell of each table.

Source: Datar, Immorlica, Indyk, Mirrokni: Locality-sensitive hashing scheme based on p-stable distributions, SCG 2004.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from experiments.ann.core.exact.kdtree import insert, squared_l2
from experiments.ann.core.simd.distance import Floats, Ids
from experiments.ann.core.simd.kernel import kernel

Hashes = NDArray[np.int64]


@dataclass(frozen=True)
class HashTables:
    """T tables of r projections each."""

    base: Floats
    """Vectors (n, d)."""
    directions: Floats
    """(d, T * r)."""
    offsets: Floats
    """(T * r,), in units of the cell width."""
    width: float
    mixers: Hashes
    """Random odd factors (r,) that fold a cell's r numbers into one."""
    keys: Hashes
    """Folded cells of the vectors, ascending (T, n)."""
    order: Ids
    """Rows of the vectors in that order (T, n)."""

    @property
    def projections(self) -> int:
        """Projections per table, r."""
        return len(self.mixers)

    @property
    def nbytes(self) -> int:
        arrays = (self.base, self.directions, self.offsets, self.mixers, self.keys, self.order)
        return sum(array.nbytes for array in arrays)


@dataclass(frozen=True)
class HashAnswer:
    """Neighbors of m queries, nearest first."""

    ids: Ids
    """(m, k), -1 where the cells held fewer."""
    squared: Floats
    points_measured: Ids
    """Different vectors measured per query (m,)."""


def build_tables(base: Floats, tables: int, projections: int, width: float, rng: np.random.Generator) -> HashTables:
    """Hash vectors (n, d) into ``tables`` tables. ``width`` is a length: about 4 times the distances to be found works.

    Raises:
        ValueError: a width that is not positive.
    """
    if not width > 0:
        raise ValueError(f"width: expected a positive cell width, got {width}")
    directions = rng.standard_normal((base.shape[1], tables * projections)).astype(np.float32)
    offsets = rng.random(tables * projections).astype(np.float32)
    mixers = rng.integers(-(2**62), 2**62, projections) | 1
    hashes = fold(base, directions, offsets, width, mixers)
    order = np.argsort(hashes, axis=0, kind="stable").astype(np.int32).T
    keys = np.take_along_axis(hashes.T, order.astype(np.int64), axis=1)
    return HashTables(base, directions, offsets, width, mixers, np.ascontiguousarray(keys), np.ascontiguousarray(order))


def fold(vectors: Floats, directions: Floats, offsets: Floats, width: float, mixers: Hashes) -> Hashes:
    """Cells of vectors (m, d) as one number per table (m, T): sum of odd factors times cell numbers, modulo 2^64."""
    cells = np.floor(vectors @ directions / np.float32(width) + offsets).astype(np.int64)
    return (cells.reshape(len(vectors), -1, len(mixers)) * mixers).sum(axis=2)


def search_tables(index: HashTables, queries: Floats, k: int, tables: int) -> HashAnswer:
    """The k nearest vectors of each query (m, d) among those that share its cell in one of the first ``tables``
    tables."""
    used = tables * index.projections
    hashes = fold(queries, index.directions[:, :used], index.offsets[:used], index.width, index.mixers)
    m = len(queries)
    ids, squared = np.full((m, k), -1, np.int32), np.full((m, k), np.inf, np.float32)
    measured = np.zeros(m, np.int32)
    _search(index.base, index.keys, index.order, queries, hashes, ids, squared, measured)
    return HashAnswer(ids, squared, measured)


@kernel
def _search(
    base: Floats, keys: Hashes, order: Ids, queries: Floats, hashes: Hashes, ids: Ids, squared: Floats, measured: Ids
) -> None:
    seen = np.full(base.shape[0], -1, np.int32)
    for row in range(queries.shape[0]):
        for table in range(hashes.shape[1]):
            position = np.searchsorted(keys[table], hashes[row, table])
            while position < keys.shape[1] and keys[table, position] == hashes[row, table]:
                node = order[table, position]
                position += 1
                if seen[node] != row:
                    seen[node] = row
                    measured[row] += 1
                    insert(ids[row], squared[row], node, squared_l2(queries[row], base[node]))
