"""Metrics, and how far their answers agree, on small examples."""

from __future__ import annotations

import numpy as np

from experiments.ann.core.theory.similarity import jaccard, top_k, unit_rows


def test_metrics_choose_different_neighbors():
    base = np.array([(1.0, 0.0), (0.6, 0.6), (9.0, 9.0)])
    query = np.array([(0.0, 0.0), (1.0, 0.9)])
    assert top_k(base, query, 1, "l1")[0].tolist() == [0]
    assert top_k(base, query, 1, "l2")[0].tolist() == [1]
    assert top_k(base, query, 1, "ip")[1].tolist() == [2]
    assert set(top_k(base, query, 2, "cosine")[1]) == {1, 2}


def test_at_unit_length_l2_ip_and_cosine_agree():
    rng = np.random.default_rng(2)
    base, queries = unit_rows(rng.standard_normal((50, 6))), unit_rows(rng.standard_normal((9, 6)))
    nearest = top_k(base, queries, 10, "l2")
    assert nearest.tolist() == top_k(base, queries, 10, "ip").tolist() == top_k(base, queries, 10, "cosine").tolist()


def test_jaccard_by_hand_and_zero_rows_stay():
    first, second = np.array([[1, 2, 3], [1, 2, 3]]), np.array([[3, 2, 1], [3, 4, 5]])
    assert jaccard(first, second).tolist() == [1.0, 0.2]
    assert unit_rows(np.array([(0.0, 0.0), (0.0, 2.0)])).tolist() == [[0.0, 0.0], [0.0, 1.0]]
