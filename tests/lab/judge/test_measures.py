"""From rows to arms and points."""

from __future__ import annotations

import math

from experiments.lab.experiment import Row as LabRow
from experiments.lab.experiment import observation
from experiments.lab.judge.measured import NotMeasured, Pairs, Points
from experiments.lab.judge.measures import by_seed, paired, points


@observation
class Row(LabRow):
    arm: str
    value: float
    n: int = 1


ROWS = [Row(seed=s, arm=arm, value=v) for s, arm, v in [(1, "a", 2.0), (0, "a", 1.0), (1, "a", 4.0), (1, "b", 9.0)]]


def test_by_seed_is_the_mean_of_each_seed_over_the_rows_that_pass() -> None:
    assert by_seed(ROWS, lambda row: row.value, arm="a") == {0: 1.0, 1: 3.0}
    assert by_seed(ROWS, "value", arm="a") == {0: 1.0, 1: 3.0}
    assert by_seed(ROWS, lambda row: row.value) == {0: 1.0, 1: 5.0}
    assert list(by_seed(ROWS, "value")) == [0, 1]


def test_by_seed_keeps_what_is_not_finite() -> None:
    rows = [Row(seed=0, arm="a", value=v) for v in (math.inf, -math.inf, 1.0)]
    assert math.isnan(by_seed(rows, lambda row: row.value)[0])


def test_paired_is_one_arm_against_the_other() -> None:
    assert paired("value", arm=("a", "b"))(ROWS) == Pairs({0: 1.0, 1: 3.0}, {1: 9.0})
    assert paired("value", {"seed": 1}, arm=("b", "a"))(ROWS) == Pairs({1: 9.0}, {1: 3.0})


def test_paired_without_an_arm_says_which_arms_it_needs() -> None:
    assert paired("value", arm=("a", "c"))(ROWS) == NotMeasured("needs arm a and c")


def test_an_arm_stands_against_a_constant_at_its_own_seeds() -> None:
    assert Pairs.against({3: 1.5, 5: 2.5}, 1.0) == Pairs({3: 1.5, 5: 2.5}, {3: 1.0, 5: 1.0})


def test_points_rise_along_the_grid_seed_by_seed() -> None:
    rows = [Row(seed=seed, arm="a", n=n, value=10.0 * n + seed) for n in (4, 1, 2) for seed in (1, 0)]
    other = Row(seed=0, arm="b", n=8, value=0.0)
    expected = {0: [10.0, 20.0, 40.0], 1: [11.0, 21.0, 41.0]}
    assert points([*rows, other], "n", "value", arm="a") == Points([1, 2, 4], expected)
    assert points(rows, "n", lambda row: row.value) == Points([1, 2, 4], expected)


def test_a_point_that_a_seed_lacks_is_missing_from_its_values() -> None:
    rows = [Row(seed=seed, arm="a", n=n, value=1.0) for n, seed in ((1, 0), (1, 1), (2, 0))]
    assert points(rows, "n", "value").y == {0: [1.0, 1.0], 1: [1.0]}
