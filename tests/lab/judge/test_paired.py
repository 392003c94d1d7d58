"""Effect, ratio and equivalence against hand formulas and scipy's own tests, and the laws that they obey."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from experiments.lab.judge.comparison import Comparison
from experiments.lab.judge.measured import Pairs
from experiments.lab.judge.paired import effect, equivalence, ratio

ALPHAS = st.floats(1e-9, 0.999)
NUMBERS = st.integers(-10_000, 10_000).map(lambda number: number / 64)
ARMS = st.lists(st.tuples(NUMBERS, NUMBERS), min_size=3, max_size=9)


def seeds(*values: float) -> dict[int, float]:
    return dict(enumerate(values))


def decided(comparison: Comparison, alpha: float) -> bool:
    return comparison.at(alpha).verdict != "inconclusive"


# effect


def test_effect_is_the_paired_t_test_unless_a_seed_less_says_less() -> None:
    treatment, baseline = seeds(0.9, 0.8, 0.95, 0.7), seeds(0.5, 0.6, 0.55, 0.5)
    reference = stats.ttest_rel(list(treatment.values()), list(baseline.values()))
    comparison = effect(Pairs(treatment, baseline), delta=0.0)
    evidence = comparison.at(0.05).evidence
    interval = reference.confidence_interval(0.95)
    assert comparison.p_value is not None
    assert comparison.p_value > reference.pvalue
    assert float(evidence["ci_low"]) < interval.low
    assert float(evidence["ci_high"]) > interval.high


def test_effect_by_hand() -> None:
    """Without 2, the values 1 and 3 are left: 2 ± t(0.975, 1), which is wider than all three say."""
    evidence = effect(Pairs(seeds(1.0, 2.0, 3.0), seeds(0.0, 0.0, 0.0)), delta=0.5).at(0.05).evidence
    assert evidence["difference"] == 2.0
    assert evidence["d_z"] == 2.0
    assert (evidence["ci_low"], evidence["ci_high"]) == pytest.approx((2 - 12.706204736174705, 2 + 12.706204736174705))


@pytest.mark.parametrize(
    ("differences", "verdict", "label"),
    [
        ((0.30, 0.31, 0.29, 0.30), "holds", None),
        ((0.00, 0.01, -0.01, 0.00), "refuted", "negligible"),
        ((-0.30, -0.31, -0.29, -0.30), "refuted", "opposite"),
        ((-0.10, -0.13, -0.07, -0.10), "refuted", "not larger than delta"),
        ((0.10, 0.20, 0.00, 0.10), "inconclusive", None),
    ],
)
def test_effect_has_three_outcomes_and_three_ways_to_be_refuted(
    differences: tuple[float, ...], verdict: str, label: str | None
) -> None:
    decision = effect(Pairs(seeds(*differences), seeds(*[0.0] * 4)), delta=0.1).at(0.05)
    assert (decision.verdict, decision.label) == (verdict, label)


def test_effect_says_its_numbers_and_what_may_fail_in_one_line() -> None:
    decision = effect(Pairs(seeds(1.30, 1.31, 1.29), seeds(1.0, 1.0, 1.0)), delta=0.1).at(0.05)
    assert decision.summary == "+0.3 [+0.173, +0.427] > 0.1 over 3 seeds; none of 3 failed: at most 63 % do"


# failures, and seeds that one arm lacks

FIVE = seeds(0.90, 0.91, 0.89, 0.90, 0.92)


def test_a_failed_run_leaves_a_claim_undecided_where_the_worst_case_is_not_known() -> None:
    failed = seeds(0.90, math.nan, 0.89, 0.90, 0.92)
    decision = effect(Pairs(failed, seeds(*[0.5] * 5)), delta=0.0).at(0.05)
    assert decision.verdict == "inconclusive"
    assert decision.summary.startswith("1 of 5 runs failed in the treatment: at most 66 % do")


def test_a_failed_run_counts_as_badly_as_its_measure_allows() -> None:
    """Nine of ten differences of 0.4 and one of -1 leave 0.26 on average, which ten seeds cannot tell from 0."""
    treatment = seeds(*[0.9 + 0.001 * seed for seed in range(9)], math.nan)
    pairs = Pairs(treatment, seeds(*[0.5] * 10), limits=(0.0, 1.0))
    decision = effect(pairs, delta=0.0).at(0.05)
    assert decision.verdict == "inconclusive"
    assert decision.evidence["failed_treatment"] == 1
    whole = effect(Pairs({k: v for k, v in treatment.items() if k < 9}, seeds(*[0.5] * 9)), delta=0.0).at(0.05)
    assert whole.verdict == "holds"


@pytest.mark.parametrize("lacking", [0, 1])
def test_seeds_that_one_arm_lacks_are_not_dropped(lacking: int) -> None:
    arms = [FIVE, seeds(*[0.5] * 5)]
    arms[lacking] = {seed: value for seed, value in arms[lacking].items() if seed != 3}
    assert effect(Pairs(*arms), delta=0.0).at(0.05).verdict == "inconclusive"


def test_a_run_that_stands_apart_decides_nothing() -> None:
    """Eleven runs near 0.5 and one that fell to chance; were it taken for NaN its worst case would decide."""
    treatment = seeds(*(0.5 + 0.01 * (seed % 3) for seed in range(11)), -0.4)
    decision = effect(Pairs(treatment, dict.fromkeys(treatment, 0.0)), delta=-9.0).at(0.05)
    assert decision.verdict == "inconclusive"
    assert decision.summary == "seed 11 (-0.4) stands apart from a median of 0.51: if that run failed, it should be NaN"
    skewed = seeds(*np.random.default_rng(0).lognormal(0.0, 0.5, 30))
    assert effect(Pairs(skewed, dict.fromkeys(skewed, 0.0)), delta=0.1).at(0.05).verdict == "holds"


def test_failure_rates_are_bounded_exactly() -> None:
    evidence = effect(Pairs(seeds(*range(1, 11)), seeds(*[0.0] * 10)), delta=0.0).at(0.05).evidence
    assert evidence["failure_rate_at_most"] == pytest.approx(stats.binomtest(0, 10).proportion_ci(0.9, "exact").high)


def test_effect_of_two_seeds_is_inconclusive() -> None:
    decision = effect(Pairs(seeds(1.0, 2.0, 3.0), {1: 0.0, 2: 0.0, 5: 0.0}), delta=0.0).at(0.05)
    assert decision.summary == "expected at least 3 seeds with a value in both arms, got 2 of 4"


# certainty, saturation, re-splits


def test_equal_values_decide_at_any_level_only_where_they_are_declared_exact() -> None:
    exact = effect(Pairs(seeds(7, 7, 7), seeds(5, 5, 5), exact=True), delta=1).at(0.0001)
    assert (exact.verdict, "exact" in exact.summary) == ("holds", True)
    assert not decided(effect(Pairs(seeds(7, 7, 7), seeds(5, 5, 5)), delta=1), 0.05)
    assert not decided(effect(Pairs(seeds(7, 7, 7), seeds(5, 5, 5), exact=True), delta=2), 0.999)


def test_equal_differences_need_six_seeds_to_decide() -> None:
    treatment, baseline = [0.91, 0.88, 0.90, 0.93, 0.89, 0.92], [0.90, 0.87, 0.89, 0.92, 0.88, 0.91]
    five = effect(Pairs(seeds(*treatment[:5]), seeds(*baseline[:5])), delta=0.0)
    six = effect(Pairs(seeds(*treatment), seeds(*baseline)), delta=0.0)
    assert five.p_value == stats.binomtest(5, 5).pvalue
    assert five.at(0.05).evidence["ci_low"] == -math.inf
    assert six.at(0.05).evidence["ci_low"] == pytest.approx(0.01)


def test_saturated_accuracies_are_bounded_by_their_test_items() -> None:
    """Three seeds of ten images, all right: an accuracy above 0.95 is not known."""
    few, many = (Pairs(seeds(1, 1, 1), seeds(0.95, 0.95, 0.95), items=items) for items in (10, 100))
    assert effect(few, delta=0.0).at(0.05).verdict == "inconclusive"
    assert effect(many, delta=0.0).at(0.05).verdict == "holds"


def test_re_splits_of_one_pool_decide_less() -> None:
    wins = [0.03 + 0.004 * math.sin(seed) for seed in range(10)]
    apart, overlapping = (Pairs(seeds(*wins), seeds(*[0.0] * 10), overlap=share) for share in (0.0, 1.0))
    assert effect(apart, delta=0.025).at(0.05).verdict == "holds"
    assert effect(overlapping, delta=0.025).at(0.05).verdict == "inconclusive"


# what would decide


def test_an_undecided_effect_says_what_would_have_been_decided_and_its_price() -> None:
    values = np.random.default_rng(10).standard_normal(10)
    decision = effect(Pairs(seeds(*values), seeds(*[0.0] * 10)), delta=float(values.mean()) - 0.3).at(0.05)
    low, high = float(decision.evidence["would_decide_below"]), float(decision.evidence["would_decide_above"])
    detectable = (high - low) / 2
    power = stats.nct.sf(stats.t.ppf(0.975, 9), 9, detectable * math.sqrt(10) / values.std(ddof=1))
    assert power == pytest.approx(0.8, abs=0.03)
    assert f"about {decision.evidence['seeds_needed']} seeds for the one seen" in decision.summary


def test_an_effect_at_its_bound_has_no_price() -> None:
    values = np.random.default_rng(10).standard_normal(10)
    decision = effect(Pairs(seeds(*values), seeds(*[0.0] * 10)), delta=float(values.mean())).at(0.05)
    assert decision.summary.endswith("it lies at the bound")


def test_ratio_is_an_effect_on_logarithms() -> None:
    fast, slow = seeds(2.0, 4.2, 8.1, 3.9), seeds(1.0, 2.0, 4.0, 2.0)
    logs = np.log(list(fast.values())) - np.log(list(slow.values()))
    comparison = ratio(Pairs(fast, slow), at_least=1.5)
    same = effect(Pairs(seeds(*logs), seeds(*[0.0] * 4)), delta=math.log(1.5))
    assert comparison.kind == "effect"
    assert comparison.p_value == pytest.approx(same.p_value)
    assert comparison.at(0.05).evidence["ratio"] == pytest.approx(stats.gmean([2.0, 2.1, 2.025, 1.95]))
    assert comparison.at(0.05).verdict == "holds"


def test_ratio_of_a_zero_is_inconclusive() -> None:
    decision = ratio(Pairs(seeds(1.0, 0.0, 2.0), seeds(1.0, 1.0, 1.0)), at_least=1.0).at(0.05)
    assert decision.summary == "a ratio needs positive values, treatment is 0 at seed 1"


# equivalence


def test_equivalence_is_stricter_than_two_one_sided_tests_at_half_of_alpha() -> None:
    first, second = np.array([0.51, 0.48, 0.50, 0.52, 0.50]), np.array([0.50, 0.49, 0.50, 0.50, 0.50])
    low = stats.ttest_1samp(first - second, -0.08, alternative="greater").pvalue
    high = stats.ttest_1samp(first - second, 0.08, alternative="less").pvalue
    comparison = equivalence(Pairs(seeds(*first), seeds(*second)), margin=0.08)
    assert comparison.p_value is not None
    assert comparison.p_value > 2 * max(low, high)
    assert comparison.at(0.05).verdict == "holds"


def test_equivalence_is_refuted_by_an_interval_outside() -> None:
    decision = equivalence(Pairs(seeds(1.0, 1.05, 0.95, 1.0), seeds(2.0, 2.0, 2.0, 2.0)), margin=0.1).at(0.05)
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
        effect(Pairs(treatment, baseline), delta=threshold),
        equivalence(Pairs(treatment, baseline), margin=abs(threshold) + 1),
    ):
        assert comparison.p_value is not None
        assert decided(comparison, alpha) == (comparison.p_value <= alpha)
        assert comparison.at(alpha).verdict in (comparison.outcome, "inconclusive")


@settings(deadline=None, max_examples=60)
@given(arms=ARMS, delta=NUMBERS, alpha=ALPHAS)
def test_effect_is_decided_exactly_where_its_interval_excludes_delta(
    arms: list[tuple[float, float]], delta: float, alpha: float
) -> None:
    decision = effect(Pairs(seeds(*(a for a, _ in arms)), seeds(*(b for _, b in arms))), delta=delta).at(alpha)
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
    plain = effect(Pairs(seeds(*(a for a, _ in arms)), seeds(*(b for _, b in arms))), delta=delta)
    treatment, baseline = (
        seeds(*(factor * (a + shift) for a, _ in arms)),
        seeds(*(factor * (b + shift) for _, b in arms)),
    )
    moved = effect(Pairs(treatment, baseline), delta=factor * delta)
    assert moved.p_value == pytest.approx(plain.p_value, rel=1e-9)
    assert moved.outcome == plain.outcome


@settings(deadline=None, max_examples=60)
@given(arms=ARMS, delta=NUMBERS)
def test_swapping_the_arms_flips_the_sign(arms: list[tuple[float, float]], delta: float) -> None:
    first, second = seeds(*(a for a, _ in arms)), seeds(*(b for _, b in arms))
    forward, backward = effect(Pairs(first, second), delta=delta), effect(Pairs(second, first), delta=-delta)
    assert backward.p_value == pytest.approx(forward.p_value)
    assert backward.at(0.05).evidence["difference"] == -float(forward.at(0.05).evidence["difference"])
    assert backward.at(0.05).evidence["ci_low"] == pytest.approx(-float(forward.at(0.05).evidence["ci_high"]))


def test_a_run_that_is_apart_by_less_than_what_matters_is_like_the_others() -> None:
    values = {seed: 1e-6 * seed for seed in range(12)} | {12: 5e-4}
    assert equivalence(Pairs.against(values, 0.0), margin=0.01).at(0.05).verdict == "holds"
    assert equivalence(Pairs.against(values, 0.0), margin=1e-4).at(0.05).verdict == "inconclusive"
