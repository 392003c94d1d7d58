"""Student's mean against scipy, and the mean over seeds of which no single seed decides."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from experiments.lab.judge.mean import SeedMean, StudentMean

VALUES = st.lists(st.integers(-1000, 1000).map(lambda number: number / 64), min_size=3, max_size=9)


def seed_mean(*values: float, **more: object) -> SeedMean:
    return SeedMean(tuple(values), max(map(abs, values)), **more)  # type: ignore[arg-type]


def test_student_mean_is_scipys() -> None:
    values = [0.3, 1.7, 0.2, 0.9]
    mean, reference = StudentMean.of(values), stats.ttest_1samp(values, 0.1)
    assert mean.interval(0.05) == pytest.approx(tuple(reference.confidence_interval(0.95)))
    assert mean.p_above(0.1) == pytest.approx(stats.ttest_1samp(values, 0.1, alternative="greater").pvalue)


def test_rounding_errors_are_no_spread() -> None:
    assert StudentMean.of([0.1 + 0.2, 0.3, 0.3]).half_width(0.05) == 0.0


def test_the_correction_for_skewness_is_halls_cubic() -> None:
    values = np.random.default_rng(0).lognormal(0.0, 1.0, 12)
    mean = StudentMean.of(values.tolist()).corrected(values.tolist())
    assert mean.skewness == pytest.approx(stats.skew(values) * (11 / 12) ** 1.5)
    t, g, n = values.mean() / values.std(ddof=1), mean.skewness, 12
    corrected = math.sqrt(n) * (t + g * t**2 / 3 + g**2 * t**3 / 27 + g / (6 * n))
    assert mean.p_above(0.0) == pytest.approx(stats.t.sf(corrected, n - 1))


@settings(deadline=None, max_examples=100)
@given(values=VALUES, bound=st.integers(-1000, 1000).map(lambda number: number / 64), alpha=st.floats(1e-6, 0.9))
def test_the_interval_excludes_a_bound_exactly_where_the_p_value_is_at_most_the_level(
    values: list[float], bound: float, alpha: float
) -> None:
    mean = seed_mean(*values)
    low, high = mean.interval(alpha)
    p = mean.p_differs(bound)
    if abs(p - alpha) > 1e-6:
        assert (p <= alpha) == (not low - 1e-9 <= bound <= high + 1e-9)


def test_no_single_seed_decides() -> None:
    agreeing = seed_mean(1.0, 1.1, 0.9, 1.0, 1.05, 0.95)
    assert agreeing.p_above(0.5) < 0.01
    one_spoils = seed_mean(1.0, 1.1, 0.9, 1.0, 1.05, -3.0)
    assert one_spoils.p_above(0.5) > 0.3
    three = seed_mean(0.30, 0.31, 0.29)
    assert stats.ttest_1samp(three.values, 0.2).pvalue < 0.005 < three.p_differs(0.2)


def test_equal_values_are_a_certainty_only_where_that_is_declared() -> None:
    assert seed_mean(2.0, 2.0, 2.0, exact=True).p_differs(1.0) == 0.0
    assert seed_mean(2.0, 2.0, 2.0).p_differs(1.0) == stats.binomtest(3, 3).pvalue
    assert seed_mean(2.0, 2.0, 2.0).interval(0.05) == (-math.inf, math.inf)
    assert seed_mean(*[2.0] * 6).interval(0.05) == (2.0, 2.0)
    assert seed_mean(2.0, 2.0, 2.0, exact=True).p_differs(2.0) == 1.0


def test_an_accuracy_is_never_known_better_than_its_test_items_allow() -> None:
    saturated = seed_mean(0.0, 0.0, 0.0, items=60)
    half = 1 - 0.025 ** (1 / 60)
    assert saturated.interval(0.05) == pytest.approx((-half, half))
    assert saturated.p_above(-0.1) == pytest.approx(0.9**60)
    nearly = seed_mean(0.010, 0.0101, 0.0099, 0.010, 0.0101, items=60)
    assert nearly.interval(0.05).low == pytest.approx(nearly.mean - half)


def test_values_of_one_pool_split_anew_have_the_corrected_variance() -> None:
    values = (0.3, 1.7, 0.2, 0.9)
    student, corrected = seed_mean(*values).student, seed_mean(*values, overlap=0.5).student
    # s^2 (1 / n + test / train) instead of s^2 / n
    assert (corrected.deviation / student.deviation) ** 2 == pytest.approx((1 / 4 + 0.5) / (1 / 4))


def test_seeds_needed_are_those_with_eighty_percent_power() -> None:
    mean = seed_mean(*np.random.default_rng(0).normal(0.0, 1.0, 12))
    needed = mean.seeds_needed(0.5, 0.05)
    assert needed is not None
    shift = 0.5 * math.sqrt(needed) / mean.student.deviation
    power = stats.nct.sf(stats.t.ppf(0.975, needed - 1), needed - 1, shift)
    assert power == pytest.approx(0.8, abs=0.05)
    assert mean.seeds_needed(0.0, 0.05) is None
