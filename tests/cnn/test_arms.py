"""Networks trained at several learning rates at once against the same networks alone, and which one is tested."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch

from experiments.cnn.core.pooling import Window
from experiments.cnn.core.pooling_network import PoolingMembers, PoolingNetwork
from experiments.foundation.networks.budget import Budget, train
from experiments.foundation.networks.scores.evaluation import network_accuracy
from experiments.foundation.networks.split import Split
from experiments.foundation.networks.tuned_networks import tuned_networks

LRS, BUDGET = (1e-4, 3e-3, 1e-2), Budget(steps=40, batch_size=16, optimizer="adam")


def build() -> PoolingNetwork:
    return PoolingNetwork("max", (2, 12, 12), 3, Window())


def test_trainings_side_by_side_are_those_alone(striped: Callable[[int], Split]) -> None:
    split = striped(300)
    found = tuned_networks(build, PoolingMembers, split, BUDGET, LRS, seed=3)
    for fit in found.tuned.fits:
        alone = train(build, split, BUDGET, fit.lr, seed=3)
        assert fit.losses == pytest.approx(alone.losses, abs=1e-3)
        assert fit.validation_accuracy == pytest.approx(alone.validation_accuracy, abs=0.02)


def test_only_the_network_that_validation_chose_is_tested(striped: Callable[[int], Split]) -> None:
    split = striped(300)
    found = tuned_networks(build, PoolingMembers, split, BUDGET, LRS, seed=3)
    fit, network = found.best
    assert fit.lr > LRS[0]
    assert fit.test_accuracy == network_accuracy(network, split.test)
    assert [math.isnan(other.test_accuracy) for other in found.tuned.fits].count(False) == 1


def test_a_rate_that_diverges_is_at_chance_and_leaves_its_neighbors_alone(striped: Callable[[int], Split]) -> None:
    split = striped(300)
    calm = tuned_networks(build, PoolingMembers, split, BUDGET, LRS, seed=3)
    wild = tuned_networks(build, PoolingMembers, split, BUDGET, (*LRS, 1e6), seed=3)
    assert wild.tuned.fits[3].diverged
    assert wild.tuned.fits[3].validation_accuracy == pytest.approx(1 / 3)
    assert wild.best[0].lr == calm.best[0].lr
    for alone, beside in zip(calm.tuned.fits, wild.tuned.fits, strict=False):
        assert beside.losses == pytest.approx(alone.losses, abs=1e-4)


def test_a_member_is_a_copy() -> None:
    images = torch.randn(1, 2, 12, 12)
    members = PoolingMembers([build(), build()])
    network = members.member(1)
    before = network(images)
    with torch.no_grad():
        for weights in members.weights:
            weights.zero_()
    torch.testing.assert_close(network(images), before, rtol=0, atol=0)
