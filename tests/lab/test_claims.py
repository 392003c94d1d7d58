"""The comparisons against hand formulas and scipy's own tests, and the laws that every comparison obeys."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from experiments.lab.experiment import Row as LabRow
from experiments.lab.judge.claims import (
    Claim,
    Comparison,
    by_seed,
    claim_table_hash,
    conditional,
    edge_of_grid,
    effect,
    equivalence,
    fact,
    order,
    proportion,
    ratio,
    slope,
    slope_below,
    theorem,
    undecided,
)

ALPHAS = st.floats(1e-9, 0.999)
NUMBERS = st.integers(-10_000, 10_000).map(lambda number: number / 64)
ARMS = st.lists(st.tuples(NUMBERS, NUMBERS), min_size=3, max_size=9)
CURVES = st.lists(st.lists(st.integers(1, 50).map(float), min_size=5, max_size=5), min_size=3, max_size=6)
GRID = [1.0, 2.0, 4.0, 8.0, 16.0]


@dataclass(frozen=True, kw_only=True)
class Row(LabRow):
    arm: str
    value: float


def seeds(*values: float) -> dict[int, float]:
    return dict(enumerate(values))


def decided(comparison: Comparison, alpha: float) -> bool:
    return comparison.at(alpha).verdict != "inconclusive"


def noisy_power(exponent: float, *, seeds: int, noise: float) -> dict[int, list[float]]:
    rng = np.random.default_rng(7)
    grid = np.asarray(GRID)
    return {seed: list(3 * grid**exponent * np.exp(noise * rng.standard_normal(5))) for seed in range(seeds)}


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


# slope


def test_slope_is_the_mean_of_the_exponents_of_the_seeds() -> None:
    y = noisy_power(-0.5, seeds=6, noise=0.05)
    slopes = [stats.linregress(np.log(GRID), np.log(values)).slope for values in y.values()]
    interval = stats.ttest_1samp(slopes, -0.5).confidence_interval(0.95)
    decision = slope(GRID, y, theory=-0.5, tolerance=0.05).at(0.05)
    assert decision.verdict == "holds"
    assert decision.evidence["slope"] == pytest.approx(np.mean(slopes))
    assert (decision.evidence["ci_low"], decision.evidence["ci_high"]) == pytest.approx((interval.low, interval.high))


@pytest.mark.parametrize(
    ("theory", "tolerance", "noise", "verdict"),
    [
        (-0.5, 0.1, 0.02, "holds"),
        (-0.5, 0.01, 0.3, "inconclusive"),
        (-1.0, 0.1, 0.02, "refuted"),
        (-0.55, 0.1, 0.002, "inconclusive"),
    ],
)
def test_slope_holds_only_where_the_interval_is_narrow_and_contains_theory(
    theory: float, tolerance: float, noise: float, verdict: str
) -> None:
    assert (
        slope(GRID, noisy_power(-0.5, seeds=5, noise=noise), theory=theory, tolerance=tolerance).at(0.05).verdict
        == verdict
    )


def test_multiplicity_does_not_help_a_slope_to_contain_theory() -> None:
    y = noisy_power(-0.5, seeds=5, noise=0.01)
    p_theory = float(slope(GRID, y, theory=-0.515, tolerance=1.0).at(0.05).evidence["p_theory"])
    assert p_theory < 0.05
    assert slope(GRID, y, theory=-0.515, tolerance=1.0).at(p_theory / 2).verdict == "inconclusive"


def test_deterministic_slope_is_decided_by_its_distance_from_theory() -> None:
    y = {seed: [x**2 for x in GRID] for seed in range(3)}
    assert slope(GRID, y, theory=2.0, tolerance=0.01).at(0.001).verdict == "holds"
    assert slope(GRID, y, theory=1.9, tolerance=0.01).at(0.001).verdict == "refuted"
    assert slope(GRID, y, theory=2.0, tolerance=0.01).at(0.001).evidence["r_squared"] == pytest.approx(1.0)


def test_slope_below_compares_the_interval_with_the_limit() -> None:
    y = noisy_power(0.4, seeds=5, noise=0.02)
    assert slope_below(GRID, y, limit=0.5).at(0.05).verdict == "holds"
    assert slope_below(GRID, y, limit=0.3).at(0.05).verdict == "refuted"
    assert slope_below(GRID, noisy_power(0.4, seeds=5, noise=0.5), limit=0.41).at(0.05).verdict == "inconclusive"


@pytest.mark.parametrize(
    ("x", "y", "reason"),
    [
        (
            [1.0, 2.0, 4.0, 8.0],
            {s: [1.0, 2.0, 3.0, 4.0] for s in range(3)},
            "at least 5 different finite grid points, got 1.0, 2.0, 4.0, 8.0",
        ),
        (GRID, dict.fromkeys(range(2), GRID), "at least 3 seeds, got 2"),
        (GRID, {0: GRID, 1: GRID, 2: GRID[:4]}, "expected 5 values at seed 2, got 4"),
        (GRID, {0: GRID, 1: GRID, 2: [1.0, 2.0, math.nan, 1.0, 1.0]}, "the value at 4 is nan at seed 2"),
        (GRID, {s: [0.0, 1.0, 1.0, 1.0, 1.0] for s in range(3)}, "a power law needs positive settings and measures"),
    ],
)
def test_slope_without_a_power_law_to_fit_is_inconclusive(
    x: list[float], y: dict[int, list[float]], reason: str
) -> None:
    decision = slope(x, y, theory=1.0, tolerance=0.1).at(0.05)
    assert decision.verdict == "inconclusive"
    assert reason in decision.summary


# order


def test_order_is_pages_test_at_a_fifth_of_the_level() -> None:
    y = noisy_power(0.3, seeds=4, noise=0.05)
    reference = stats.page_trend_test(np.array(list(y.values())))
    comparison = order(GRID, y, direction="rising")
    assert comparison.p_value == pytest.approx(5 * reference.pvalue)
    assert comparison.at(0.05).verdict == "holds"
    assert comparison.at(0.05).evidence["rho"] == 1.0


def test_order_does_not_depend_on_the_order_in_which_the_grid_is_written() -> None:
    y = noisy_power(-0.3, seeds=4, noise=0.05)
    backwards = {seed: values[::-1] for seed, values in y.items()}
    assert order(GRID[::-1], backwards, direction="falling").at(0.05) == order(GRID, y, direction="falling").at(0.05)


def test_order_allows_one_neighboring_swap_of_five_points() -> None:
    swapped = {seed: [1.0, 3.0, 2.0, 4.0, 5.0 + seed] for seed in range(5)}
    decision = order(GRID, swapped, direction="rising").at(0.05)
    assert decision.verdict == "holds"
    assert decision.evidence["rho"] == 0.9


def test_order_is_refuted_by_the_opposite_trend_and_by_a_valley() -> None:
    falling = noisy_power(-1.0, seeds=5, noise=0.02)
    rng = np.random.default_rng(0)
    valley = {seed: list(np.array([4.0, 2.0, 1.0, 2.0, 4.0]) + 0.01 * rng.standard_normal(5)) for seed in range(5)}
    assert order(GRID, falling, direction="rising").at(0.05).label == "opposite"
    assert order(GRID, valley, direction="rising").at(0.05).label == "not monotone"


def test_order_without_variation_is_decided_by_rho_alone() -> None:
    steps = {seed: [1.0, 2.0, 3.0] for seed in range(3)}
    assert order([1, 2, 3], steps, direction="rising").at(0.001).verdict == "holds"
    assert order([1, 2, 3], steps, direction="falling").at(0.001).verdict == "refuted"
    assert (
        order([1, 2, 3], {seed: [1.0, 1.0, 1.0] for seed in range(3)}, direction="falling").at(0.001).verdict
        == "refuted"
    )


def test_order_of_noise_is_inconclusive() -> None:
    rng = np.random.default_rng(5)
    noise = {seed: list(rng.standard_normal(5)) for seed in range(5)}
    assert order(GRID, noise, direction="rising").at(0.05).verdict == "inconclusive"


# proportion


@pytest.mark.parametrize(("successes", "verdict"), [(50, "holds"), (45, "inconclusive"), (30, "refuted")])
def test_proportion_is_the_exact_binomial_interval(successes: int, verdict: str) -> None:
    decision = proportion(successes, 50, at_least=0.85).at(0.05)
    interval = stats.binomtest(successes, 50).proportion_ci(0.95, method="exact")
    assert decision.verdict == verdict
    assert (decision.evidence["ci_low"], decision.evidence["ci_high"]) == (interval.low, interval.high)


def test_proportion_of_no_trials_is_inconclusive() -> None:
    assert proportion(0, 0, at_least=0.5).at(0.05).summary == "expected at least one trial, got none"


# theorem and fact


def test_theorem_holds_with_its_bound_and_a_control_that_violates() -> None:
    comparison = theorem([0.0] * 12, control=[0.0, 1.0])
    decision = comparison.at(0.05)
    assert comparison.p_value is None
    assert decision.summary == "0 violations in 12 instances (violation rate <= 22 %), control violates"
    one_sided = stats.binomtest(0, 12).proportion_ci(0.9, "exact").high
    assert decision.evidence["violation_rate_at_most"] == pytest.approx(one_sided)


def test_theorem_is_refuted_by_one_counterexample_and_shows_it() -> None:
    decision = theorem([0.0, 0.2], tolerance=0.1, control=[1.0], counterexample="p = (0, 1)").at(0.05)
    assert decision.verdict == "refuted"
    assert decision.summary == "1 violation in 2 instances, largest error 0.2 > 0.1: p = (0, 1)"


@pytest.mark.parametrize(
    ("errors", "control"), [([], [1.0]), ([0.0], []), ([0.0], [0.0]), ([0.0, math.nan], [1.0]), ([0.0], [math.nan])]
)
def test_theorem_without_instances_control_or_numbers_is_inconclusive(
    errors: list[float], control: list[float]
) -> None:
    assert theorem(errors, control=control).at(0.05).verdict == "inconclusive"


def test_theorem_tolerates_rounding_up_to_the_tolerance() -> None:
    assert theorem([1e-12], tolerance=1e-12, control=[1.0]).at(0.05).verdict == "holds"
    assert theorem([1.1e-12], tolerance=1e-12, control=[1.0]).at(0.05).verdict == "refuted"


def test_fact_is_equality() -> None:
    assert fact(np.int64(600), 600).at(0.05).summary == "observed 600, as expected"
    assert fact(("a", 1), ("a", 2)).at(0.05).verdict == "refuted"
    assert fact(math.nan, math.nan).at(0.05).verdict == "inconclusive"


# conditional


HOLDS, REFUTED, OPEN = fact(1, 1), fact(1, 2), undecided("effect", "peer not installed")


@pytest.mark.parametrize(
    ("parts", "verdict"),
    [
        ((HOLDS, HOLDS), "holds"),
        ((REFUTED, REFUTED), "refuted"),
        ((HOLDS, REFUTED), "conditional"),
        ((HOLDS, REFUTED, OPEN), "conditional"),
        ((HOLDS, OPEN), "inconclusive"),
        ((REFUTED, OPEN), "inconclusive"),
        ((OPEN, OPEN), "inconclusive"),
        ((), "inconclusive"),
    ],
)
def test_conditional_is_the_verdict_over_its_conditions(parts: tuple[Comparison, ...], verdict: str) -> None:
    assert conditional({str(i): part for i, part in enumerate(parts)}).at(0.05).verdict == verdict


def test_conditional_inside_a_conditional_is_a_programming_error() -> None:
    with pytest.raises(ValueError, match="list its parts instead"):
        conditional({"outer": conditional({"inner": HOLDS})})


# laws of every comparison


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
@given(curves=CURVES, target=st.floats(-2, 2), alpha=ALPHAS)
def test_trend_is_decided_exactly_from_its_p_value_on(curves: list[list[float]], target: float, alpha: float) -> None:
    y = dict(enumerate(curves))
    for comparison in (
        slope(GRID, y, theory=target, tolerance=0.2),
        slope_below(GRID, y, limit=target),
        order(GRID, y, direction="rising"),
    ):
        assert comparison.p_value is not None
        assert decided(comparison, alpha) == (comparison.p_value <= alpha)


@settings(deadline=None, max_examples=60)
@given(trials=st.integers(1, 40), share=st.floats(0, 1), bound=st.floats(0, 1), alpha=ALPHAS)
def test_proportion_is_decided_exactly_where_its_interval_excludes_the_bound(
    trials: int, share: float, bound: float, alpha: float
) -> None:
    comparison = proportion(round(share * trials), trials, at_least=bound)
    decision = comparison.at(alpha)
    assert comparison.p_value is not None
    assert decided(comparison, alpha) == (comparison.p_value <= alpha)
    low, high = float(decision.evidence["ci_low"]), float(decision.evidence["ci_high"])
    assert {"holds": bound <= low + 1e-7, "refuted": bound >= high - 1e-7}.get(decision.verdict, True)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.one_of(ARMS, st.sampled_from([HOLDS, REFUTED, OPEN])), min_size=1, max_size=4), ALPHAS)
def test_conditional_is_decided_exactly_from_its_p_value_on(
    parts: list[list[tuple[float, float]] | Comparison], alpha: float
) -> None:
    built = [
        effect(seeds(*(a for a, _ in part)), seeds(*(b for _, b in part)), delta=0.0)
        if isinstance(part, list)
        else part
        for part in parts
    ]
    comparison = conditional({str(i): part for i, part in enumerate(built)})
    if comparison.p_value is not None:
        assert decided(comparison, alpha) == (comparison.p_value <= alpha)


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


@pytest.mark.parametrize("alpha", [0.0, 1.0, -0.1, math.nan])
def test_a_level_lies_between_zero_and_one(alpha: float) -> None:
    with pytest.raises(ValueError, match="expected a level between 0 and 1"):
        fact(1, 1).at(alpha)


# rows and tables


def test_by_seed_is_the_mean_of_each_seed_over_the_rows_that_pass() -> None:
    rows = [Row(seed=s, arm=arm, value=v) for s, arm, v in [(1, "a", 2.0), (0, "a", 1.0), (1, "a", 4.0), (1, "b", 9.0)]]
    assert by_seed(rows, lambda row: row.value, lambda row: row.arm == "a") == {0: 1.0, 1: 3.0}
    assert by_seed(rows, lambda row: row.value) == {0: 1.0, 1: 5.0}


def test_by_seed_keeps_what_is_not_finite() -> None:
    rows = [Row(seed=0, arm="a", value=v) for v in (math.inf, -math.inf, 1.0)]
    assert math.isnan(by_seed(rows, lambda row: row.value)[0])


def test_edge_of_grid_is_the_smallest_and_the_largest_setting() -> None:
    assert [edge_of_grid([0.1, 1.0, 0.01], best) for best in (0.01, 0.1, 1.0)] == [True, False, True]
    with pytest.raises(ValueError, match="expected the best setting to be one of"):
        edge_of_grid([0.1, 1.0], 0.5)


def test_claim_table_hash_follows_the_rule_and_not_the_order() -> None:
    def sky_is_blue(rows: object) -> Comparison:
        return HOLDS

    def grass_is_green(rows: object) -> Comparison:
        return HOLDS

    def table(rule: str, *functions: object) -> list[Claim[Row]]:
        texts = {"statement": "s", "notes": "n", "kind": "fact", "predicted": "holds"}
        return [Claim(rule=rule, judge=function, **texts) for function in functions]  # type: ignore[arg-type]

    both = claim_table_hash(table("holds iff equal", sky_is_blue, grass_is_green))
    assert both == claim_table_hash(table("holds iff equal", grass_is_green, sky_is_blue))
    assert both != claim_table_hash(table("holds iff close", sky_is_blue, grass_is_green))
