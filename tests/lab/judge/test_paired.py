"""Effect, ratio and equivalence against hand formulas and scipy's own tests, and the laws that they obey."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from experiments.lab.judge.comparison import Comparison
from experiments.lab.judge.paired import effect, equivalence, ratio

ALPHAS = st.floats(1e-9, 0.999)
NUMBERS = st.integers(-10_000, 10_000).map(lambda number: number / 64)
ARMS = st.lists(st.tuples(NUMBERS, NUMBERS), min_size=3, max_size=9)


def seeds(*values: float) -> dict[int, float]:
    return dict(enumerate(values))


def decided(comparison: Comparison, alpha: float) -> bool:
    return comparison.at(alpha).verdict != "inconclusive"


# effect


def test_effect_is_the_paired_t_test() -> None:
    treatment, baseline = seeds(0.9, 0.8, 0.95, 0.7), seeds(0.5, 0.6, 0.55, 0.5)
    reference = stats.ttest_rel(list(treatment.values()), list(baseline.values()))
    comparison = effect(treatment, baseline, delta=0.0)
    evidence = comparison.at(0.05).evidence
    interval = reference.confidence_interval(0.95)
    assert comparison.p_value == pytest.approx(reference.pvalue)
    assert (evidence["ci_low"], evidence["ci_high"]) == pytest.approx((interval.low, interval.high))


def test_effect_by_hand() -> None:
    evidence = effect(seeds(1.0, 2.0, 3.0), seeds(0.0, 0.0, 0.0), delta=0.5).at(0.05).evidence
    half_width = 4.302652729911275 / math.sqrt(3)  # t(0.975, 2) * sd / sqrt(n), sd = 1
    assert evidence["difference"] == 2.0
    assert evidence["d_z"] == 2.0
    assert evidence["ci_low"] == pytest.approx(2 - half_width)
    assert evidence["minimal_detectable_effect"] == pytest.approx(
        (4.302652729911275 + 1.0606601717798212) / math.sqrt(3)
    )


@pytest.mark.parametrize(
    ("differences", "verdict", "label"),
    [
        ((0.30, 0.31, 0.29), "holds", None),
        ((0.00, 0.01, -0.01), "refuted", "negligible"),
        ((-0.30, -0.31, -0.29), "refuted", "opposite"),
        ((-0.10, -0.14, -0.06), "refuted", "not larger than delta"),
        ((0.10, 0.20, 0.00), "inconclusive", None),
    ],
)
def test_effect_has_three_outcomes_and_three_ways_to_be_refuted(
    differences: tuple[float, ...], verdict: str, label: str | None
) -> None:
    decision = effect(seeds(*differences), seeds(0.0, 0.0, 0.0), delta=0.1).at(0.05)
    assert (decision.verdict, decision.label) == (verdict, label)


def test_effect_says_its_numbers_in_one_line() -> None:
    decision = effect(seeds(1.30, 1.31, 1.29), seeds(1.0, 1.0, 1.0), delta=0.1).at(0.05)
    assert decision.summary == "+0.3 [+0.275, +0.325] > 0.1 over 3 seeds"


def test_effect_judges_common_seeds_and_names_the_others() -> None:
    decision = effect({0: 1.0, 1: 2.0, 2: 3.1, 7: 0.0}, {0: 0.0, 1: 1.0, 2: 2.0, 3: 9.0}, delta=0.0).at(0.05)
    assert decision.evidence["n_seeds"] == 3
    assert decision.summary.endswith("ignored seeds: 7 only in treatment; 3 only in baseline")


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_effect_with_a_number_that_is_not_finite_is_inconclusive(bad: float) -> None:
    comparison = effect(seeds(1.0, 2.0, bad, 4.0), seeds(0.0, 0.1, 0.0, 0.1), delta=0.0)
    assert comparison.p_value is not None
    assert math.isnan(comparison.p_value)
    assert comparison.at(0.999).summary == f"treatment is {bad} at seed 2"


def test_effect_of_two_common_seeds_is_inconclusive() -> None:
    decision = effect(seeds(1.0, 2.0, 3.0), {1: 0.0, 2: 0.0, 5: 0.0}, delta=0.0).at(0.05)
    assert decision.verdict == "inconclusive"
    assert decision.summary == "expected at least 3 common seeds, got 2 (treatment has 3, baseline has 3)"


def test_deterministic_effect_is_decided_by_its_value_and_says_so() -> None:
    decision = effect(seeds(7, 7, 7), seeds(5, 5, 5), delta=1).at(0.0001)
    assert decision.verdict == "holds"
    assert decision.evidence["interval"] == "a point: no variation over seeds"
    assert decision.evidence["other_value_rate_at_most"] == pytest.approx(1 - 0.05 ** (1 / 3))
    assert "deterministic" in decision.summary


def test_deterministic_effect_equal_to_delta_is_never_decided() -> None:
    comparison = effect(seeds(7, 7, 7), seeds(5, 5, 5), delta=2)
    assert not decided(comparison, 0.999)


def test_equal_differences_of_varying_arms_need_six_seeds_to_decide() -> None:
    treatment, baseline = [0.91, 0.88, 0.90, 0.93, 0.89, 0.92], [0.90, 0.87, 0.89, 0.92, 0.88, 0.91]
    five = effect(seeds(*treatment[:5]), seeds(*baseline[:5]), delta=0.0)
    six = effect(seeds(*treatment), seeds(*baseline), delta=0.0)
    assert five.p_value == stats.binomtest(5, 5).pvalue
    assert five.at(0.05).verdict == "inconclusive"
    assert five.at(0.05).evidence["ci_low"] == -math.inf
    assert six.at(0.05).verdict == "holds"
    assert six.at(0.05).evidence["ci_low"] == pytest.approx(0.01)


def test_bca_stands_beside_t_from_ten_seeds_on() -> None:
    values = np.random.default_rng(3).normal(1.0, 0.5, 10)
    zeros = seeds(*[0.0] * 10)
    evidence = effect(seeds(*values), zeros, delta=0.2).at(0.05).evidence
    reference = stats.bootstrap((values,), np.mean, n_resamples=100_000, method="BCa", rng=np.random.default_rng(9))
    assert evidence["bca_agrees"] is True
    assert evidence["bca_low"] == pytest.approx(reference.confidence_interval.low, abs=0.02)
    assert evidence["bca_high"] == pytest.approx(reference.confidence_interval.high, abs=0.02)
    assert "bca_low" not in effect(seeds(*values[:9]), zeros, delta=0.2).at(0.05).evidence


def test_minimal_detectable_effect_is_found_in_about_four_of_five_repetitions() -> None:
    for n in (5, 10, 30):
        values = np.random.default_rng(n).standard_normal(n)
        comparison = effect(seeds(*values), seeds(*[0.0] * n), delta=float(values.mean()))
        detectable = float(comparison.at(0.05).evidence["minimal_detectable_effect"])
        noncentrality = detectable * math.sqrt(n) / values.std(ddof=1)
        power = stats.nct.sf(stats.t.ppf(0.975, n - 1), n - 1, noncentrality)
        assert power == pytest.approx(0.8, abs=0.03)


def test_ratio_is_an_effect_on_logarithms() -> None:
    fast, slow = seeds(2.0, 4.2, 8.1, 3.9), seeds(1.0, 2.0, 4.0, 2.0)
    comparison = ratio(fast, slow, at_least=1.5)
    logs = np.log(list(fast.values())) - np.log(list(slow.values()))
    reference = stats.ttest_1samp(logs, math.log(1.5))
    evidence = comparison.at(0.05).evidence
    assert comparison.kind == "effect"
    assert comparison.p_value == pytest.approx(reference.pvalue)
    assert evidence["ratio"] == pytest.approx(stats.gmean([2.0, 2.1, 2.025, 1.95]))
    assert comparison.at(0.05).verdict == "holds"


def test_ratio_of_a_zero_is_inconclusive() -> None:
    decision = ratio(seeds(1.0, 0.0, 2.0), seeds(1.0, 1.0, 1.0), at_least=1.0).at(0.05)
    assert decision.summary == "a ratio needs positive values, treatment is 0 at seed 1"


# equivalence


def test_equivalence_is_two_one_sided_tests_at_half_of_alpha() -> None:
    first, second = np.array([0.51, 0.48, 0.50, 0.53]), np.array([0.50, 0.49, 0.50, 0.50])
    low = stats.ttest_1samp(first - second, -0.05, alternative="greater").pvalue
    high = stats.ttest_1samp(first - second, 0.05, alternative="less").pvalue
    comparison = equivalence(seeds(*first), seeds(*second), margin=0.05)
    assert comparison.p_value == pytest.approx(2 * max(low, high))
    assert comparison.at(0.05).verdict == "holds"


def test_equivalence_is_refuted_by_an_interval_outside() -> None:
    decision = equivalence(seeds(1.0, 1.1, 0.9), seeds(2.0, 2.0, 2.0), margin=0.1).at(0.05)
    assert (decision.verdict, decision.label) == ("refuted", "smaller")
    assert float(decision.evidence["ci_high"]) < -0.1


# laws of paired comparisons


@settings(deadline=None, max_examples=60)
@given(arms=ARMS, threshold=NUMBERS, alpha=ALPHAS)
def test_paired_comparison_is_decided_exactly_from_its_p_value_on(
    arms: list[tuple[float, float]], threshold: float, alpha: float
) -> None:
    treatment, baseline = seeds(*(a for a, _ in arms)), seeds(*(b for _, b in arms))
    for comparison in (
        effect(treatment, baseline, delta=threshold),
        equivalence(treatment, baseline, margin=abs(threshold) + 1),
    ):
        assert comparison.p_value is not None
        assert decided(comparison, alpha) == (comparison.p_value <= alpha)
        assert comparison.at(alpha).verdict in (comparison.outcome, "inconclusive")


@settings(deadline=None, max_examples=60)
@given(arms=ARMS, delta=NUMBERS, alpha=ALPHAS)
def test_effect_is_decided_exactly_where_its_interval_excludes_delta(
    arms: list[tuple[float, float]], delta: float, alpha: float
) -> None:
    decision = effect(seeds(*(a for a, _ in arms)), seeds(*(b for _, b in arms)), delta=delta).at(alpha)
    low, high = float(decision.evidence["ci_low"]), float(decision.evidence["ci_high"])
    slack = 1e-9 * (1 + abs(delta))
    if decision.verdict == "holds":
        assert low >= delta - slack
    elif decision.verdict == "refuted":
        assert high <= delta + slack
    else:
        assert low - slack <= delta <= high + slack


@settings(deadline=None, max_examples=60)
@given(arms=ARMS, delta=NUMBERS, shift=st.integers(-1000, 1000), factor=st.sampled_from([0.25, 2.0, 1024.0]))
def test_effect_is_invariant_to_shift_and_scale(
    arms: list[tuple[float, float]], delta: float, shift: int, factor: float
) -> None:
    plain = effect(seeds(*(a for a, _ in arms)), seeds(*(b for _, b in arms)), delta=delta)
    treatment, baseline = (
        seeds(*(factor * (a + shift) for a, _ in arms)),
        seeds(*(factor * (b + shift) for _, b in arms)),
    )
    moved = effect(treatment, baseline, delta=factor * delta)
    assert moved.p_value == pytest.approx(plain.p_value, rel=1e-9)
    assert moved.outcome == plain.outcome


@settings(deadline=None, max_examples=60)
@given(arms=ARMS, delta=NUMBERS)
def test_swapping_the_arms_flips_the_sign(arms: list[tuple[float, float]], delta: float) -> None:
    first, second = seeds(*(a for a, _ in arms)), seeds(*(b for _, b in arms))
    forward, backward = effect(first, second, delta=delta), effect(second, first, delta=-delta)
    assert backward.p_value == pytest.approx(forward.p_value)
    assert backward.at(0.05).evidence["difference"] == -float(forward.at(0.05).evidence["difference"])
    assert backward.at(0.05).evidence["ci_low"] == pytest.approx(-float(forward.at(0.05).evidence["ci_high"]))
