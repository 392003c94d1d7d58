"""Shapes at equal parameters, trainings side by side, and the choice of a learning rate."""

from __future__ import annotations

from itertools import pairwise

import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy

from experiments.foundation.networks.budget import Budget
from experiments.foundation.networks.split import Split
from experiments.foundation.networks.timing import reproducible
from experiments.nn.core.perceptrons import deep_perceptron, memorize, train_perceptrons
from experiments.nn.core.shapes import profile, unscaled_widths, widths_for

SHAPES = ("decreasing", "constant", "increasing", "hourglass", "diamond")


def parameters_of(widths: tuple[int, ...], n_in: int, n_out: int) -> int:
    sizes = (n_in, *widths, n_out)
    network = nn.Sequential(*(nn.Linear(*pair) for pair in pairwise(sizes)))
    return sum(parameter.numel() for parameter in network.parameters())


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("parameters", "layers"), [(12_000, 3), (30_000, 5), (5_000, 2)])
def test_every_shape_has_the_parameters_that_were_asked_for(shape: str, parameters: int, layers: int) -> None:
    widths = widths_for(shape, n_in=64, n_out=10, layers=layers, taper=3, parameters=parameters, tolerance=0.02)  # type: ignore[arg-type]
    assert len(widths) == layers
    assert parameters_of(widths, 64, 10) == pytest.approx(parameters, rel=0.02)


def test_shapes_are_what_they_are_called() -> None:
    assert profile("decreasing", 3, 4) == [4, 2, 1]
    assert profile("increasing", 3, 4) == [1, 2, 4]
    assert profile("constant", 3, 4) == [1, 1, 1]
    assert profile("hourglass", 3, 4) == [4, 1, 4]
    assert profile("diamond", 3, 4) == [1, 4, 1]
    assert unscaled_widths("decreasing", 80, layers=3, taper=4) == (80, 40, 20)
    with pytest.raises(ValueError, match="at least two layers, got 1"):
        profile("constant", 1, 4)


def test_a_number_of_parameters_out_of_reach_is_refused() -> None:
    with pytest.raises(ValueError, match="expected 900 parameters within 2%, the nearest constant widths"):
        widths_for("constant", n_in=64, n_out=10, layers=2, taper=4, parameters=900, tolerance=0.02)


def test_perceptrons_side_by_side_are_those_of_torchs_adam(blobs: Split) -> None:
    split, budget = blobs, Budget(steps=15, batch_size=20, optimizer="adam")
    fits = train_perceptrons((6,), split, budget, (0.01, 0.1), seed=4)
    rng = torch.Generator().manual_seed(4)
    first, second = torch.randn(1, 16, 6, generator=rng)[0] * (2 / 16) ** 0.5, torch.randn(6, 3, generator=rng) / 3**0.5
    network = nn.Sequential(nn.Flatten(), nn.Linear(16, 6), nn.ReLU(), nn.Linear(6, 3))
    with torch.no_grad():
        for layer, weight in ((network[1], first), (network[3], second)):
            layer.weight.copy_(weight.T)
            layer.bias.zero_()
    optimizer, order, losses = torch.optim.Adam(network.parameters(), lr=0.1), torch.Generator().manual_seed(5), []
    chosen = torch.cat([torch.randperm(120, generator=order) for _ in range(3)]).split(20)
    for batch in chosen[: budget.steps]:
        loss = cross_entropy(network(split.train.inputs[batch]), split.train.labels[batch])
        losses.append(float(loss.detach()))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert fits[1].losses == pytest.approx(losses, abs=1e-4)
    assert fits[1].train_loss < fits[0].train_loss


@pytest.mark.parametrize(("init", "variance"), [("default", 1 / (3 * 64)), ("he", 2 / 64), ("xavier", 2 / 128)])
def test_initial_weights_have_the_variance_of_their_name(init: str, variance: float) -> None:
    with reproducible(0):
        network = deep_perceptron(64, 10, layers=4, width=64, init=init, batch_norm=True)  # type: ignore[arg-type]
    hidden = [module for module in network if isinstance(module, nn.Linear)][1:-1]
    assert float(torch.cat([layer.weight for layer in hidden]).var().detach()) == pytest.approx(variance, rel=0.05)
    assert sum(isinstance(module, nn.BatchNorm1d) for module in network) == 4


def test_a_wide_perceptron_memorizes_random_labels_and_a_narrow_one_does_not() -> None:
    inputs = torch.randn(40, 1, 4, 4, generator=torch.Generator().manual_seed(0))
    budget = Budget(steps=150, batch_size=20, optimizer="adam")
    wide, narrow = (memorize(inputs, 5, (width, width), budget, networks=3, lr=0.01, seed=0) for width in (64, 2))
    assert wide == [1.0, 1.0, 1.0]
    assert max(narrow) < 1
