"""Images that every training of this folder can learn, and what networks side by side have to keep."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from experiments.foundation.networks.split import Examples, Split
from experiments.foundation.networks.tuned_networks import Members


@pytest.fixture
def striped() -> Callable[[int], Split]:
    """``striped(n)``: n images whose class is that of their brightest third."""

    def make(n: int) -> Split:
        drawn = torch.randn(n, 2, 12, 12, generator=torch.Generator().manual_seed(5), dtype=torch.float64)
        x = drawn.float()
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

    return make


@pytest.fixture
def assert_alike() -> Callable[[Members[Any], Sequence[nn.Module], Tensor], None]:
    """Members give the logits of the networks alone, and the gradients of all parameters."""

    def check(members: Members[Any], networks: Sequence[nn.Module], x: Tensor) -> None:
        together = members(x)
        together.square().sum().backward()
        for index, network in enumerate(networks):
            alone = network(x)
            torch.testing.assert_close(together[index], alone)
            alone.square().sum().backward()
            for stacked, own in zip(members.weights, network.parameters(), strict=True):
                assert stacked.grad is not None
                torch.testing.assert_close(stacked.grad[index], own.grad)

    return check
