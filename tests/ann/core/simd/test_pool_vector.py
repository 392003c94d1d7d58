"""Candidate lists as pools of keys: insertion without a branch against sets and sorts."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from experiments.ann.core.simd.kernel import kernel
from experiments.ann.core.simd.pool_vector import NO_KEY, absorb, first_open
from experiments.ann.core.simd.vector import aligned_rows


@kernel
def insert_all(pool: Any, keys: Any, count: int) -> int:
    absorb(pool, 0, keys, count)
    return int(first_open(pool, 0))


@pytest.mark.parametrize("blocks", [1, 2, 5, 6, 12, 13, 20, 27])
def test_pool_stays_sorted_without_repetition_and_keeps_the_smallest(blocks: int) -> None:
    rng = np.random.default_rng(blocks)
    pool, keys = aligned_rows(1, 8 * blocks, np.int64), aligned_rows(1, 8, np.int64)[0]
    pool[:] = NO_KEY
    inserted: set[int] = set()
    for _ in range(100):
        nodes = rng.permutation(400)[:8]
        keys[:] = (nodes % 13).astype(np.int64) << 32 | nodes << 1
        inserted |= {int(key) for key in keys[:6]}
        insert_all(pool, keys, 6)
        if pool[0, 0] & 1 == 0:
            pool[0, 0] |= 1
    held = [int(key) & ~1 for key in pool[0] if key != NO_KEY]
    assert held == sorted(inserted)[: 8 * blocks]
    assert insert_all(pool, keys, 0) == next((i for i, key in enumerate(pool[0]) if not key & 1), 8 * blocks)
