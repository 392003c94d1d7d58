"""Sparse solvers against scikit-learn and brute force."""

from __future__ import annotations

import math

import numpy as np
import pytest
from sklearn.linear_model import Lasso, Ridge

from experiments.train.core import sparse_regression as sparse


@pytest.fixture
def problem() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return sparse.sparse_problem(40, 15, 3, 0.2, np.random.default_rng(0))


@pytest.mark.parametrize("solver", [sparse.ista, sparse.fista, sparse.coordinate_descent])
def test_l1_solvers_find_the_lasso_of_scikit_learn(solver: object, problem: tuple[np.ndarray, ...]) -> None:
    X, y, _ = problem
    theirs = Lasso(0.1, fit_intercept=False, tol=1e-12, max_iter=100_000).fit(X, y).coef_
    w = solver(X, y, 0.1, 1000)
    np.testing.assert_allclose(w, theirs, atol=1e-9)
    assert np.array_equal(w == 0, theirs == 0)
    assert sparse.optimality_gap(X, y, 0.1, w) < 1e-9


def test_fista_needs_fewer_steps_than_ista(problem: tuple[np.ndarray, ...]) -> None:
    X, y, _ = problem
    fast, slow = (sparse.optimality_gap(X, y, 0.01, solver(X, y, 0.01, 60)) for solver in (sparse.fista, sparse.ista))
    assert fast < slow / 10


def test_subgradients_never_reach_zero(problem: tuple[np.ndarray, ...]) -> None:
    X, y, _ = problem
    assert not np.any(sparse.subgradient(X, y, 0.1, 500) == 0)


def test_ridge_is_that_of_scikit_learn(problem: tuple[np.ndarray, ...]) -> None:
    X, y, _ = problem
    theirs = Ridge(0.3 * len(y), fit_intercept=False).fit(X, y).coef_
    np.testing.assert_allclose(sparse.ridge(X, y, 0.3), theirs, atol=1e-12)


def test_a_penalty_above_the_largest_correlation_leaves_nothing(problem: tuple[np.ndarray, ...]) -> None:
    X, y, _ = problem
    assert not sparse.fista(X, y, 1.01 * float(np.abs(X.T @ y).max()) / len(y), 10).any()


def test_exhaustive_search_finds_the_least_error_of_all_subsets(problem: tuple[np.ndarray, ...]) -> None:
    X, y, _ = problem
    best, tried = sparse.best_subset(X[:, :7], y, 2)
    errors = {(i, j): np.linalg.lstsq(X[:, [i, j]], y, rcond=None)[1][0] for i in range(7) for j in range(i + 1, 7)}
    assert best == min(errors, key=lambda pair: errors[pair])
    assert tried == math.comb(7, 2)


def test_the_second_design_breaks_the_irrepresentable_condition() -> None:
    X, _, w = sparse.irrepresentable_problem(2000, 8, 3, 0.1, np.random.default_rng(0))
    assert sparse.irrepresentability(X, w) == pytest.approx(0.9 * math.sqrt(3), abs=0.1)
    assert X[:, -1].var() == pytest.approx(1, abs=0.1)


def test_the_envelope_of_l0_is_the_absolute_value_on_the_unit_box_alone() -> None:
    assert sparse.envelope_error(1.0, 20) < 1e-12
    assert sparse.envelope_error(2.0, 20) == pytest.approx(1)
