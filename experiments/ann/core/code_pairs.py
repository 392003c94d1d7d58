"""All pairs of codes of 8 bits by products of bytes, and the nearest of each row among them.

Rows are unsigned bytes, columns signed ones in the layout of the dot product instruction (VNNI); tiles of columns stay
in the second cache while rows pass.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from experiments.ann.core.distance import Ids, Keys
from experiments.ann.core.kernel import kernel
from experiments.ann.core.product_vector import lowest_bit, mask_below, project_four
from experiments.ann.core.vector import aligned_rows

TILE = 4096
"""Columns whose codes stay in the second cache while rows pass."""
ROWS = 32
"""Rows per block."""
SAMPLED = 1024
"""Columns from which the first limit of a row is estimated."""
Ints = NDArray[np.int32]


def column_blocks(codes: NDArray[np.int8], multiple: int) -> tuple[NDArray[np.int8], Ints]:
    """Codes (n, width) as columns of products, their number rounded up to a multiple, and a term of each column.

    With codes of rows shifted by 128 to be unsigned: |c_i - c_j|^2 = |c_i|^2 + term_j - 2 (c_i + 128).c_j, where
    term_j = |c_j|^2 + 256 sum c_j; that of columns behind the last exceeds every limit.
    """
    n, width = codes.shape
    columns = -(-n // multiple) * multiple
    whole = np.zeros((columns, width), np.int8)
    whole[:n] = codes
    blocks: NDArray[np.int8] = aligned_rows(columns // 64 * (width // 4), 256, np.int8)
    blocks[:] = whole.reshape(-1, 64, width // 4, 4).transpose(0, 2, 1, 3).reshape(-1, 256)
    wide = whole.astype(np.int32)
    terms = (np.einsum("ij,ij->i", wide, wide) + 256 * wide.sum(axis=1)).astype(np.int32)
    terms[n:] = np.iinfo(np.int32).max // 2
    return blocks, terms


def unsigned_rows(codes: NDArray[np.int8]) -> tuple[NDArray[np.uint8], Ints]:
    """Codes (n, width) shifted by 128, and their squared lengths (n,)."""
    rows: NDArray[np.uint8] = aligned_rows(codes.shape[0], codes.shape[1], np.uint8)
    rows[:] = codes.view(np.uint8) ^ 128
    return rows, np.einsum("ij,ij->i", codes, codes, dtype=np.int32)


@kernel
def products_of_tile(rows: NDArray[np.uint8], blocks: NDArray[np.int8], start: int, width: int, products: Ints) -> None:
    """Products of up to four rows with the ``width`` columns of the tile at ``start``, into products (4, >= width)."""
    groups = rows.shape[1] // 4
    for block in range(width // 64):
        place = (start // 64 + block) * groups
        column = 64 * block
        project_four(rows, 0, blocks[place : place + groups], 0, products[:, column : column + 64])


@kernel
def select_smallest(keys: Keys, size: int, count: int) -> None:
    """Partition keys[:size] so that the ``count`` smallest come first (Hoare's selection)."""
    low, high = 0, size - 1
    while low < high:
        pivot = keys[(low + high) >> 1]
        i, j = low, high
        while i <= j:
            while keys[i] < pivot:
                i += 1
            while keys[j] > pivot:
                j -= 1
            if i <= j:
                keys[i], keys[j] = keys[j], keys[i]
                i += 1
                j -= 1
        if count - 1 <= j:
            high = j
        elif count - 1 >= i:
            low = i
        else:
            return


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
    """Append the columns first..stop-1 of the tile at ``start`` whose code distance is below the limit; returns the
    new size.
    """
    below = np.int32(limit - norm)
    for column in range(start + first, start + stop, 64):
        mask = mask_below(products, local, terms, column, below)
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
    rows: NDArray[np.uint8],
    norms: Ints,
    blocks: NDArray[np.int8],
    terms: Ints,
    order: Ids,
    first: int,
    stop: int,
    kept: int,
    products: Ints,
    found: Keys,
    sizes: Keys,
    limits: Keys,
) -> None:
    """The nearest columns by code of rows first..stop-1 in ``found`` (ROWS, room): all nearer than ``limits``.

    About ``kept`` to twice as many remain, if there are as many; ``order`` tells the ids of the columns.
    """
    sizes[:] = 0
    limits[:] = np.iinfo(np.int32).max // 4
    expected = kept * SAMPLED / order.shape[0]
    share = min(SAMPLED, int(expected + 2 * np.sqrt(expected)) + 4)
    for start in range(0, terms.shape[0], TILE):
        width = min(TILE, terms.shape[0] - start)
        for row in range(first, stop, 4):
            products_of_tile(rows[row : min(row + 4, stop)], blocks, start, width, products)
            for local in range(min(4, stop - row)):
                slot = row + local - first
                norm = norms[row + local]
                begin = 0
                if start == 0:
                    begin = min(SAMPLED, width)
                    size = gather(products, local, terms, 0, 0, begin, limits[slot], norm, order, found[slot], 0)
                    sizes[slot] = size
                    if size > share:
                        limits[slot], sizes[slot] = tighten(found[slot], size, share)
                sizes[slot] = gather(
                    products, local, terms, start, begin, width, limits[slot], norm, order, found[slot], sizes[slot]
                )
                if sizes[slot] > 2 * kept:
                    limits[slot], sizes[slot] = tighten(found[slot], sizes[slot], kept)


@kernel
def tighten(found: Keys, size: int, keep: int) -> tuple[int, int]:
    """Keep what is nearer than the key of rank ``keep``; returns its distance, which is the new limit, and how many
    remain.
    """
    select_smallest(found, size, keep)
    limit = int(found[:keep].max()) >> 32
    kept = 0
    for i in range(keep):
        if found[i] >> 32 < limit:
            found[kept] = found[i]
            kept += 1
    return limit, kept
