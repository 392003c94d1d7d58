"""Dot product, cosine and nearest vectors against sklearn and scipy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import spearmanr
from sklearn.metrics.pairwise import cosine_similarity, euclidean_distances

from experiments.math.core import similarity


def test_the_cosine_from_three_sides_is_sklearns() -> None:
    a, b = np.random.default_rng(0).standard_normal((2, 9))
    assert similarity.cosine_from_sides(a, b) == pytest.approx(cosine_similarity([a], [b])[0, 0], rel=1e-12)


def test_unit_vectors_have_squared_distance_two_minus_two_cosines() -> None:
    unit = similarity.unit_rows(np.random.default_rng(1).standard_normal((20, 5)))
    np.testing.assert_allclose(euclidean_distances(unit, squared=True), 2 - 2 * cosine_similarity(unit), atol=1e-12)


def test_the_misleading_pair_misleads_and_is_the_smallest() -> None:
    a, b = similarity.misleading_pair()
    assert np.dot(a, b) > np.dot(a, a)
    assert cosine_similarity([a], [b])[0, 0] < 0.99
    assert sum(a) + sum(b) == 4
    with pytest.raises(ValueError, match="larger bound"):
        similarity.misleading_pair(largest=1)


def test_a_short_vector_next_to_a_long_one_is_not_its_own_best_match() -> None:
    vectors = np.array([[1.0, 0.0], [3.0, 0.1], [0.0, 1.0]])
    assert similarity.own_best_match(vectors).tolist() == [False, True, True]
    assert similarity.own_best_match(similarity.unit_rows(vectors)).all()


def test_nearest_by_dot_and_cosine_are_sklearns() -> None:
    vectors = np.random.default_rng(2).standard_normal((40, 3)) * np.random.default_rng(3).lognormal(0, 1, (40, 1))
    dots, cosines = vectors @ vectors.T, cosine_similarity(vectors)
    for matrix in (dots, cosines):
        np.fill_diagonal(matrix, -np.inf)
    expected = dots.argmax(axis=1) == cosines.argmax(axis=1)
    assert similarity.same_nearest(vectors).tolist() == expected.tolist()
    assert 0 < expected.sum() < 40


def test_zero_vectors_stay_zero_and_agree_with_themselves() -> None:
    assert similarity.unit_rows(np.zeros((2, 3))).tolist() == [[0.0] * 3] * 2
    assert similarity.own_best_match(np.zeros((2, 3))).all()


def test_agreement_is_minus_one_times_the_rank_correlation_with_distance() -> None:
    line = np.array([[1.0], [2.0], [4.0]])
    pairs = [(i, j) for i in range(3) for j in range(3) if i != j]
    exact = spearmanr([line[i, 0] * line[j, 0] for i, j in pairs], [-abs(line[i, 0] - line[j, 0]) for i, j in pairs])
    found = similarity.agreement(line, 100_000, np.random.default_rng(4))
    assert found == pytest.approx(exact.statistic, abs=0.02)


def test_the_exact_dot_product_keeps_what_floats_lose() -> None:
    assert similarity.exact_dot([1e20, 1.0, -1e20], [1.0, 1.0, 1.0]) == 1
    assert similarity.exact_dot([], []) == 0
