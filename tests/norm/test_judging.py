"""Rows with a known answer: what the claims of norm.placement and norm.gradients make of them."""

from __future__ import annotations

import pytest

from experiments.norm import gradients, placement


def trained(name: str, by_rate: dict[float, float], depth: int = 2, warmup: int = 0) -> list[placement.Row]:
    return [
        placement.Row(
            part="training",
            placement=name,
            depth=depth,
            warmup=warmup,
            seed=seed,
            lr=lr,
            validation_accuracy=accuracy,
            test_accuracy=accuracy + 0.001 * seed * (name == "post"),
            failed=accuracy < 0.2,
            gap=0.1,
            weight_growth=1.1,
        )
        for lr, accuracy in by_rate.items()
        for seed in range(5)
    ]


PRE = {0.1: 0.7, 0.2: 0.8, 0.3: 0.7}


@pytest.mark.parametrize(("post", "verdict"), [(0.9, "holds"), (0.7, "refuted")])
def test_placements_are_compared_at_their_own_best_rates(post: float, verdict: str) -> None:
    rows = [*trained("pre", PRE), *trained("post", {0.1: 0.1, 0.2: 0.1, 0.3: post, 0.4: 0.1})]
    assert placement.post_norm_converges_better(rows).outcome == verdict


def test_only_the_losers_rate_at_an_edge_makes_it_undecided() -> None:
    rows = [*trained("pre", PRE), *trained("post", {0.1: 0.2, 0.2: 0.9})]
    assert placement.post_norm_converges_better(rows).outcome == "holds"
    rows = [*trained("pre", PRE), *trained("post", {0.1: 0.2, 0.2: 0.6})]
    assert placement.post_norm_converges_better(rows).outcome == "inconclusive"


def test_failures_are_counted_in_the_deepest_network_without_warm_up() -> None:
    shallow = [*trained("pre", PRE), *trained("post", PRE)]
    deep = [*trained("pre", PRE, depth=9), *trained("post", {0.1: 0.1, 0.2: 0.1, 0.3: 0.5}, depth=9)]
    assert placement.deep_post_norm_fails_more_often(shallow).outcome == "refuted"
    assert placement.deep_post_norm_fails_more_often([*shallow, *deep]).outcome == "holds"
    assert placement.deep_post_norm_fails_more_often(trained("pre", PRE)).outcome == "inconclusive"


def test_a_gradient_that_falls_with_the_root_of_depth_from_8_blocks_on_is_recognized() -> None:
    rows = [
        gradients.Row(
            part="network",
            placement="pre",
            normalization=norm,
            depth=depth,
            seed=seed,
            gradient_norm=(1 + 0.01 * seed) * (depth ** -(0.5 + 0.005 * (seed - 1)) if depth >= 8 else 100.0),
            first_over_last=0.5 + 0.01 * seed,
        )
        for norm in ("layer", "rms")
        for depth in (2, 4, 8, 12, 16, 32, 64)
        for seed in range(3)
    ]
    assert gradients.pre_norm_gradient_falls_with_the_root_of_depth(rows).outcome == "holds"
    assert gradients.pre_norm_gradient_does_not_vanish(rows).outcome == "holds"
