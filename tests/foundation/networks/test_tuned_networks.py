"""Members side by side answer, and learn, as each network does alone."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from experiments.arch.core.recurrent import Recurrent
from experiments.foundation.architectures.unet import UNet
from experiments.foundation.architectures.vision_transformer import VisionTransformer
from experiments.foundation.networks.tuned_networks import Members


@pytest.mark.parametrize(
    ("build", "shape"),
    [
        (lambda: UNet(1, 1, width=2, depth=1), (1, 8, 8)),
        (lambda: VisionTransformer((1, 8, 8), 3, dim=8, depth=1, heads=2), (1, 8, 8)),
        (lambda: Recurrent("LSTM", 4, 5), (6, 4)),
    ],
    ids=["UNet", "ViT", "LSTM"],
)
def test_members_have_the_outputs_and_gradients_of_the_networks_alone(
    build: type[nn.Module], shape: tuple[int]
) -> None:
    networks = [build() for _ in range(3)]
    members, inputs = Members(networks), torch.randn(2, *shape)
    together = members(inputs)
    together.square().sum().backward()
    for place, network in enumerate(networks):
        alone = network(inputs)
        alone.square().sum().backward()
        torch.testing.assert_close(together[place], alone)
        for weights, parameter in zip(members.weights, network.parameters(), strict=True):
            torch.testing.assert_close(weights.grad[place], parameter.grad, rtol=1e-4, atol=1e-5)
        copied = members.member(place)
        torch.testing.assert_close(copied(inputs), alone)
