"""Holm's levels against the textbook's adjusted p-values; exact intervals and bounds against scipy."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from experiments.lab.judge.statistics import (
    clopper_pearson,
    holm_levels,
    p_proportion_above,
    violation_rate_bound,
)


def textbook_holm(p_values: list[float], alpha: float) -> list[bool]:
    """Adjusted p-values, p~_(i) = max over j <= i of min(1, (m - j) p_(j)), compared with alpha."""
    m, running, rejected = len(p_values), 0.0, [False] * len(p_values)
    for position, index in enumerate(sorted(range(m), key=p_values.__getitem__)):
        running = max(running, (m - position) * p_values[index])
        rejected[index] = running <= alpha
    return rejected


@settings(deadline=None)
@given(st.lists(st.floats(0, 0.06) | st.floats(0, 1), max_size=12))
def test_holm_levels_reject_what_the_adjusted_p_values_reject(p_values: list[float]) -> None:
    margins = [abs((len(p_values) - i) * p - 0.05) for i, p in enumerate(sorted(p_values))]
    if min(margins, default=1.0) > 1e-12:
        levels = holm_levels(p_values, 0.05)
        assert [p <= level for p, level in zip(p_values, levels, strict=True)] == textbook_holm(p_values, 0.05)


def test_holm_levels_by_hand() -> None:
    assert holm_levels([0.01, 0.001, 0.2, 0.02], 0.05) == pytest.approx((0.05 / 3, 0.05 / 4, 0.05, 0.025))
    # 0.045 would meet 0.05 as the last, but 0.03 has failed before it
    assert holm_levels([0.03, 0.001, 0.045], 0.05) == pytest.approx((0.025, 0.05 / 3, 0.025))
    assert holm_levels([], 0.05) == ()


def test_an_untestable_hypothesis_counts_and_comes_last() -> None:
    assert holm_levels([math.nan, 0.04], 0.05) == pytest.approx((0.025, 0.025))
    assert holm_levels([math.nan, 0.02], 0.05) == pytest.approx((0.05, 0.025))


def test_exact_intervals_and_bounds_are_scipys() -> None:
    reference = stats.binomtest(7, 12).proportion_ci(0.95, method="exact")
    assert clopper_pearson(7, 12, 0.05) == pytest.approx((reference.low, reference.high))
    assert p_proportion_above(7, 12, 0.4) == pytest.approx(stats.binomtest(7, 12, 0.4, alternative="greater").pvalue)
    assert (1 - violation_rate_bound(40)) ** 40 == pytest.approx(0.05)
