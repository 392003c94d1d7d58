"""The axioms of a norm, and the lengths that must break them."""

from __future__ import annotations

import numpy as np
import pytest

from experiments.lab.judge.rules import compare
from experiments.math.norms.axioms import PART, axiom_trials, counting_trials, further_norms, half_trial, run
from experiments.math.norms.setup import Params, prepare

ROWS = list(run(prepare(Params(n=5, trials=4), 0)))


@pytest.mark.parametrize("p", [1.0, 2.0, np.inf])
@pytest.mark.parametrize("factor", [-2.0, 1.5])
def test_axioms_hold_and_their_controls_fail(p: float, factor: float) -> None:
    trials = list(axiom_trials(np.random.default_rng(2).standard_normal((2, 5)), factor, p))
    assert max(trial.error for trial in trials) < 1e-13
    assert min(trial.control_error for trial in trials) > 1e-3


def test_counting_non_zeros_obeys_the_triangle_inequality_and_is_not_homogeneous() -> None:
    trials = {trial.case: trial for trial in counting_trials(np.array([[1.0, 0.0, 4.0], [0.0, 0.0, 2.0]]))}
    assert [trial.error for trial in trials.values()] == [0, 0, 0.5]
    assert all(trial.control_error > 0 for trial in trials.values())


def test_half_breaks_the_triangle_inequality_and_a_quarter_more_so() -> None:
    assert (half_trial().error, half_trial().control_error) == pytest.approx((1, 7))


def test_orders_other_than_the_three_are_norms_too() -> None:
    assert further_norms(ROWS).value == ["p = 4"]
    assert further_norms([row for row in ROWS if row.case != "p = 4"]).value == []


def test_every_claim_finds_its_rows() -> None:
    for claim in PART.claims:
        assert compare(claim.rule, claim.measure(ROWS)).outcome in ("holds", "refuted", "conditional")
