"""Robustness cards: intervals of the alternatives against scipy, and what a card says."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats
from scipy.stats import mstats

from experiments.lab.judge.mean import SeedMean
from experiments.lab.judge.measured import Pairs, Points
from experiments.lab.judge.robustness import flip_interval, median_interval, trimmed_interval
from experiments.lab.judge.rules import Each, Effect, Equivalence, Ratio, Rule, Slope, compare

VALUES = np.random.default_rng(0).normal(1.0, 0.3, 12).tolist()
LOW, HIGH = SeedMean(tuple(VALUES), 2.0).interval(0.05)


def pairs(values: list[float]) -> Pairs:
    return Pairs(dict(enumerate(values)), dict.fromkeys(range(len(values)), 0.0))


def test_the_interval_of_the_median_is_scipys() -> None:
    reference = stats.quantile_test(VALUES, p=0.5).confidence_interval(0.95)
    assert median_interval(VALUES, 0.05) == pytest.approx((reference.low, reference.high))
    assert median_interval(VALUES[:4], 0.05) == (-math.inf, math.inf)


def test_the_interval_of_the_trimmed_mean_is_scipys() -> None:
    reference = mstats.trimmed_mean_ci(np.array(VALUES), limits=(1 / 6, 1 / 6), alpha=0.05)
    assert trimmed_interval(VALUES, 0.05) == pytest.approx(tuple(reference), rel=0.1)


def test_flipped_signs_cover_symmetric_values_as_stated() -> None:
    rng = np.random.default_rng(1)
    covered = [flip_interval(SeedMean(tuple(sample), 10.0), 0.05) for sample in rng.uniform(-1, 1, (400, 10)).tolist()]
    assert np.mean([low <= 0 <= high for low, high in covered]) == pytest.approx(0.95, abs=0.04)


@pytest.mark.parametrize(
    ("rule", "values", "line"),
    [
        (Effect("x", delta=0.2), VALUES, f"stands for a threshold below {LOW:.3g}; 7 of 7 alternatives agree"),
        (
            Effect("x", delta=0.6),
            VALUES,
            f"stands for a threshold below {LOW:.3g}; 6 of 7 alternatives agree: not a threshold of 1.2",
        ),
        (Equivalence("x", margin=2.0), VALUES, f"stands for a margin above {HIGH:.3g}; 6 of 7 alternatives agree"),
    ],
)
def test_a_card_says_for_which_threshold_a_verdict_stands_and_what_would_turn_it(
    rule: Rule, values: list[float], line: str
) -> None:
    assert compare(rule, pairs(values)).at(0.05).robustness.startswith(line)


def test_an_undecided_verdict_stands_for_nothing_and_names_who_decides() -> None:
    decision = compare(Effect("x", delta=0.95), pairs(VALUES)).at(0.05)
    assert decision.verdict == "inconclusive"
    assert decision.robustness.startswith("5 of 7 alternatives agree: not a threshold of 0.475, a threshold of 1.9")


def test_slopes_have_cards_too() -> None:
    grid = [1.0, 2.0, 4.0, 8.0, 16.0]
    y = {seed: [x ** (1 + 0.01 * seed) for x in grid] for seed in range(8)}
    assert "a tolerance above" in compare(Slope("x", theory=1.0, tolerance=0.2), Points(grid, y)).at(0.05).robustness


def test_another_baseline_is_an_alternative() -> None:
    """A treatment that beats the untuned baseline and not the tuned one."""
    treatment = {seed: 1.0 + value / 10 for seed, value in enumerate(VALUES)}
    tuned = {seed: value + 0.02 for seed, value in treatment.items()}
    measured = Pairs(treatment, dict.fromkeys(treatment, 0.5), others={"a tuned baseline": tuned})
    decision = compare(Effect("x", delta=0.1), measured).at(0.05)
    assert (decision.verdict, decision.alternatives["against a tuned baseline"]) == ("holds", "refuted")
    assert "not against a tuned baseline" in decision.robustness


def test_a_verdict_that_hangs_on_one_condition_names_it() -> None:
    found = compare(Each(Effect("x", delta=0.5), per="loss"), {"ce": pairs(VALUES), "dice": pairs([0.0, 0.1, 0.2] * 4)})
    decision = found.at(0.05)
    assert decision.verdict == "conditional"
    assert decision.robustness == "0 of 2 alternatives agree: not without ce, without dice"


@pytest.mark.parametrize(
    ("at_least", "others"), [(1.05, ("1.02", "1.1")), (1000.0, ("500", "2e+03")), (0.1, ("0.2", "0.05"))]
)
def test_the_threshold_of_a_ratio_is_moved_by_half_its_excess_or_a_factor_of_two(
    at_least: float, others: tuple[str, str]
) -> None:
    measured = Pairs.against({seed: at_least * (4 + seed / 10) for seed in range(5)}, 1.0)
    found = compare(Ratio("x", at_least=at_least), measured).at(0.05).alternatives
    assert [f"a threshold of {other}" for other in others] == list(found)[:2]
