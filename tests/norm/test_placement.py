"""Rows with a known answer: what the claims of norm.placement make of them."""

from __future__ import annotations

import pytest

from experiments.lab.experiment import Rows
from experiments.lab.judge.judge import judge
from experiments.norm.placement import EXPERIMENT, start, training
from experiments.norm.placement.start import StartRow
from experiments.norm.placement.training import TrainingRow


def trained(name: str, by_rate: dict[float, float], depth: int = 2, warmup: int = 0) -> list[TrainingRow]:
    return [
        TrainingRow(
            placement=name,
            depth=depth,
            dataset="digits",
            steps=10,
            warmup=warmup,
            seed=seed,
            lr=lr,
            train_loss=1.0,
            validation_accuracy=accuracy,
            test_accuracy=accuracy + 0.001 * seed * (name == "post"),
            diverged=False,
            failed=accuracy < 0.2,
            gap=0.1,
            weight_growth=1.1,
        )
        for lr, accuracy in by_rate.items()
        for seed in range(12)
    ]


def verdict_of(claim: str, rows: list[TrainingRow]) -> str:
    asked = [one for one in EXPERIMENT.asked(Rows({training.PART.name: rows})) if one.claim.name == claim]
    return judge(asked, smoke=False)[0].verdict


PRE = {0.1: 0.7, 0.2: 0.8, 0.3: 0.7}


@pytest.mark.parametrize(("post", "verdict"), [(0.9, "holds"), (0.7, "refuted")])
def test_placements_are_compared_at_their_own_best_rates(post: float, verdict: str) -> None:
    rows = [*trained("pre", PRE), *trained("post", {0.1: 0.1, 0.2: 0.1, 0.3: post, 0.4: 0.1})]
    assert verdict_of("post_norm_converges_better", rows) == verdict


def test_only_the_losers_rate_at_an_edge_makes_it_undecided() -> None:
    rows = [*trained("pre", PRE), *trained("post", {0.1: 0.2, 0.2: 0.9})]
    assert verdict_of("post_norm_converges_better", rows) == "holds"
    rows = [*trained("pre", PRE), *trained("post", {0.1: 0.2, 0.2: 0.6})]
    assert verdict_of("post_norm_converges_better", rows) == "inconclusive"


def test_failures_are_counted_in_the_deepest_network_without_warm_up() -> None:
    shallow = [*trained("pre", PRE), *trained("post", PRE)]
    deep = [*trained("pre", PRE, depth=9), *trained("post", {0.1: 0.1, 0.2: 0.1, 0.3: 0.5}, depth=9)]
    assert verdict_of("deep_post_norm_fails_more_often", shallow) == "refuted"
    assert verdict_of("deep_post_norm_fails_more_often", [*shallow, *deep]) == "holds"
    assert verdict_of("deep_post_norm_fails_more_often", trained("pre", PRE)) == "inconclusive"


def test_what_is_regularized_is_judged_thing_by_thing() -> None:
    streams = [
        StartRow(placement=name, depth=2, dataset="digits", stream_rms=rms)
        for name, rms in (("post", 1.0), ("pre", 3.0))
    ]
    rows = Rows({start.PART.name: streams, training.PART.name: [*trained("pre", PRE), *trained("post", PRE)]})
    asked = [one for one in EXPERIMENT.asked(rows) if one.claim.name == "post_norm_regularizes_more"]
    finding = judge(asked, smoke=False)[0]
    found = {condition.condition: condition.verdict for condition in finding.conditions}
    assert found == {"activations": "holds", "weights": "refuted", "generalization": "refuted"}
