"""A base and its codes as rows and columns of products, with the bound that proves which vectors cannot be near.

With y = the projection of x in units of code, c its code, e = ||y - c|| and s the largest factor by which the
projection stretches:

    s ||x_i - x_j|| >= ||y_i - y_j|| >= ||c_i - c_j|| - e_i - e_j

So once k vectors are known within distance D, a vector whose code is further than s D + e_i + e_j away cannot be
nearer: it need not be measured.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from experiments.ann.core.codes.code_pairs import Ints, Rows, column_blocks, row_codes, tile_of
from experiments.ann.core.codes.codes import Codec, Whole
from experiments.ann.core.codes.line_codes import Codes
from experiments.ann.core.codes.projection import Packed, Products
from experiments.ann.core.codes.stored_vector import Stored, byte_instructions
from experiments.ann.core.simd.distance import Floats, Ids, Keys, key_distance
from experiments.ann.core.simd.kernel import fast_kernel, kernel, run_all
from experiments.ann.core.simd.machine import has_tiles

APART = 32
"""Fewer vectors than that are measured against every row, since their codes are worse than the others'."""
FARTHEST = 2**29
"""Above every squared distance of codes, and below the terms of the columns after the last."""
SLACK = np.float32(1.0005)
"""Allowance for rounding in the norms and in float32 distances of float32 projections."""


class CodeTable(NamedTuple):
    """A base and its codes in the layout of the products, with what the bound needs."""

    vectors: Stored
    """(n, width) padded, as they are measured."""
    rows: Rows
    norms: Ints
    """See ``row_codes``; in the same order as the columns."""
    blocks: Packed
    terms: Ints
    """See ``column_blocks``."""
    order: Ids
    """Row or column to id (n,), near vectors together."""
    errors: Floats
    """||y - c|| of each vector (n,)."""
    worst: np.float32
    """The largest of them but for the few vectors ``apart``."""
    apart: Keys
    """Keys that name vectors with larger errors, which are measured against every row: one code that is clipped shall
    not weaken the bound of all.
    """
    stretch: np.float32
    """s of the bound, units of code per unit of distance."""
    instructions: Codes
    """Any array of codes; its element type selects those for bytes."""
    tiles: bool
    """Whether products use tile registers."""


def table_of(codec: Codec, vectors: Stored, codes: Whole, order: Ids, threads: int, *, vnni: bool) -> CodeTable:
    """The table of a base (n, width) and its codes in an order (n,)."""
    errors, projection = np.empty(len(codes), np.float32), codec.projection

    def measure(_: int, start: int, stop: int) -> None:
        products, part = projection.products(vectors[start:stop]), slice(start, stop)
        code_errors(products, projection.scale, projection.shift, codes[part], errors[part])

    run_all(measure, len(codes), chunk=512, threads=threads)
    # Ascending: at most 31 errors lie above the 32nd from the end.
    worst = np.sort(errors)[-min(APART, len(errors))]
    ordered = codes[order]
    return CodeTable(
        vectors,
        *row_codes(ordered, vnni=vnni),
        *column_blocks(ordered, tile_of(vnni=vnni), vnni=vnni),
        order,
        errors,
        worst,
        np.flatnonzero(errors > worst) << 1,  # id << 1: a key at distance 0 that only names a node
        # The largest singular value: ||A x|| <= s ||x|| with equality for one x, so no smaller s would do.
        np.float32(np.linalg.norm(projection.weights.astype(np.float64) * projection.scale, ord=2)),
        byte_instructions(vnni=vnni),
        vnni and has_tiles(),
    )


@fast_kernel
def code_errors(products: Products, scale: Floats, shift: Floats, codes: Whole, errors: Floats) -> None:
    """||y - c|| of each row, where y = products * scale - shift, for products and codes (m, width).

    >>> errors = np.zeros(1, np.float32)
    >>> scale, shift = np.ones(2, np.float32), np.zeros(2, np.float32)
    >>> code_errors(np.float32([[3.3, 4.4]]), scale, shift, np.int8([[3, 4]]), errors)
    >>> errors.round(3)
    array([0.5], dtype=float32)
    """
    for i in range(products.shape[0]):
        total = np.float32(0)
        for j in range(products.shape[1]):
            difference = np.float32(products[i, j]) * scale[j] - shift[j] - np.float32(codes[i, j])
            total += difference * difference
        errors[i] = np.sqrt(total)


@kernel
def radius_of(kth: int, stretch: np.float32, error: np.float32) -> float:
    """Code distance, less the error of the other, beyond which nothing is nearer to a vector than the key ``kth``.

    >>> from experiments.ann.core.simd.distance import make_key
    >>> round(radius_of(make_key(4.0, 0), 10.0, 1.5), 2)  # s D + e_i = 10 sqrt(4) + 1.5, and what rounding may take
    21.53
    """
    # SLACK grows with the distance; 0.02 units of code remain where the kth is at distance 0, as among equals.
    return float(stretch * np.sqrt(np.float64(key_distance(kth))) * SLACK + error + 0.02)


@kernel
def reach(kth: int, stretch: np.float32, error: np.float32) -> int:
    """Squared code distance beyond which nothing is nearer than the key ``kth``, for both errors together.

    >>> from experiments.ann.core.simd.distance import make_key
    >>> reach(make_key(4.0, 0), 10.0, 3.0)  # 23.03^2 = 530.4; one more, since limits are compared with <
    531
    """
    bound = radius_of(kth, stretch, error)  # infinite while there are fewer than k: then FARTHEST
    return int(min(bound * bound, float(FARTHEST))) + 1
