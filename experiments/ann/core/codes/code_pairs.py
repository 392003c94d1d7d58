"""All pairs of whole codes by products of integers, and the nearest of each row among them.

With VNNI rows are unsigned bytes, columns signed ones, and four products are added by one instruction; elsewhere both
are words, and two are. Tiles of columns stay in the second cache while rows pass.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from experiments.ann.core.codes.codes import Whole
from experiments.ann.core.codes.projection import Bytes, Packed, Words, in_panels
from experiments.ann.core.simd.distance import Ids, Keys
from experiments.ann.core.simd.kernel import kernel
from experiments.ann.core.simd.lanes import BLOCK
from experiments.ann.core.simd.product_vector import lowest_bit, mask_below, project_four
from experiments.ann.core.simd.selection import select_smallest
from experiments.ann.core.simd.tile_vector import multiply_tiles
from experiments.ann.core.simd.vector import LANES, aligned_rows

TILE, WORD_TILE = 4096, 1024
"""Columns whose codes stay in the second cache while rows pass; processors without VNNI have less of it."""
ROWS = 64
"""Rows per block."""
TOGETHER = 16
"""Rows that are multiplied at once."""
SAMPLED = 1024
"""Columns from which the first limit of a row is estimated."""
Ints = NDArray[np.int32]
Rows = Bytes | Words


def column_blocks(codes: Whole, multiple: int, *, vnni: bool) -> tuple[Packed, Ints]:
    """Codes (n, width) as columns of products in panels, their number rounded up to a multiple, and a term of each.

    |c_i - c_j|^2 = |c_i|^2 + term_j - 2 row_i.c_j, where row_i is that of ``row_codes``: with words term_j = |c_j|^2,
    with bytes shifted to be unsigned |c_j|^2 + 256 sum c_j. That of columns after the last exceeds every limit.

    >>> column_blocks(np.int16([[3, 4]]), 16, vnni=False)[1][:2].tolist()  # |c|^2, and a column that is none
    [25, 1073741823]
    >>> column_blocks(np.int8([[3, 4, 0, 0]]), 16, vnni=True)[1][0]  # 25 + 256 * 7
    np.int32(1817)
    """
    n, width = codes.shape
    whole: NDArray[Any] = np.zeros((-(-n // multiple) * multiple, width), np.int8 if vnni else np.int16)
    whole[:n] = codes
    blocks = in_panels(whole.T, 4 if vnni else 2)
    wide = whole.astype(np.int32)
    terms = np.einsum("ij,ij->i", wide, wide).astype(np.int32)
    # row = c_i + 128, so -2 row.c_j = -2 c_i.c_j - 256 sum c_j: the term gives back what the shift takes.
    if vnni:
        terms += 256 * wide.sum(axis=1, dtype=np.int32)
    terms[n:] = np.iinfo(np.int32).max // 2
    return blocks, terms


def row_codes(codes: Whole, *, vnni: bool) -> tuple[Rows, Ints]:
    """Codes (n, width) as rows of products, words or for VNNI bytes shifted by 128, and their squared lengths (n,).

    15 more rows lie in memory after the last.

    >>> row_codes(np.int8([[-3, 4]]), vnni=True)
    (array([[125, 132]], dtype=uint8), array([25], dtype=int32))
    """
    n, width = codes.shape
    # A tile register always loads 16 rows, also from the last one on.
    rows: Rows = aligned_rows(n + TOGETHER - 1, width, np.uint8 if vnni else np.int16)[:n]
    rows[:] = codes.view(np.uint8) ^ 128 if vnni else codes  # c ^ 128 as an unsigned byte is c + 128
    return rows, np.einsum("ij,ij->i", codes, codes, dtype=np.int32)


def tile_of(*, vnni: bool) -> int:
    """Columns that are compared at once.

    >>> tile_of(vnni=True)
    4096
    """
    return TILE if vnni else WORD_TILE


@kernel
def products_of_tile(rows: Rows, blocks: Packed, start: int, width: int, products: Ints, tiles: bool) -> None:
    """Products of up to 16 rows with the ``width`` columns from ``start`` on, into products (16, at least width).

    Args:
        rows, blocks: see ``row_codes`` and ``column_blocks``.
        tiles: whether tile registers multiply, see ``machine.has_tiles``; only bytes.
    """
    if tiles:
        multiply_tiles(rows, blocks, start, width, products)
        return
    # Four rows at a time over all columns: their running sums fit into registers, see ``project_four``.
    columns = blocks[start // LANES :]
    for four in range(0, rows.shape[0], 4):
        for column in range(0, width, 64):
            project_four(rows, four, columns, column, products)


@kernel
def gather(
    products: Ints,
    local: int,
    terms: Ints,
    start: int,
    first: int,
    stop: int,
    limit: int,
    norm: int,
    order: Ids,
    found: Keys,
    size: int,
) -> int:
    """Append the columns first..stop-1 of the tile at ``start`` whose squared code distance is below the limit.

    Args:
        products: (16, at least stop), of the rows with the columns from ``start`` on; ``local`` is the row's place.
        terms, norm: see ``column_blocks``, and the row's squared length.
        order: ids of the columns.
        found: out, keys ``distance << 32 | id`` from place ``size`` on.

    Returns:
        The new size; at most as many as ``found`` has places, then the rest is left out.
    """
    # norm + term - 2 p < limit, with what is the same for all columns on one side
    below = np.int32(limit - norm)
    for column in range(start + first, start + stop, 64):
        mask = mask_below(products, local, column - start, terms, column, below)
        # One turn per column that is near enough, which few are: mask & (mask - 1) clears the lowest bit.
        while mask != 0:
            place = column + lowest_bit(mask)
            mask &= mask - 1
            distance = norm + terms[place] - 2 * products[local, place - start]
            found[size] = (np.int64(distance) << 32) | np.int64(order[place])
            size += 1
            if size == found.shape[0]:
                return size
    return size


@kernel
def candidates_of_rows(
    rows: Rows,
    norms: Ints,
    blocks: Packed,
    terms: Ints,
    order: Ids,
    first: int,
    stop: int,
    kept: int,
    products: Ints,
    found: Keys,
    sizes: Keys,
    limits: Keys,
    tiles: bool,
) -> None:
    """The nearest columns by code of rows first..stop-1 in ``found`` (ROWS, room).

    All whose squared distance is at most ``limits`` - 2 are there, of those one further away the first by id. ``kept``
    to twice as many remain, if there are as many; ``order`` tells the ids of the columns. ``products``
    is scratch (16, tile): columns are taken by tiles of that width, which is a multiple of 64.
    """
    tile = products.shape[1]
    others = np.empty(found.shape[1] + BLOCK, np.int64)
    sizes[:] = 0
    limits[:] = np.iinfo(np.int32).max // 4
    # The first 1024 columns are expected to hold so many of the nearest; two standard deviations and four more than
    # these set the first limit, so that it hardly ever excludes one of the nearest.
    expected = kept * SAMPLED / order.shape[0]
    share = min(SAMPLED, int(expected + 2 * np.sqrt(expected)) + 4)
    for start in range(0, terms.shape[0], tile):
        width = min(tile, terms.shape[0] - start)
        for group in range(first, stop, TOGETHER):
            some = min(TOGETHER, stop - group)
            # 16 rows per pass over the tile: it comes from the second cache once for all of them.
            products_of_tile(rows[group : group + some], blocks, start, width, products, tiles)
            for local in range(some):
                slot = group + local - first
                norm = norms[group + local]
                begin = 0
                if start == 0:
                    begin = min(SAMPLED, width)
                    size = gather(products, local, terms, 0, 0, begin, limits[slot], norm, order, found[slot], 0)
                    sizes[slot] = size
                    if size > share:
                        limits[slot], sizes[slot] = tighten(found[slot], size, share, others)
                sizes[slot] = gather(
                    products, local, terms, start, begin, width, limits[slot], norm, order, found[slot], sizes[slot]
                )
                # Not before twice as many: a selection then drops at least half of what it looks at.
                if sizes[slot] > 2 * kept:
                    limits[slot], sizes[slot] = tighten(found[slot], sizes[slot], kept, others)


@kernel
def tighten(found: Keys, size: int, keep: int, others: Keys) -> tuple[int, int]:
    """Keep the ``keep`` smallest keys of found[:size]; returns the new limit, one above the distance of the largest of
    them, and how many remain.

    >>> found = np.array([9 << 32, 4 << 32, 6 << 32])
    >>> tighten(found, 3, 2, np.zeros(11, np.int64))
    (7, 2)
    """
    select_smallest(found, size, keep, others)
    return (int(found[:keep].max()) >> 32) + 1, keep
