"""Directions that beat the gradient, and rates that are no partial derivative."""

from __future__ import annotations

import numpy as np
import pytest

from experiments.math.calculus.directions import by_length, rate_trials, run, run_angles, steepest_trial
from experiments.math.calculus.setup import Params, prepare
from experiments.math.core.steepest import NORMS

GRADIENT = np.array([2.5, 11.0])


def test_no_direction_beats_the_gradient_by_l2_and_some_do_otherwise() -> None:
    assert [steepest_trial(GRADIENT, norm, 72).error > 1e-12 for norm in NORMS] == [False, True, True]


def test_the_rate_at_45_degrees_is_no_partial_derivative() -> None:
    axis, oblique = rate_trials(np.array([3.0, 4.0]))
    assert axis.error == 0
    assert oblique.error == pytest.approx(7 / np.sqrt(2) - 4)


def test_conditions_are_lengths() -> None:
    assert list(by_length(list(run(prepare(Params(trials=1), 0))))) == [f"length by {norm}" for norm in NORMS]


def test_angles_are_those_of_the_first_function() -> None:
    rows = [row for row in run_angles(prepare(Params(directions=8), 0)) if row.norm == "l2"]
    assert [row.relative_rate for row in rows] == pytest.approx([np.cos(np.radians(row.angle)) for row in rows])
