"""Networks trained side by side are the networks trained alone."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from experiments.foundation.networks.budget import Budget, train
from experiments.foundation.networks.side_by_side import (
    FlatAdam,
    Rate,
    member_accuracies,
    member_losses,
    train_side_by_side,
)
from experiments.foundation.networks.split import Split

START = torch.randn(3, 16, generator=torch.Generator().manual_seed(0)) / 4


class Logistic(nn.Module):
    """One linear map per member, (n, 1, 4, 4) to (members, n, 3)."""

    def __init__(self, members: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(START.repeat(members, 1, 1))
        self.bias = nn.Parameter(torch.zeros(members, 1, 3))

    def forward(self, images: Tensor) -> Tensor:
        return images.flatten(1) @ self.weight.transpose(1, 2) + self.bias


def alone() -> nn.Module:
    network = nn.Sequential(nn.Flatten(), nn.Linear(16, 3))
    with torch.no_grad():
        network[1].weight.copy_(START)
        network[1].bias.zero_()
    return network


@pytest.mark.parametrize(("warmup", "falls"), [(0, False), (7, False), (0, True)])
def test_members_are_trained_as_torchs_adam_trains_one(blobs: Split, warmup: int, falls: bool) -> None:
    rates = [Rate(0.003, warmup), Rate(0.03, warmup)]
    budget = Budget(steps=25, batch_size=20, optimizer="adam", warmup=warmup, falls=falls)
    together = train_side_by_side(Logistic(2), blobs, budget, rates, seed=3)
    for fit, rate in zip(together, rates, strict=True):
        expected = train(alone, blobs, budget, rate.lr, seed=3)
        assert fit.losses == pytest.approx(expected.losses, abs=1e-5)
        assert fit.test_accuracy == pytest.approx(expected.test_accuracy, abs=0.02)


def test_a_member_that_diverges_disturbs_no_other(blobs: Split) -> None:
    budget = Budget(steps=20, batch_size=20, optimizer="adam")
    (calm,) = train_side_by_side(Logistic(1), blobs, budget, [Rate(0.01)], seed=0)
    beside, wild = train_side_by_side(Logistic(2), blobs, budget, [Rate(0.01), Rate(1e30)], seed=0)
    assert beside.losses == pytest.approx(calm.losses, abs=1e-6)
    assert wild.diverged
    assert wild.test_accuracy == pytest.approx(1 / 3)


def test_parameters_are_views_of_one_vector_and_need_a_common_first_axis() -> None:
    network = Logistic(2)
    adam = FlatAdam(network)
    adam.weights.fill_(2.0)
    assert float(network.bias.detach().sum()) == 2.0 * 6
    with pytest.raises(ValueError, match="members as their first axis"):
        FlatAdam(nn.ParameterList([torch.zeros(2, 3), torch.zeros(4)]))


def test_losses_and_accuracies_are_those_of_each_member(blobs: Split) -> None:
    network = Logistic(2)
    with torch.no_grad():
        network.weight[1] *= -1
    logits = network(blobs.test.inputs).detach()
    expected = [float(nn.functional.cross_entropy(member, blobs.test.labels)) for member in logits]
    assert member_losses(logits, blobs.test.labels).tolist() == pytest.approx(expected)
    right = [float((member.argmax(1) == blobs.test.labels).double().mean()) for member in logits]
    assert member_accuracies(network, blobs.test, batch_size=7) == right


def test_another_optimizer_is_refused(blobs: Split) -> None:
    with pytest.raises(ValueError, match="expected the optimizer adam, got sgd"):
        train_side_by_side(Logistic(1), blobs, Budget(steps=1, batch_size=2), [Rate(0.1)], seed=0)
