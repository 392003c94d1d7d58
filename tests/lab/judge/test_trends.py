"""Slopes and orders against least squares and Page's test, and the law that they obey."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from experiments.lab.judge.comparison import Comparison
from experiments.lab.judge.mean import SeedMean
from experiments.lab.judge.trends import order, slope, slope_below

CURVES = st.lists(st.lists(st.integers(1, 50).map(float), min_size=5, max_size=5), min_size=3, max_size=6)
GRID = [1.0, 2.0, 4.0, 8.0, 16.0]


def decided(comparison: Comparison, alpha: float) -> bool:
    return comparison.at(alpha).verdict != "inconclusive"


def noisy_power(exponent: float, *, seeds: int, noise: float) -> dict[int, list[float]]:
    rng = np.random.default_rng(7)
    grid = np.asarray(GRID)
    return {seed: list(3 * grid**exponent * np.exp(noise * rng.standard_normal(5))) for seed in range(seeds)}


# slope


def test_slope_is_the_mean_of_the_exponents_of_the_seeds() -> None:
    y = noisy_power(-0.5, seeds=6, noise=0.05)
    slopes = [float(stats.linregress(np.log(GRID), np.log(values)).slope) for values in y.values()]
    decision = slope(GRID, y, theory=-0.5, tolerance=0.1).at(0.05)
    assert decision.verdict == "holds"
    assert decision.evidence["slope"] == pytest.approx(np.mean(slopes))
    interval = SeedMean(tuple(slopes), scale=1.0).interval(0.05)
    assert (decision.evidence["ci_low"], decision.evidence["ci_high"]) == pytest.approx(interval)


@pytest.mark.parametrize(
    ("theory", "tolerance", "noise", "verdict"),
    [
        (-0.5, 0.1, 0.02, "holds"),
        (-0.5, 0.01, 0.3, "inconclusive"),
        (-1.0, 0.1, 0.02, "refuted"),
        (-0.55, 0.1, 0.002, "holds"),
        (-0.6, 0.1, 0.02, "inconclusive"),
    ],
)
def test_slope_holds_where_the_whole_interval_lies_within_the_tolerance(
    theory: float, tolerance: float, noise: float, verdict: str
) -> None:
    y = noisy_power(-0.5, seeds=5, noise=noise)
    assert slope(GRID, y, theory=theory, tolerance=tolerance).at(0.05).verdict == verdict


def test_more_data_decide_a_slope_that_is_not_at_the_border() -> None:
    found = [slope(GRID, noisy_power(-0.55, seeds=n, noise=0.2), theory=-0.5, tolerance=0.1) for n in (5, 400)]
    assert [one.at(0.05).verdict for one in found] == ["inconclusive", "holds"]


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


def test_one_certain_reversal_refutes_an_order_of_twenty_points() -> None:
    rng = np.random.default_rng(0)
    steps = np.arange(20.0)
    steps[[9, 10]] = steps[[10, 9]]
    y = {seed: list(steps + 0.05 * rng.standard_normal(20)) for seed in range(8)}
    decision = order(list(range(20)), y, direction="rising").at(0.05)
    assert (decision.verdict, decision.label) == ("refuted", "not monotone")


def test_along_a_path_the_seeds_are_what_is_repeated() -> None:
    """Page's test takes the points of a seed as independent, which those of a training curve are not."""
    rng = np.random.default_rng(3)
    walks = {seed: list(np.cumsum(rng.standard_normal(8)) + 0.8 * np.arange(8)) for seed in range(4)}
    free, path = (order(list(range(8)), walks, direction="rising", path=path) for path in (False, True))
    assert free.at(0.05).evidence["test"] == "Page"
    assert path.at(0.05).evidence["test"] == "mean rho"
    assert float(path.at(0.05).evidence["p"]) > float(free.at(0.05).evidence["p"])


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


# law of both


@settings(deadline=None, max_examples=60)
@given(curves=CURVES, target=st.floats(-2, 2), alpha=st.floats(1e-9, 0.999))
def test_trend_is_decided_exactly_from_its_p_value_on(curves: list[list[float]], target: float, alpha: float) -> None:
    y = dict(enumerate(curves))
    for comparison in (
        slope(GRID, y, theory=target, tolerance=0.2),
        slope_below(GRID, y, limit=target),
        order(GRID, y, direction="rising"),
    ):
        assert comparison.p_value is not None
        assert decided(comparison, alpha) == (comparison.p_value <= alpha)
