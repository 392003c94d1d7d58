"""Functions on which readings of a derivative are right or wrong."""

from __future__ import annotations

import pytest

from experiments.math.calculus.counterexamples import continuity_trials, sign_trials


def test_readings_of_the_sign_are_right_on_intervals_and_wrong_at_points() -> None:
    wrong: dict[str, set[float]] = {}
    for trial in sign_trials():
        wrong.setdefault(trial.case, set()).add(trial.error)
    assert wrong == {"positive on an interval": {0.0}, "zero at a point": {1.0}, "positive at a point": {1.0}}


def test_only_the_rational_function_jumps_at_zero() -> None:
    jumps = {trial.case: trial.error for trial in continuity_trials()}
    assert jumps["x y / (x^2 + y^2)"] == pytest.approx(0.5)
    assert max(jumps["x y"], jumps["sin(x + 2 y)"]) < 1e-8
