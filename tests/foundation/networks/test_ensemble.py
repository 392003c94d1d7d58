"""Perceptrons trained side by side are those trained alone by torch's Adam."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from experiments.foundation.networks.ensemble import Ensemble, Member, own_losses


def cross_entropy_each(logits: Tensor, targets: Tensor) -> Tensor:
    return functional.cross_entropy(logits, targets, reduction="none")


def squared_each(logits: Tensor, targets: Tensor) -> Tensor:
    return (logits - functional.one_hot(targets, logits.shape[1])).square().sum(1)


def test_members_train_as_torchs_adam_trains_them_alone() -> None:
    rng = torch.Generator().manual_seed(0)
    inputs, targets = torch.randn(40, 3, generator=rng), torch.randint(2, (40,), generator=rng)
    losses = [cross_entropy_each, squared_each]
    ensemble = Ensemble([Member(loss, lr) for loss, lr in zip(losses, (1e-2, 3e-2), strict=True)], (3, 4, 2), rng)
    alone = []
    for e in range(2):
        network = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))
        with torch.no_grad():
            for layer, (weight, bias) in zip(
                (network[0], network[2]), (ensemble.weights[:2], ensemble.weights[2:]), strict=True
            ):
                layer.weight.copy_(weight[e].T)
                layer.bias.copy_(bias[e, 0])
        alone.append((network, torch.optim.Adam(network.parameters(), lr=(1e-2, 3e-2)[e])))
    for share in (1.0, 0.8, 0.6, 0.4, 0.2):
        ensemble.update(inputs, targets.expand(2, -1), share)
        for (network, optimizer), loss, lr in zip(alone, losses, (1e-2, 3e-2), strict=True):
            optimizer.param_groups[0]["lr"] = share * lr
            optimizer.zero_grad()
            loss(network(inputs), targets).mean().backward()
            optimizer.step()
    expected = torch.stack([network(inputs) for network, _ in alone])
    torch.testing.assert_close(ensemble.logits(inputs), expected, rtol=1e-4, atol=1e-5)


def test_members_with_one_start_begin_equal_and_biases_are_added() -> None:
    members = [Member(cross_entropy_each, 0.1), Member(cross_entropy_each, 0.2)]
    ensemble = Ensemble(members, (2, 3, 1), torch.Generator().manual_seed(0), [0.0, -4.595])
    logits = ensemble.logits(torch.ones(1, 2))
    torch.testing.assert_close(logits[1] - logits[0], torch.full((1, 1), -4.595))


def test_neighbors_with_one_loss_and_members_with_their_own_get_the_same_mean() -> None:
    rng = torch.Generator().manual_seed(1)
    logits, targets = torch.randn(3, 7, 4, generator=rng), torch.randint(4, (3, 7), generator=rng)
    members = [Member(loss, 0.1) for loss in (cross_entropy_each, cross_entropy_each, squared_each)]
    expected = [member.loss(z, t).mean() for member, z, t in zip(members, logits, targets, strict=True)]
    torch.testing.assert_close(own_losses(members, logits, targets), torch.stack(expected))


def test_training_visits_full_batches_and_reports_every_update() -> None:
    ensemble = Ensemble([Member(cross_entropy_each, 0.05)], (2, 8, 2), torch.Generator().manual_seed(0))
    inputs = torch.randn(50, 2, generator=torch.Generator().manual_seed(1))
    targets = (inputs[:, 0] > 0).long().expand(1, -1)
    seen = list(ensemble.train(inputs, targets, steps=60, batch=20, rng=torch.Generator().manual_seed(2)))
    assert [step for step, _ in seen] == list(range(1, 61))
    assert float(seen[-1][1]) < 0.5 * float(seen[0][1])
