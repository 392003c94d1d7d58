"""Ways to exact answers agree; a ratio by hand."""

from __future__ import annotations

import numpy as np

from experiments.ann.core.theory.agreement import ONE_LEAF, distance_ratio, exact_answer_errors


def vectors(seed: int, n: int, dim: int) -> np.ndarray:
    return np.random.default_rng(seed).random((n, dim), dtype=np.float32)


def test_exact_answers_agree_and_one_leaf_does_not():
    base, queries = vectors(15, 200, 6), vectors(16, 9, 6)
    errors = exact_answer_errors(base, queries, 5, 8)
    assert errors.pop(ONE_LEAF) > 1e-2
    assert max(errors.values()) < 1e-6
    assert len(errors) == 4


def test_distance_ratio_by_hand():
    found, truth = np.array([[4.0, 16.0, np.inf]], np.float32), np.array([[1.0, 4.0, 9.0]], np.float32)
    assert distance_ratio(found, truth) == 2
    assert np.isnan(distance_ratio(np.zeros((1, 1), np.float32), np.zeros((1, 1), np.float32)))
