"""What the studies are made of: the ensemble against torch's Adam, data with known answers, thresholds, tuning."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from experiments.foundation.networks.ensemble import Member
from experiments.loss.core import digits_study, segments
from experiments.loss.core.dice_study import Arm, Pictures, Reading, gradient_snr, image_losses, train
from experiments.loss.core.unets import UNets
from experiments.loss.judging import judge_instances
from experiments.loss.tuning import best_of_grid, why_untuned


def test_noisy_labels_are_other_labels() -> None:
    labels = torch.zeros(2000, dtype=torch.int64)
    noisy = digits_study.noisy_labels(labels, 0.3, 10, torch.Generator().manual_seed(0))
    assert (noisy != labels).double().mean().item() == pytest.approx(0.3, abs=0.05)
    assert set(noisy.tolist()) == set(range(10))


@pytest.mark.parametrize("corruption", ["gauss", "salt", "shift"])
def test_corruption_of_no_severity_changes_nothing_and_values_stay_in_range(
    corruption: digits_study.Corruption,
) -> None:
    images = torch.rand(5, 8, 8, generator=torch.Generator().manual_seed(0))
    rng = torch.Generator().manual_seed(1)
    assert torch.equal(digits_study.corrupt(images, corruption, 0.0, rng), images)
    found = digits_study.corrupt(images, corruption, 0.5, rng)
    assert not torch.equal(found, images)
    assert 0 <= found.min() <= found.max() <= 1


def test_a_score_that_is_not_a_number_counts_as_wrong() -> None:
    assert digits_study.accuracy(torch.tensor([[float("nan"), 1.0], [0.0, 1.0]]), torch.tensor([1, 1])) == 0.5


def test_discs_cover_their_share_and_squares_are_no_target() -> None:
    images, masks = segments.pictures(50, 32, 0.05, torch.Generator().manual_seed(0))
    assert masks.mean().item() == pytest.approx(0.05, rel=0.05)
    assert (images > 0.7).float().mean() > 1.5 * masks.mean()


def test_the_boundary_is_what_erosion_takes_and_dilation_adds() -> None:
    mask = torch.zeros(1, 1, 7, 7, dtype=torch.bool)
    mask[..., 2:5, 2:5] = True
    assert segments.boundary(mask).sum() == 25 - 1
    assert segments.boundary_iou(mask, mask) == 1


def test_a_network_without_skips_has_as_many_weights() -> None:
    sizes = {sum(p.numel() for p in segments.UNet(4, skips=skips).parameters()) for skips in (True, False)}
    assert len(sizes) == 1
    assert segments.UNet(4)(torch.zeros(2, 1, 16, 16)).shape == (2, 1, 16, 16)


def alone(unets: UNets, member: int, *, skips: bool) -> segments.UNet:
    """One member as a network of torch's own layers."""
    network = segments.UNet(2, skips=skips)
    layers = [m for m in (*network.down, network.bottom, *network.up) for m in m.modules()] + [network.head]
    convolutions = [layer for layer in layers if isinstance(layer, nn.Conv2d)]
    with torch.no_grad():
        for convolution, weight, bias in zip(convolutions, unets.weights[::2], unets.weights[1::2], strict=True):
            convolution.weight.copy_(weight[member])
            convolution.bias.copy_(bias[member])
    return network


def test_u_nets_side_by_side_train_as_torchs_adam_trains_them_alone() -> None:
    rng = torch.Generator().manual_seed(0)
    images, masks = segments.pictures(6, 16, 0.1, rng)
    losses, rates, skips = image_losses(1.0, 0.1), (1e-2, 3e-2), (True, False)
    members = [Member(losses[name], lr, i) for i, (name, lr) in enumerate(zip(("ce", "dice"), rates, strict=True))]
    unets = UNets(members, skips, 2, rng)
    networks = [alone(unets, i, skips=skips[i]) for i in range(2)]
    optimizers = [torch.optim.Adam(n.parameters(), lr=lr) for n, lr in zip(networks, rates, strict=True)]
    for _ in range(4):
        unets.update(images, masks)
        for network, optimizer, member in zip(networks, optimizers, members, strict=True):
            optimizer.zero_grad()
            member.loss(network(images), masks).mean().backward()
            optimizer.step()
    expected = torch.stack([network(images)[:, 0] for network in networks])
    torch.testing.assert_close(unets.logits(images), expected, rtol=1e-3, atol=1e-4)


def test_u_nets_with_one_start_begin_equal_within_torchs_bounds() -> None:
    members = [Member(image_losses(1.0, 0.1)["dice"], 0.1, start) for start in (0, 0, 1)]
    unets = UNets(members, [True] * 3, 4, torch.Generator().manual_seed(0))
    for weight, torchs in zip(unets.weights, segments.UNet(4).parameters(), strict=True):
        assert torch.equal(weight[0], weight[1])
        assert not torch.equal(weight[0], weight[2])
        assert weight[0].shape == torchs.shape
    first = unets.weights[0]
    assert 0.5 / 3 < first.abs().max() <= 1 / 3  # 1 / sqrt(fan in)


def test_dice_training_learns_discs_and_repeats_exactly() -> None:
    data = Pictures.draw(32, 16, 0.2, torch.Generator().manual_seed(0))

    def readings() -> list[Reading]:
        rng = torch.Generator().manual_seed(0)
        found = train(data, [Arm("dice", 1e-2)], image_losses(1.0, 0.2), read_at=(1, 40), width=4, rng=rng)
        return [reading for _, reading in found]

    first, last = readings()
    assert last.dice_at_half > first.dice_at_half
    assert last.validation_dice > 0.4
    assert last.gradient_snr > 0
    assert readings()[1] == last


def test_steadiness_is_the_squared_mean_gradient_over_its_variance() -> None:
    data = Pictures.draw(24, 16, 0.2, torch.Generator().manual_seed(0))
    unets = UNets([Member(image_losses(1.0, 0.2)["ce"], 0.1)], [True], 2, torch.Generator().manual_seed(0))
    network, (images, masks) = alone(unets, 0, skips=True), data.train
    found = []
    for first in (0, 8, 16):
        part = slice(first, first + 8)
        loss = functional.binary_cross_entropy_with_logits(network(images[part]), masks[part])
        gradients = torch.autograd.grad(loss, list(network.parameters()))
        found.append(np.concatenate([g.numpy().ravel() for g in gradients]))
    expected = np.square(np.mean(found, 0)).sum() / np.var(found, 0, ddof=1).sum()
    assert gradient_snr(unets, data.train).item() == pytest.approx(expected, rel=1e-3)


@dataclass(frozen=True)
class Tried:
    arm: str = "a"
    lr: float = 1.0
    score: float = 0.0
    witness: str = ""
    value: float = 0.0
    error: float = 0.0
    control_error: float = 1.0


def test_the_best_rate_is_that_of_the_mean_over_seeds_and_edges_are_named() -> None:
    rows = [Tried(lr=lr, score=score) for lr, score in ((1, 0.0), (2, 0.9), (2, 0.3), (3, 0.5), (3, 0.5))]
    best = best_of_grid(rows, lambda row: row.score)
    assert {row.lr for row in best["a"]} == {2}
    assert why_untuned(rows, [best["a"]]) is None
    assert why_untuned(rows, [[rows[0]]]) == "the best learning rate of a, 1, is an edge of its grid"


def test_an_instance_without_chance_counts_once() -> None:
    found = judge_instances([Tried(witness="x")] * 5).at(0.05)
    assert found.evidence["instances"] == 1
    assert found.verdict == "holds"
