"""Learning rates against closed forms, the training loop against torch's optimizers."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import nn

from experiments.train.core.fitting import fit, mean_loss
from experiments.train.core.learning_rates import descend_quadratic, third_step
from experiments.train.core.perceptron import perceptron


@pytest.mark.parametrize(("lr", "converges"), [(1.999, True), (2.001, False)])
def test_two_over_the_largest_curvature_is_the_limit(lr: float, converges: bool) -> None:
    end = descend_quadratic(np.array([1.0, 0.5]), lr, 20_000)
    assert (end.converged, end.diverged) == (converges, not converges)


def test_the_number_of_steps_is_that_of_the_closed_form() -> None:
    end = descend_quadratic(np.array([1.0]), 0.1, 1000, until=1e-6)
    assert end.steps == math.ceil(math.log(1e-6) / (2 * math.log(0.9)))  # f falls by 0.9^2 a step
    assert end.excess == pytest.approx(0.81**end.steps)


def test_adam_turns_from_the_gradient_and_ignores_its_size() -> None:
    gradients = torch.tensor([[1.0, 10.0], [1.0, -10.0], [1.0, 10.0]], dtype=torch.float64)
    step, longer = (third_step("adam", gradients, 0.01, factor) for factor in (1.0, 1000.0))
    assert step.cosine < 0.9
    assert longer.length == pytest.approx(step.length)
    assert third_step("sgd", gradients, 0.01, 1.0).length == pytest.approx(0.01 * math.hypot(1, 10))


def test_full_batches_train_like_a_plain_loop() -> None:
    torch.manual_seed(0)
    first, second = perceptron((3, 4, 2)), perceptron((3, 4, 2))
    second.load_state_dict(first.state_dict())
    x, y = torch.randn(6, 3), torch.arange(6) % 2
    fit(first, x, y, torch.optim.SGD(first.parameters(), 1.0), batch_size=6, steps=3, seed=0, rates=[0.1, 0.2, 0.3])
    for lr in (0.1, 0.2, 0.3):
        gradients = torch.autograd.grad(nn.functional.cross_entropy(second(x), y), list(second.parameters()))
        for p, g in zip(second.parameters(), gradients, strict=True):
            p.data -= lr * g
    assert mean_loss(first, x, y) == pytest.approx(mean_loss(second, x, y), abs=1e-6)


def test_a_diverged_training_stops_and_says_nan() -> None:
    network = perceptron((3, 4, 2))
    x, y = torch.randn(6, 3), torch.arange(6) % 2
    counted: list[int] = []
    optimizer = torch.optim.SGD(network.parameters(), 1e30)
    assert math.isnan(fit(network, x, y, optimizer, batch_size=6, steps=50, seed=0, after=counted.append))
    assert len(counted) < 50
