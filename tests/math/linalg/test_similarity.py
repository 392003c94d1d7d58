"""Sets of vectors on which the dot product is right, and on which it is not."""

from __future__ import annotations

import numpy as np
import pytest

from experiments.lab.experiment import Setup
from experiments.lab.judge.measured import Trials
from experiments.math.linalg.setup import Params, Vectors
from experiments.math.linalg.similarity import SetRow, draw, run, vectors_with


def observed(*vectors: Vectors) -> list[SetRow]:
    return [row for row in run(Setup(params=Params(vectors=vectors, n=60), seed=0)) if isinstance(row, SetRow)]


def test_vectors_of_length_one_are_all_their_own_best_match_and_nearest_by_either() -> None:
    (row,) = observed("digits_unit")
    assert (row.own_best, row.same_nearest, row.count) == (60, 60, 60)
    assert row.rank_correlation == pytest.approx(1)


def test_unequal_lengths_mislead_the_dot_product() -> None:
    (row,) = observed("lognormal_norm")
    assert row.own_best < row.count
    assert row.same_nearest < row.own_best


def test_every_vector_of_every_seed_is_a_trial() -> None:
    row = observed("gauss")[0]
    again = SetRow(**{**vars(row), "seed": 1, "own_best": 0})
    expected = Trials({row.seed: (row.own_best, 60), 1: (0, 60)}, independent=True)
    assert vectors_with("own_best")([row, again]) == {"gauss": expected}


def test_centered_digits_have_mean_zero() -> None:
    vectors = draw("digits_centered", Params(n=50), np.random.default_rng(0))
    assert vectors.shape == (50, 64)
    np.testing.assert_allclose(vectors.mean(axis=0), 0, atol=1e-12)
