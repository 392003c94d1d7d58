"""Pairs that do not rise and jumps at a point, against closed forms."""

from __future__ import annotations

import numpy as np
import pytest

from experiments.math.core.shape import around_zero, largest_jump, not_rising_pair, wavy


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


def test_the_largest_jump_of_a_plane_is_its_slope_times_the_radius() -> None:
    jump, x, y = largest_jump(lambda x, y: 3 * x + 4 * y, 1.0, count=3600)
    assert jump == pytest.approx(5.0, rel=1e-5)
    assert abs(x) == pytest.approx(0.6, abs=1e-2)
    assert np.hypot(x, y) == pytest.approx(1.0)
