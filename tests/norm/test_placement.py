"""Rows with a known answer: what the claims of norm.placement make of them."""

from __future__ import annotations

import pytest

from experiments.lab.experiment import Rows
from experiments.lab.judge.judge import judge
from experiments.norm.placement import EXPERIMENT
from experiments.norm.placement.training import PART, TrainingRow, largest_rates, where_training_ends


def trained(name: str, by_rate: dict[float, float], depth: int = 2, growth: float = 1.1) -> list[TrainingRow]:
    return [
        TrainingRow(
            network=f"{name}, {depth} blocks",
            placement=name,
            depth=depth,
            dataset="digits",
            warmup=0,
            seed=seed,
            lr=lr,
            train_loss=1.0,
            validation_accuracy=accuracy,
            test_accuracy=accuracy + 0.001 * seed * (name == "post"),
            failed=accuracy < 0.5,
            gap=0.1 + 0.001 * seed * (name == "post"),
            weight_growth=growth + 0.001 * seed,
        )
        for lr, accuracy in by_rate.items()
        for seed in range(12)
    ]


def verdict_of(claim: str, rows: list[TrainingRow]) -> str:
    asked = [one for one in EXPERIMENT.asked(Rows({PART.name: rows})) if one.claim.name == claim]
    return judge(asked, smoke=False)[0].verdict


PRE = {0.1: 0.7, 0.2: 0.8, 0.3: 0.6, 0.4: 0.1}


@pytest.mark.parametrize(("post", "verdict"), [(0.9, "holds"), (0.7, "refuted")])
def test_placements_are_compared_at_their_own_best_rates(post: float, verdict: str) -> None:
    rows = [*trained("pre", PRE), *trained("post", {0.1: 0.1, 0.2: 0.1, 0.3: post, 0.4: 0.1})]
    assert verdict_of("post_norm_converges_better", rows) == verdict


def test_only_the_losers_rate_at_an_edge_makes_it_undecided() -> None:
    rows = [*trained("pre", PRE), *trained("post", {0.1: 0.2, 0.2: 0.3, 0.3: 0.4, 0.4: 0.9})]
    assert verdict_of("post_norm_converges_better", rows) == "holds"
    rows = [*trained("pre", PRE), *trained("post", {0.1: 0.2, 0.2: 0.3, 0.3: 0.4, 0.4: 0.6})]
    assert verdict_of("post_norm_converges_better", rows) == "inconclusive"


def test_the_largest_rates_that_train_are_compared_in_the_deepest_network() -> None:
    post = trained("post", {0.1: 0.7, 0.2: 0.1, 0.3: 0.1, 0.4: 0.1}, depth=9)
    rows = [*trained("pre", PRE), *trained("post", PRE), *trained("pre", PRE, depth=9), *post]
    assert verdict_of("deep_pre_norm_trains_at_larger_rates", rows[:96]) == "refuted"
    assert verdict_of("deep_pre_norm_trains_at_larger_rates", rows) == "holds"
    assert where_training_ends(rows) == (
        "Largest rate at which 9 blocks train without warm-up: post-norm 0.1, pre-norm 0.3"
    )


def test_a_network_that_trains_at_the_largest_rate_of_the_grid_has_no_largest_one() -> None:
    rows = [*trained("pre", PRE | {0.4: 0.6}), *trained("post", PRE)]
    assert "0.4, still trains" in str(largest_rates(rows))


@pytest.mark.parametrize(("growth", "verdict"), [(1.4, "conditional"), (1.1, "refuted")])
def test_what_is_regularized_is_judged_thing_by_thing_with_both_arms_tuned(growth: float, verdict: str) -> None:
    rows = [*trained("pre", PRE, growth=growth), *trained("post", PRE)]
    assert verdict_of("tuned_post_norm_regularizes_more", rows) == verdict
