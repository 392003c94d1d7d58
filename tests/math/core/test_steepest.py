"""Steepest steps against linear programming and closed forms."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import linprog

from experiments.math.core.steepest import (
    NORMS,
    rates_by_angle,
    steepest_rate,
    steepest_step,
    unit,
)

GRADIENT = np.array([2.5, 11.0])


def test_the_catalog_example_gives_13_5_by_the_largest_entry_and_the_length_by_l2() -> None:
    assert steepest_rate(GRADIENT, "linf") == 13.5
    assert steepest_rate(GRADIENT, "l2") == pytest.approx(np.hypot(2.5, 11.0))
    assert steepest_rate(GRADIENT, "l1") == 11.0


@pytest.mark.parametrize("norm", NORMS)
def test_the_steepest_step_has_length_one_and_attains_the_dual_norm(norm: str) -> None:
    for gradient in np.random.default_rng(0).standard_normal((20, 5)):
        step = steepest_step(gradient, norm)  # type: ignore[arg-type]
        assert unit(step, norm) == pytest.approx(step)  # type: ignore[arg-type]
        assert step @ gradient == pytest.approx(steepest_rate(gradient, norm))  # type: ignore[arg-type]


def test_linear_programming_finds_the_same_best_rate_for_l1_and_linf() -> None:
    gradient = np.random.default_rng(1).standard_normal(4)
    box = linprog(-gradient, bounds=[(-1, 1)] * 4)
    signs = np.array(np.meshgrid(*[[-1, 1]] * 4)).reshape(4, -1).T
    cross = linprog(-gradient, A_ub=signs, b_ub=np.ones(16), bounds=[(None, None)] * 4)
    assert -box.fun == pytest.approx(steepest_rate(gradient, "linf"))
    assert -cross.fun == pytest.approx(steepest_rate(gradient, "l1"))


def test_no_direction_beats_the_gradient_by_l2_and_some_do_otherwise() -> None:
    assert rates_by_angle(GRADIENT, "l2", 720)[:, 1].max() <= 1 + 1e-15
    assert rates_by_angle(GRADIENT, "linf", 720)[:, 1].max() > 1.1


def test_angles_rise_and_the_gradient_lies_at_zero() -> None:
    angles, rates = rates_by_angle(np.array([1.0, 0.0]), "l2", 8).T
    assert (np.diff(angles) > 0).all()
    np.testing.assert_allclose(rates, np.cos(np.radians(angles)), atol=1e-15)


def test_a_zero_vector_has_no_direction() -> None:
    with pytest.raises(ValueError, match="zero vector"):
        unit(np.zeros(2), "l2")
