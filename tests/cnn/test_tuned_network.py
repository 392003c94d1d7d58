"""Networks side by side against the same networks one by one: logits, gradients, trainings, and what is kept."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import fmean

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from experiments.cnn import pooling
from experiments.cnn.core.invariance import invariance, transform
from experiments.cnn.core.pooling import POOLS, Border, PoolName, Window, framed
from experiments.cnn.core.pooling_members import PoolingMembers
from experiments.cnn.core.pooling_network import PoolingNetwork
from experiments.cnn.pooling_trials import Task, stays
from experiments.foundation.networks.budget import Budget, train
from experiments.foundation.networks.evaluation import network_accuracy
from experiments.foundation.networks.split import Examples, Split
from experiments.foundation.networks.tuned_networks import Members, tuned_networks


def images(n: int, seed: int = 0) -> Tensor:
    return torch.randn(n, 2, 12, 12, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def assert_alike(members: Members[nn.Module], networks: Sequence[nn.Module], x: Tensor) -> None:
    """Logits and the gradients of all parameters."""
    together = members(x)
    together.square().sum().backward()
    for index, network in enumerate(networks):
        alone = network(x)
        torch.testing.assert_close(together[index], alone)
        alone.square().sum().backward()
        for stacked, own in zip(members.weights, network.parameters(), strict=True):
            assert stacked.grad is not None
            torch.testing.assert_close(stacked.grad[index], own.grad)


@pytest.mark.parametrize("window", [Window(), Window(3, 2, "zero"), Window(3, 2)], ids=str)
@pytest.mark.parametrize("pool", POOLS)
def test_pooling_networks_side_by_side_are_those_alone(pool: PoolName, window: Window) -> None:
    torch.manual_seed(0)
    networks = [PoolingNetwork(pool, (2, 12, 12), 3, window).double() for _ in range(3)]
    assert_alike(PoolingMembers(networks), networks, images(4))  # type: ignore[arg-type]


@pytest.mark.parametrize("border", ["circular", "zero"])
@pytest.mark.parametrize(("before", "after"), [(0, 0), (1, 1), (0, 1), (2, 1), (3, 0)])
def test_a_frame_and_its_gradient_are_torchs(border: Border, before: int, after: int) -> None:
    x, other = (images(2).requires_grad_() for _ in range(2))
    own = framed(x, before, after, border)
    theirs = functional.pad(other, (before, after) * 2, mode="circular" if border == "circular" else "constant")
    torch.testing.assert_close(own, theirs, rtol=0, atol=0)
    weights = torch.rand_like(own)
    (own * weights).sum().backward()
    (theirs * weights).sum().backward()
    torch.testing.assert_close(x.grad, other.grad)


def striped(n: int) -> Split:
    """Images whose class is that of their brightest third."""
    x = images(n, seed=5).float()
    y = torch.stack([part.mean((1, 2, 3)) for part in x.split(4, 3)], 1).argmax(1)
    third = n // 3
    return Split(
        train=Examples(x[:third], y[:third]),
        validation=Examples(x[third : 2 * third], y[third : 2 * third]),
        test=Examples(x[2 * third :], y[2 * third :]),
        shape=(2, 12, 12),
        classes=3,
        name="stripes",
        description="images whose class is that of their brightest third",
    )


LRS, BUDGET = (1e-4, 3e-3, 1e-2), Budget(steps=40, batch_size=16, optimizer="adam")


def build() -> PoolingNetwork:
    return PoolingNetwork("max", (2, 12, 12), 3, Window())


def test_trainings_side_by_side_are_those_alone() -> None:
    split = striped(300)
    found = tuned_networks(build, PoolingMembers, split, BUDGET, LRS, seed=3)
    for fit in found.tuned.fits:
        alone = train(build, split, BUDGET, fit.lr, seed=3)
        assert fit.losses == pytest.approx(alone.losses, abs=1e-3)
        assert fit.validation_accuracy == pytest.approx(alone.validation_accuracy, abs=0.02)


def test_only_the_network_that_validation_chose_is_tested() -> None:
    split = striped(300)
    found = tuned_networks(build, PoolingMembers, split, BUDGET, LRS, seed=3)
    fit, network = found.best
    assert fit.lr > LRS[0]
    assert fit.test_accuracy == network_accuracy(network, split.test)
    assert [math.isnan(other.test_accuracy) for other in found.tuned.fits].count(False) == 1


def test_a_rate_that_diverges_is_at_chance_and_leaves_its_neighbors_alone() -> None:
    split = striped(300)
    calm = tuned_networks(build, PoolingMembers, split, BUDGET, LRS, seed=3)
    wild = tuned_networks(build, PoolingMembers, split, BUDGET, (*LRS, 1e6), seed=3)
    assert wild.tuned.fits[3].diverged
    assert wild.tuned.fits[3].validation_accuracy == pytest.approx(1 / 3)
    assert wild.best[0].lr == calm.best[0].lr
    for alone, beside in zip(calm.tuned.fits, wild.tuned.fits, strict=False):
        assert beside.losses == pytest.approx(alone.losses, abs=1e-4)


def test_what_stays_of_several_networks_is_the_mean_of_each_alone_and_of_their_plain_features() -> None:
    split, params = striped(60), pooling.Params(shifts=(1, 3), rotations=(20.0,), scales=(0.8,))
    task = Task(params=params, split=split, dataset="stripes", window=Window(), seed=0)
    torch.manual_seed(0)
    networks = [task.build("max").requires_grad_(False) for _ in range(2)]
    together = stays(task, PoolingMembers(networks), 10)
    alone = [stays(task, PoolingMembers([network]), 10) for network in networks]
    for found, *parts in zip(together, *alone, strict=True):
        assert found.agreement == pytest.approx(fmean(part.agreement for part in parts))
        moved = transform(split.test.inputs, found.transform, found.amount, "circular")[:10]
        scores = [invariance(network.features(split.test.inputs[:10]), network.features(moved)) for network in networks]
        assert found.invariance == pytest.approx(fmean(scores), abs=1e-5)


def test_a_member_is_a_copy() -> None:
    members = PoolingMembers([build(), build()])
    network = members.member(1)
    before = network(images(1).float())
    with torch.no_grad():
        for weights in members.weights:
            weights.zero_()
    torch.testing.assert_close(network(images(1).float()), before, rtol=0, atol=0)
