"""Orders in linear time against numpy's stable sorts."""

from __future__ import annotations

import numpy as np
import pytest

from experiments.detect.core.sorting import dense_ids, order_by_falling_score, order_by_key

SCORES = [
    np.round(np.random.default_rng(0).random(500), 2),
    np.random.default_rng(1).normal(size=500) * 1e300,
    np.array([0.0, -0.0, np.inf, -np.inf, 5e-324, -5e-324, 0.0]),
    np.empty(0),
]


@pytest.mark.parametrize("scores", SCORES, ids=["ties", "large", "special", "empty"])
def test_scores_fall_and_equal_ones_stay_in_order(scores: np.ndarray) -> None:
    start = np.random.default_rng(2).permutation(len(scores))
    expected = start[np.argsort(-scores[start], kind="stable")]
    assert order_by_falling_score(scores, start).tolist() == expected.tolist()


def test_keys_rise_and_begin_where_they_begin() -> None:
    keys = np.random.default_rng(0).integers(7, size=300)
    order, starts = order_by_key(keys, 8, np.arange(300))
    assert order.tolist() == np.argsort(keys, kind="stable").tolist()
    assert starts.tolist() == np.searchsorted(np.sort(keys), np.arange(9)).tolist()


@pytest.mark.parametrize("factor", [1, -3, 10**15])
def test_ids_become_ranks_among_all(factor: int) -> None:
    ids, others = np.array([5, 2, 5]) * factor, np.array([9, 2]) * factor
    ranks, other_ranks, count = dense_ids(ids, others)
    known = np.unique(np.concatenate([ids, others]))
    assert count == 3
    assert known[ranks].tolist() == ids.tolist()
    assert known[other_ranks].tolist() == others.tolist()
