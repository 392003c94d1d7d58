"""Hash tables against cells by hand and scipy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial import cKDTree

from experiments.ann.core.rivals.hashing import build_tables, fold, search_tables


def vectors(seed: int, n: int, dim: int) -> np.ndarray:
    return np.random.default_rng(seed).random((n, dim), dtype=np.float32)


def test_tables_find_exactly_what_shares_a_cell() -> None:
    base, queries = vectors(5, 200, 6), vectors(6, 20, 6)
    index = build_tables(base, 3, 4, 0.5, np.random.default_rng(0))
    cells, asked = (
        np.floor(x @ index.directions / np.float32(0.5) + index.offsets).reshape(len(x), 3, 4) for x in (base, queries)
    )
    for tables in (1, 2, 3):
        answer = search_tables(index, queries, 200, tables)
        same = (cells[None, :, :tables] == asked[:, None, :tables]).all(axis=3).any(axis=2)
        assert answer.points_measured.tolist() == same.sum(axis=1).tolist()
        for row in range(20):
            assert set(answer.ids[row]) - {-1} == set(np.flatnonzero(same[row]))


def test_a_wide_cell_makes_hashing_exact_and_a_base_vector_finds_itself() -> None:
    base = vectors(7, 100, 5)
    wide = build_tables(base, 2, 3, 1e6, np.random.default_rng(0))
    assert search_tables(wide, base[:9], 4, 2).ids.tolist() == cKDTree(base).query(base[:9], k=4)[1].tolist()
    narrow = build_tables(base, 1, 8, 1e-3, np.random.default_rng(0))
    assert search_tables(narrow, base, 1, 1).ids[:, 0].tolist() == list(range(100))
    assert (fold(base, narrow.directions, narrow.offsets, narrow.width, narrow.mixers) >= -(2**63)).all()


def test_cell_width_has_to_be_positive() -> None:
    with pytest.raises(ValueError, match="expected a positive cell width, got 0"):
        build_tables(vectors(8, 4, 2), 1, 1, 0.0, np.random.default_rng(0))
