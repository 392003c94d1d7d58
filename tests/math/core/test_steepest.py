"""Steepest steps against linear programming and closed forms."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.optimize import linprog

from experiments.math.core.steepest import Norm, rates_by_angle, steepest_step, unit

GRADIENT = np.array([2.5, 11.0])


def rate(gradient: NDArray[np.float64], norm: Norm) -> float:
    return float(gradient @ steepest_step(gradient, norm))


@pytest.mark.parametrize(("norm", "dual"), [("linf", 1), ("l2", 2), ("l1", np.inf)])
def test_the_steepest_step_has_length_one_and_attains_the_dual_norm(norm: Norm, dual: float) -> None:
    for gradient in (GRADIENT, *np.random.default_rng(0).standard_normal((20, 5))):
        step = steepest_step(gradient, norm)
        assert unit(step, norm) == pytest.approx(step)
        assert rate(gradient, norm) == pytest.approx(np.linalg.norm(gradient, dual))


def test_linear_programming_finds_the_same_best_rate_for_l1_and_linf() -> None:
    gradient = np.random.default_rng(1).standard_normal(4)
    box = linprog(-gradient, bounds=[(-1, 1)] * 4)
    signs = np.array(np.meshgrid(*[[-1, 1]] * 4)).reshape(4, -1).T
    cross = linprog(-gradient, A_ub=signs, b_ub=np.ones(16), bounds=[(None, None)] * 4)
    assert -box.fun == pytest.approx(rate(gradient, "linf"))
    assert -cross.fun == pytest.approx(rate(gradient, "l1"))


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
