"""All pairs of whole codes: products by words, bytes and tiles against integers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from experiments.ann.core.codes.code_pairs import column_blocks, products_of_tile, row_codes
from experiments.ann.core.simd.kernel import kernel
from experiments.ann.core.simd.machine import has_tiles, has_vnni
from experiments.ann.core.simd.vector import aligned_rows


@kernel
def multiply_part(rows: Any, blocks: Any, start: int, products: Any, tiles: bool) -> None:
    products_of_tile(rows, blocks, start, products.shape[1], products, tiles)


@pytest.mark.parametrize(
    ("vnni", "tiles"),
    [
        (False, False),
        pytest.param(True, False, marks=pytest.mark.skipif(not has_vnni(), reason="this processor has no VNNI")),
        pytest.param(True, True, marks=pytest.mark.skipif(not has_tiles(), reason="this processor has no tiles")),
    ],
)
@pytest.mark.parametrize(("width", "some"), [(64, 16), (128, 3), (256, 16)])
def test_products_of_codes_are_those_of_integers(vnni: bool, tiles: bool, width: int, some: int) -> None:
    codes = np.random.default_rng(width).integers(-127, 128, (700, width)).astype(np.int8 if vnni else np.int16)
    blocks, _ = column_blocks(codes, 1024, vnni=vnni)
    rows, _ = row_codes(codes[:some], vnni=vnni)
    products = aligned_rows(16, 512, np.int32)
    multiply_part(rows, blocks, 128, products, tiles)
    np.testing.assert_array_equal(products[:some], rows.astype(np.int64) @ codes[128:640].T.astype(np.int64))
