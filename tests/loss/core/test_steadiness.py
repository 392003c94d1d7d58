"""Steadiness of gradients against its definition, network by network."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits

from experiments.foundation.architectures.unet import UNet
from experiments.foundation.networks.tuned_networks import Members
from experiments.loss.core.segments import pictures
from experiments.loss.core.steadiness import gradient_snr


def test_steadiness_is_the_squared_mean_gradient_over_its_variance() -> None:
    images, masks = pictures(24, 16, 0.2, torch.Generator().manual_seed(0))
    batches = list(zip(images.split(8), masks.split(8), strict=True))
    networks = [UNet(1, 1, width=2, depth=2) for _ in range(2)]
    members = Members(networks)

    def losses(x: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
        logits = members(x)
        return binary_cross_entropy_with_logits(logits, t.expand_as(logits), reduction="none").flatten(1).mean(1)

    expected = [steadiness(network, batches) for network in networks]
    np.testing.assert_allclose(gradient_snr(losses, members.weights, batches), expected, rtol=1e-3)


def steadiness(network: nn.Module, batches: list[tuple[torch.Tensor, torch.Tensor]]) -> float:
    found = []
    for x, t in batches:
        gradients = torch.autograd.grad(binary_cross_entropy_with_logits(network(x), t), list(network.parameters()))
        found.append(np.concatenate([gradient.numpy().ravel() for gradient in gradients]))
    return float(np.square(np.mean(found, 0)).sum() / np.var(found, 0, ddof=1).sum())
