"""One setting per arm: the best mean score, edges reported, NaN and unequal budgets refused."""

from __future__ import annotations

import math
import subprocess
import sys
from dataclasses import dataclass, replace

import pytest

from experiments.foundation.networks.tuning import TuningError, choose, choose_by_others, edge_of, untuned


@dataclass(frozen=True)
class Row:
    arm: str
    lr: float
    seed: int
    score: float
    loss: float = 0.0


def score(row: Row) -> float:
    return row.score


def grid(arm: str, *means: float) -> list[Row]:
    """Two seeds at rates 0.1, 0.2, ... with these mean scores."""
    return [
        Row(arm, (at + 1) / 10, seed, mean + (0.01 if seed else -0.01))
        for at, mean in enumerate(means)
        for seed in (0, 1)
    ]


def test_the_best_mean_over_seeds_is_chosen_with_its_rows() -> None:
    found = choose(grid("a", 0.1, 0.9, 0.2) + grid("b", 0.1, 0.2, 0.9), score=score)
    assert [choice.setting for choice in found.values()] == [0.2, 0.3]
    assert [row.seed for row in found["a"].rows] == [0, 1]
    assert found["a"].score == pytest.approx(0.9)
    assert (found["a"].edge, found["b"].edge) == (None, "largest")
    assert untuned(found["a"]) is None
    assert untuned(found["a"], found["b"]) == "the best learning rate of b, 0.3, is the largest of its grid"


def test_equal_means_give_the_smaller_setting_unless_a_second_score_decides() -> None:
    rows = [Row("a", 0.3, 0, 0.9, 1.0), Row("a", 0.1, 0, 0.9, 3.0), Row("a", 0.2, 0, 0.9, 2.0)]
    assert choose(rows, score=score)["a"].setting == 0.1
    assert choose(rows, score=lambda row: (row.score, -row.loss))["a"].setting == 0.3


def test_a_score_that_is_not_a_number_is_refused_at_any_place_of_the_grid() -> None:
    for place in range(3):
        means = [0.9, 0.9, 0.9]
        means[place] = math.nan
        with pytest.raises(TuningError, match="is not a number; count a diverged run as chance or -inf"):
            choose(grid("a", *means), score=score)
    assert choose(grid("a", -math.inf, 0.9, 0.1), score=score)["a"].setting == 0.2


def test_a_single_setting_is_not_tuned() -> None:
    (choice,) = choose(grid("a", 0.5), score=score).values()
    assert choice.at_edge
    assert untuned(choice, what="step") == "only one step of a was tried, 0.1"
    assert edge_of([1.0], 1.0) == "smallest"


def test_grids_may_differ_but_budgets_may_not() -> None:
    shifted = [Row("b", 10 * row.lr, row.seed, row.score) for row in grid("b", 0.1, 0.9, 0.2)]
    assert choose(grid("a", 0.1, 0.9, 0.2) + shifted, score=score)["b"].setting == 2.0
    with pytest.raises(TuningError, match="unequal budgets: b was tried at 2 settings, a at 3"):
        choose(grid("a", 0.1, 0.9, 0.2) + grid("b", 0.1, 0.9), score=score)
    with pytest.raises(TuningError, match=r"unequal budgets: a at 0\.2 was tried on 1 seeds"):
        choose(grid("a", 0.1, 0.9)[:3], score=score)
    with pytest.raises(TuningError, match=r"several runs at 0\.1 with one seed"):
        choose(grid("a", 0.1) * 2, score=score)


def test_nothing_to_choose_from_and_a_setting_outside_its_grid_are_refused() -> None:
    with pytest.raises(TuningError, match="at least one run"):
        choose([], score=score)
    with pytest.raises(TuningError, match=r"a setting out of \[1, 2\], got 3"):
        edge_of([2, 1], 3)


def test_claims_can_use_it_without_torch() -> None:
    code = "import sys; import experiments.foundation.networks.tuning; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_run_is_at_the_setting_that_the_other_seeds_choose() -> None:
    rows = [Row("a", lr, seed, 0.5) for lr in (0.1, 0.2) for seed in range(4)]
    lucky = [replace(row, score=0.9) if (row.lr, row.seed) == (0.2, 3) else row for row in rows]
    found = choose_by_others(lucky, score=score)["a"]
    assert (found.setting, found.edge) == (0.2, "largest")
    assert [(row.seed, row.lr) for row in found.rows] == [(0, 0.2), (1, 0.2), (2, 0.2), (3, 0.1)]
    alone = choose_by_others(lucky[3::4], score=score)["a"]
    assert [row.lr for row in alone.rows] == [0.2]
