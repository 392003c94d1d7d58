"""U-Nets side by side against one of torch's own layers, trained alone by torch's Adam."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from experiments.foundation.networks.ensemble import Member
from experiments.loss.core.segments import pictures
from experiments.loss.core.unets import UNets, gradient_snr
from experiments.loss.dice.setup import image_losses


class UNet(nn.Module):
    """Logits (n, 1, h, w); without ``skips`` the way up sees only what came from below, through as many channels."""

    def __init__(self, width: int, *, skips: bool = True) -> None:
        super().__init__()
        self.skips = skips
        sizes = ((1, width), (width, 2 * width), (2 * width, 2 * width), (4 * width, width), (2 * width, width))
        self.convolutions = nn.ModuleList(nn.Conv2d(*size, 3, padding=1) for size in sizes)
        self.convolutions.append(nn.Conv2d(width, 1, 1))

    def forward(self, images: Tensor) -> Tensor:
        outer, inner, bottom, up, last, head = self.convolutions
        hidden = images
        kept = []
        for layer in (outer, inner):
            hidden = layer(hidden).relu()
            kept.append(hidden)
            hidden = functional.max_pool2d(hidden, 2)
        hidden = bottom(hidden).relu()
        for layer, beside in zip((up, last), reversed(kept), strict=True):
            wide = functional.interpolate(hidden, scale_factor=2.0, mode="nearest")
            hidden = layer(torch.cat([wide, beside if self.skips else torch.zeros_like(beside)], 1)).relu()
        return head(hidden)


def alone(unets: UNets, member: int, *, skips: bool) -> UNet:
    """One member as a network of torch's own layers."""
    network = UNet(2, skips=skips)
    with torch.no_grad():
        for parameter, weight in zip(network.parameters(), unets.weights, strict=True):
            parameter.copy_(weight[member])
    return network


def test_a_network_without_skips_has_as_many_weights() -> None:
    members = [Member(image_losses(1.0, 0.1)["dice"], 0.1)] * 2
    unets = UNets(members, [True, False], 4, torch.Generator().manual_seed(0))
    sizes = {sum(weight[member].numel() for weight in unets.weights) for member in range(2)}
    assert sizes == {sum(p.numel() for p in UNet(4).parameters())}
    assert unets.logits(torch.zeros(3, 1, 16, 16)).shape == (2, 3, 16, 16)


def test_u_nets_side_by_side_train_as_torchs_adam_trains_them_alone() -> None:
    rng = torch.Generator().manual_seed(0)
    images, masks = pictures(6, 16, 0.1, rng)
    losses, rates, skips = image_losses(1.0, 0.1), (1e-2, 3e-2), (True, False)
    members = [Member(losses["ce"], rates[0], 0), Member(losses["dice"], rates[1], 1)]
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
    for weight, torchs in zip(unets.weights, UNet(4).parameters(), strict=True):
        assert torch.equal(weight[0], weight[1])
        assert not torch.equal(weight[0], weight[2])
        assert weight[0].shape == torchs.shape
    first = unets.weights[0]
    assert 0.5 / 3 < first.abs().max() <= 1 / 3  # 1 / sqrt(fan in)


def test_steadiness_is_the_squared_mean_gradient_over_its_variance() -> None:
    images, masks = pictures(28, 16, 0.2, torch.Generator().manual_seed(0))
    unets = UNets([Member(image_losses(1.0, 0.2)["ce"], 0.1)], [True], 2, torch.Generator().manual_seed(0))
    network, found = alone(unets, 0, skips=True), []
    for first in (0, 8, 16):  # the last four images are no whole batch
        part = slice(first, first + 8)
        loss = functional.binary_cross_entropy_with_logits(network(images[part]), masks[part])
        gradients = torch.autograd.grad(loss, list(network.parameters()))
        found.append(np.concatenate([g.numpy().ravel() for g in gradients]))
    expected = np.square(np.mean(found, 0)).sum() / np.var(found, 0, ddof=1).sum()
    assert gradient_snr(unets, images, masks, 8).item() == pytest.approx(expected, rel=1e-3)
