"""Rules of differentiation, automatic and partial derivatives, and their controls."""

from __future__ import annotations

import mpmath
import numpy as np

from experiments.math.calculus.laws import gradient_trials, rule_trials
from experiments.math.calculus.setup import Functions

RNG = np.random.default_rng(0)
DRAWN = [Functions.draw(RNG, 4) for _ in range(4)]


def test_every_rule_holds_and_every_wrong_twin_fails_somewhere() -> None:
    trials = [trial for functions in DRAWN for trial in rule_trials(functions)]
    assert {trial.case for trial in trials} == {"constant", "power", "sum", "product", "quotient", "chain"}
    assert max(trial.error for trial in trials) < 1e-20
    for case in {trial.case for trial in trials}:
        assert max(trial.control_error for trial in trials if trial.case == case) > 1e-3


def test_gradient_roads_agree_and_their_controls_do_not() -> None:
    autograd, fixed = zip(*(gradient_trials(drawn.program, drawn.point) for drawn in DRAWN), strict=True)
    for trials in (autograd, fixed):
        assert max(trial.error for trial in trials) < 1e-12
        assert max(trial.control_error for trial in trials) > 1e-10


def test_digits_of_the_rules_do_not_leak_to_who_reads_the_rows() -> None:
    before = mpmath.mp.dps
    for _ in rule_trials(DRAWN[0]):
        assert mpmath.mp.dps == before
