"""What had been growing before a step went wrong."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from experiments.train.core.nan_drift import EVERY
from experiments.train.core.nan_locator import NanWatch


class Weight(nn.Module):
    """A network of one weight and no inputs."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(4))

    def forward(self) -> Tensor:
        return self.weight.sum()


def test_the_gradient_that_was_growing_is_named_and_training_can_go_on() -> None:
    network = Weight()
    watch = NanWatch(network)
    for scale in (1.0, 1e3, 1e6, torch.inf):
        network.zero_grad()
        watch.begin()
        loss = (network() * scale).clone()
        loss.backward()
        if scale < torch.inf:
            assert watch.guard(loss, network)
        else:
            with pytest.warns(RuntimeWarning, match=r"the gradient of weight grew 1e\+06 times in 2 steps"):
                assert not watch.guard(loss, lambda: network() * torch.inf)


def test_the_activations_that_were_growing_are_named_with_those_of_the_bad_step() -> None:
    network = nn.Sequential(nn.Linear(4, 4, bias=False), nn.ReLU(), nn.Linear(4, 1))
    nn.init.eye_(network[0].weight)
    watch, origin = NanWatch(network), None
    for step in range(EVERY + 2):
        x = torch.full((2, 4), 10.0**step)

        def compute_loss(x: Tensor = x, last: bool = step == EVERY + 1) -> Tensor:
            return network(x).sum() * (torch.inf if last else 0)

        watch.begin()
        loss = compute_loss()
        loss.backward()
        origin = watch.check(loss, compute_loss)
    assert origin is not None
    assert "aminmax" not in " ".join(origin.path)
    assert origin.drift == f"the activations of 0 grew {10.0 ** (EVERY + 1):.3g} times in {EVERY + 1} steps"


def test_hooks_are_gone_between_looks_and_from_networks_that_are_compiled() -> None:
    network = nn.Sequential(nn.Linear(2, 2))
    watch = NanWatch(network)
    watch.begin()
    assert network[0]._forward_hooks
    watch.check(torch.ones(()), lambda: torch.ones(()))
    watch.begin()
    assert not network[0]._forward_hooks
    NanWatch(torch.compile(network, backend="eager")).begin()
    assert not network[0]._forward_hooks
