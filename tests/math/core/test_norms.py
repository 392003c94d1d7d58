"""Lengths against numpy, scipy and torch, at the ends of float64 and on empty, zero and NaN vectors."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import minkowski

from experiments.math.core.norms import (
    MATRIX_NORMS,
    distance,
    matrix_norm,
    naive_length,
    nonzeros,
    triangle_excess,
    unit_ball,
    vector_length,
)

numbers = st.floats(-1e6, 1e6).filter(lambda x: x == 0 or abs(x) > 1e-6)
vectors = st.lists(numbers, min_size=1, max_size=8)


@given(vectors, st.sampled_from([0.5, 1.0, 2.0, 3.5, math.inf]))
@settings(max_examples=200, deadline=None)
def test_lengths_are_numpys(x: list[float], p: float) -> None:
    assert float(vector_length(x, p)) == pytest.approx(float(np.linalg.norm(np.array(x), p)), rel=1e-12)


@given(vectors, st.floats(1.0, 6.0))
@settings(max_examples=200, deadline=None)
def test_lengths_fall_as_p_rises(x: list[float], p: float) -> None:
    assert vector_length(x, p + 1) <= vector_length(x, p) * (1 + 1e-12)


@pytest.mark.parametrize("p", [1.0, 2.0, 3.0])
def test_distances_are_scipys(p: float) -> None:
    x, y = np.random.default_rng(0).standard_normal((2, 30))
    assert float(distance(x, y, p)) == pytest.approx(minkowski(x, y, p), rel=1e-14)


@pytest.mark.parametrize("scale", [1e-320, 1e-300, 1e-200, 1e200, 1e300])
def test_the_length_of_3_4_is_5_at_every_scale(scale: float) -> None:
    assert float(vector_length([3 * scale, 4 * scale], 2)) == pytest.approx(
        5 * scale, rel=1e-3 if scale < 1e-310 else 1e-15
    )


def test_the_naive_length_overflows_and_underflows() -> None:
    assert naive_length([3e200, 4e200]) == math.inf
    assert naive_length([3e-200, 4e-200]) == 0


def test_empty_zero_nan_and_infinite_vectors() -> None:
    assert vector_length([], 2) == 0
    assert vector_length(np.zeros((0, 3)), 1).shape == (0,)
    assert vector_length([0.0, 0.0], 2) == 0
    assert math.isnan(vector_length([1.0, math.nan], 2))
    assert vector_length([1.0, -math.inf], 2) == math.inf
    assert nonzeros([0.0, -0.0, 1e-300, -2.0]) == 2


@pytest.mark.parametrize("p", [0.0, -1.0, math.nan])
def test_a_length_needs_a_positive_p(p: float) -> None:
    with pytest.raises(ValueError, match="expected p > 0"):
        vector_length([1.0], p)


def test_matrix_norms_are_numpys() -> None:
    matrix = np.random.default_rng(1).standard_normal((4, 3))
    expected = {
        "frobenius": np.linalg.norm(matrix),
        "spectral": np.linalg.norm(matrix, 2),
        "nuclear": np.linalg.norm(matrix, "nuc"),
        "max_column_sum": np.linalg.norm(matrix, 1),
        "max_row_sum": np.linalg.norm(matrix, np.inf),
        "entry_sum": np.abs(matrix).sum(),
        "max_entry": np.abs(matrix).max(),
    }
    assert {name: matrix_norm(matrix, name) for name in MATRIX_NORMS} == pytest.approx(expected, rel=1e-14)


def test_matrix_norms_by_hand() -> None:
    matrix = np.array([[1.0, -2.0], [3.0, 4.0]])
    found = [matrix_norm(matrix, name) for name in ("max_column_sum", "max_row_sum", "entry_sum", "max_entry")]
    assert found == [6.0, 7.0, 10.0, 4.0]


@pytest.mark.parametrize("p", [0.5, 1.0, 2.0, math.inf])
def test_the_unit_ball_has_length_one_and_its_corners_on_the_axes(p: float) -> None:
    ball = unit_ball(p, corners=16)
    np.testing.assert_allclose(vector_length(ball, p), 1, rtol=1e-12)
    np.testing.assert_allclose(ball[0], [1, 0], atol=1e-15)


def test_p_one_half_breaks_the_triangle_on_two_axes_by_a_factor_of_two() -> None:
    x, y = np.eye(2)
    assert triangle_excess(x, y, 0.5) == pytest.approx(1.0)
    assert triangle_excess(x, y, 1.0) == 0
