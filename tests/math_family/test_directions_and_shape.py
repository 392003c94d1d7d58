"""Steepest steps against linear programming, and the counterexamples of calculus against closed forms."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import linprog

from experiments.math.core.shape import (
    around_zero,
    continuity_trials,
    largest_jump,
    not_rising_pair,
    sign_trials,
    wavy,
)
from experiments.math.core.steepest import (
    NORMS,
    rate_trials,
    rates_by_angle,
    steepest_rate,
    steepest_step,
    steepest_trial,
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
    assert [steepest_trial(GRADIENT, norm, 72).error > 1e-12 for norm in NORMS] == [False, True, True]


def test_angles_rise_and_the_gradient_lies_at_zero() -> None:
    angles, rates = rates_by_angle(np.array([1.0, 0.0]), "l2", 8).T
    assert (np.diff(angles) > 0).all()
    np.testing.assert_allclose(rates, np.cos(np.radians(angles)), atol=1e-15)


def test_the_rate_at_45_degrees_is_no_partial_derivative() -> None:
    axis, oblique = rate_trials(np.array([3.0, 4.0]))
    assert axis.error == 0
    assert oblique.error == pytest.approx(7 / np.sqrt(2) - 4)


def test_a_zero_vector_has_no_direction() -> None:
    with pytest.raises(ValueError, match="zero vector"):
        unit(np.zeros(2), "l2")


def test_a_pair_that_does_not_rise_is_found_and_a_rising_function_has_none() -> None:
    assert not_rising_pair(np.cos, np.array([0.0, 1.0, 2.0])) == (0.0, 1.0)
    assert not_rising_pair(np.exp, np.linspace(-3, 3, 50)) is None
    assert not_rising_pair(np.ones_like, np.array([0.0, 1.0])) == (0.0, 1.0)


@pytest.mark.parametrize("radius", [1e-1, 1e-4, 1e-6])
def test_the_wavy_function_falls_within_every_radius(radius: float) -> None:
    pair = not_rising_pair(wavy, around_zero(radius))
    assert pair is not None
    low, high = wavy(np.array(pair))
    assert -radius < pair[0] < pair[1] < radius
    assert low >= high


def test_readings_of_the_sign_are_right_on_intervals_and_wrong_at_points() -> None:
    wrong = {case: {trial.error for trial in sign_trials() if trial.case == case} for case in _cases()}
    assert wrong == {"positive on an interval": {0.0}, "zero at a point": {1.0}, "positive at a point": {1.0}}


def _cases() -> set[str]:
    return {trial.case for trial in sign_trials()}


def test_only_the_rational_function_jumps_at_zero() -> None:
    jumps = {trial.case: trial.error for trial in continuity_trials()}
    assert jumps["x y / (x^2 + y^2)"] == pytest.approx(0.5)
    assert max(jumps["x y"], jumps["sin(x + 2 y)"]) < 1e-8


def test_the_largest_jump_of_a_plane_is_its_slope_times_the_radius() -> None:
    jump, x, y = largest_jump(lambda x, y: 3 * x + 4 * y, 1.0, count=3600)
    assert jump == pytest.approx(5.0, rel=1e-5)
    assert abs(x) == pytest.approx(0.6, abs=1e-2)
    assert np.hypot(x, y) == pytest.approx(1.0)
