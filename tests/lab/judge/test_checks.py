"""Proportions, theorems and facts."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from experiments.lab.judge.checks import counterexample, effective_trials, fact, proportion, theorem
from experiments.lab.judge.measured import Instances, Trials

# proportion


@pytest.mark.parametrize(("successes", "verdict"), [(50, "holds"), (45, "inconclusive"), (30, "refuted")])
def test_proportion_is_the_exact_binomial_interval(successes: int, verdict: str) -> None:
    decision = proportion(Trials({0: (successes, 50)}), at_least=0.85).at(0.05)
    interval = stats.binomtest(successes, 50).proportion_ci(0.95, method="exact")
    assert decision.verdict == verdict
    assert (decision.evidence["ci_low"], decision.evidence["ci_high"]) == pytest.approx((interval.low, interval.high))


def test_trials_that_depend_on_their_seed_count_for_fewer() -> None:
    """Ten seeds of 20 trials: half of them always succeed, the others in four of five cases."""
    apart = Trials({seed: (20 if seed % 2 else 16, 20) for seed in range(10)})
    variance = 10 / 9 * sum((successes - 18) ** 2 for successes, _ in apart.by_seed.values()) / 200**2
    quantiles = stats.t.ppf(0.975, 199) / stats.t.ppf(0.975, 9)
    most = 200 / (1 + 19 * 0.1)
    assert effective_trials(apart) == pytest.approx(min(most, 0.9 * 0.1 / variance * quantiles**2))
    decision = proportion(apart, at_least=0.83).at(0.05)
    assert decision.verdict == "inconclusive"
    assert "independent ones" in decision.summary


def test_trials_of_seeds_that_look_alike_count_in_full_only_where_they_are_independent() -> None:
    counts = dict.fromkeys(range(5), (20, 20))
    assert effective_trials(Trials(counts)) == pytest.approx(100 / (1 + 19 * 0.1))
    assert effective_trials(Trials(counts, independent=True)) == 100
    assert proportion(Trials(counts), at_least=0.95).at(0.05).verdict == "inconclusive"
    assert proportion(Trials(counts, independent=True), at_least=0.95).at(0.05).verdict == "holds"


def test_trials_are_counted_by_seed() -> None:
    assert Trials.of([(0, True), (1, False), (0, False)]) == Trials({0: (1, 2), 1: (0, 1)})


def test_proportion_of_no_trials_is_inconclusive() -> None:
    assert proportion(Trials({0: (0, 0)}), at_least=0.5).at(0.05).summary == "expected at least one trial, got none"


# theorem and fact


def test_theorem_holds_with_its_bound_and_a_control_that_violates() -> None:
    comparison = theorem(Instances([0.0] * 12, [0.0, 1.0]))
    decision = comparison.at(0.05)
    assert comparison.p_value is None
    assert decision.summary == "0 violations in 12 instances (violation rate <= 22 %), control violates in 1 of 2"
    one_sided = stats.binomtest(0, 12).proportion_ci(0.9, "exact").high
    assert decision.evidence["violation_rate_at_most"] == pytest.approx(one_sided)


def test_every_named_control_has_to_violate() -> None:
    blind = theorem(Instances([0.0], {"unbiased": [1.0], "without eps": [0.0, 0.0]})).at(0.05)
    assert blind.verdict == "inconclusive"
    assert blind.summary.endswith("but without eps, which must violate, does not")
    assert theorem(Instances([0.0], {"unbiased": [1.0], "without eps": [0.0, 2.0]})).at(0.05).verdict == "holds"


def test_a_list_without_exception_has_no_rate_of_violations() -> None:
    decision = theorem(Instances([0.0] * 40, [1.0], all_of="all n up to 40")).at(0.05)
    assert decision.summary == "0 violations in all n up to 40, control violates"
    assert "violation_rate_at_most" not in decision.evidence


def test_theorem_is_refuted_by_one_counterexample_and_shows_it() -> None:
    decision = theorem(Instances([0.0, 0.2], [1.0], counterexample="p = (0, 1)"), tolerance=0.1).at(0.05)
    assert decision.verdict == "refuted"
    assert decision.summary == "1 violation in 2 instances, largest error 0.2 > 0.1: p = (0, 1)"


@pytest.mark.parametrize(
    ("errors", "control"), [([], [1.0]), ([0.0], []), ([0.0], [0.0]), ([0.0, math.nan], [1.0]), ([0.0], [math.nan])]
)
def test_theorem_without_instances_control_or_numbers_is_inconclusive(
    errors: list[float], control: list[float]
) -> None:
    assert theorem(Instances(errors, control)).at(0.05).verdict == "inconclusive"


def test_theorem_tolerates_rounding_up_to_the_tolerance() -> None:
    assert theorem(Instances([1e-12], [1.0]), tolerance=1e-12).at(0.05).verdict == "holds"
    assert theorem(Instances([1.1e-12], [1.0]), tolerance=1e-12).at(0.05).verdict == "refuted"


def test_fact_is_equality() -> None:
    assert fact(np.int64(600), 600).at(0.05).summary == "observed 600, as expected"
    assert fact(("a", 1), ("a", 2)).at(0.05).verdict == "refuted"
    assert fact(math.nan, math.nan).at(0.05).verdict == "inconclusive"


# levels


@settings(deadline=None, max_examples=60)
@given(trials=st.integers(1, 40), share=st.floats(0, 1), bound=st.floats(0, 1), alpha=st.floats(1e-9, 0.999))
def test_proportion_is_decided_exactly_where_its_interval_excludes_the_bound(
    trials: int, share: float, bound: float, alpha: float
) -> None:
    comparison = proportion(Trials({0: (round(share * trials), trials)}), at_least=bound)
    decision = comparison.at(alpha)
    assert comparison.p_value is not None
    assert (decision.verdict != "inconclusive") == (comparison.p_value <= alpha)
    low, high = float(decision.evidence["ci_low"]), float(decision.evidence["ci_high"])
    assert {"holds": bound <= low + 1e-7, "refuted": bound >= high - 1e-7}.get(decision.verdict, True)


@pytest.mark.parametrize("alpha", [0.0, 1.0, -0.1, math.nan])
def test_a_level_lies_between_zero_and_one(alpha: float) -> None:
    with pytest.raises(ValueError, match="expected a level between 0 and 1"):
        fact(1, 1).at(alpha)


# counterexample


def test_a_counterexample_refutes_without_a_control() -> None:
    found = counterexample(Instances([0.0, 2.0], counterexample="w = 8")).at(0.05)
    assert (found.verdict, found.summary) == ("refuted", "by definition, 1 violation in 2 instances: w = 8")


@pytest.mark.parametrize("errors", [[], [math.nan, 1.0], [0.0, 0.1]])
def test_a_counterexample_never_holds(errors: list[float]) -> None:
    assert counterexample(Instances(errors), tolerance=0.2).at(0.05).verdict == "inconclusive"
