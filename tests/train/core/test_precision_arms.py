"""Networks trained in number formats, beside plain loops of torch, and what a step keeps in memory."""

from __future__ import annotations

from functools import partial

import pytest
import torch
from torch import nn

from experiments.foundation.networks.split import Examples
from experiments.train.core import precision_arms
from experiments.train.core.batch_costs import training_bytes
from experiments.train.core.perceptron import perceptron


def test_float32_arms_agree_with_a_plain_loop_of_torch() -> None:
    torch.manual_seed(0)
    initial, x, y = perceptron((4, 8, 3)), torch.randn(20, 4), torch.arange(20) % 3
    arm = precision_arms.Arm(type_name="fp32", mode="mixed", optimizer="sgd")
    _, loss_of_ours = precision_arms.train_in(arm, initial, Examples(x, y), [torch.arange(20)] * 3, lr=0.1)
    optimizer = torch.optim.SGD(initial.parameters(), 0.1, momentum=0.9)
    for falling in (0.1, 0.2 / 3, 0.1 / 3):
        optimizer.param_groups[0]["lr"] = falling
        loss = nn.functional.cross_entropy(initial(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert loss_of_ours == pytest.approx(loss.item(), rel=1e-5)


def test_adam_in_fp16_dies_because_its_epsilon_is_zero() -> None:
    torch.manual_seed(0)
    initial, x, y = perceptron((4, 8, 3)), torch.randn(20, 4), torch.arange(20) % 3
    x[:, 0] = 0  # weights of a constant zero input have no gradient: 0 / (0 + eps)
    arm = precision_arms.Arm(type_name="fp16", mode="true", optimizer="adam")
    network, _ = precision_arms.train_in(arm, initial, Examples(x, y), [torch.arange(20)] * 2, lr=0.1)
    assert any(p.isnan().any() for p in network.parameters())


def test_autocast_halves_activations_and_keeps_weights() -> None:
    network, x = perceptron((16, 64, 64, 4)), torch.rand(2048, 16)

    def loss(mixed: bool) -> torch.Tensor:
        with torch.autocast("cpu", torch.bfloat16, enabled=mixed):
            return network(x).float().square().mean()

    full, mixed = (training_bytes(network, partial(loss, mixed)) for mixed in (False, True))
    assert full[0] / mixed[0] == pytest.approx(2, abs=0.1)
    assert full[1] == mixed[1]
