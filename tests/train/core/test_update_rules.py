"""Update rules by formula against torch.optim."""

from __future__ import annotations

import pytest
import torch

from experiments.train.core import update_rules
from experiments.train.core.update_rules import Rule


def noisy_gradient(x: torch.Tensor, t: int) -> torch.Tensor:
    return 3 * x + torch.sin(torch.tensor([t, 2.0 * t, 7.0], dtype=x.dtype))


@pytest.mark.parametrize("decay", [0.0, 0.1])
@pytest.mark.parametrize("name", update_rules.DIRECTIONS)
def test_a_rule_walks_the_trajectory_of_torch(name: str, decay: float) -> None:
    rule, start = Rule(name=name, lr=0.01, weight_decay=decay), torch.tensor([1.0, -2.0, 3.0], dtype=torch.float64)
    ours = update_rules.trajectory(rule, start, noisy_gradient, 100)
    theirs = update_rules.torch_trajectory(rule, start, noisy_gradient, 100)
    torch.testing.assert_close(ours, theirs, atol=1e-12, rtol=0)


def test_the_gradient_of_rosenbrocks_valley_is_that_of_autograd() -> None:
    x = torch.tensor([-1.2, 1.0], dtype=torch.float64, requires_grad=True)
    value = (1 - x[0]) ** 2 + 100 * (x[1] - x[0] ** 2) ** 2
    torch.testing.assert_close(update_rules.rosenbrock_gradient(x.detach()), torch.autograd.grad(value, x)[0])


def test_adams_first_step_has_the_length_of_the_learning_rate() -> None:
    rule, start = Rule(name="adam", lr=0.01), torch.zeros(2, dtype=torch.float64)
    path = update_rules.trajectory(rule, start, lambda x, t: torch.tensor([1e-3, -50.0], dtype=torch.float64), 1)
    torch.testing.assert_close(path[1], torch.tensor([-0.01, 0.01], dtype=torch.float64), rtol=1e-4, atol=0)


def test_decoupled_decay_is_an_l2_penalty_for_sgd() -> None:
    start = torch.tensor([1.0, -2.0, 3.0], dtype=torch.float64)
    l2 = update_rules.trajectory(Rule(name="sgd", lr=0.1, weight_decay=0.2), start, noisy_gradient, 50)
    apart = update_rules.shrunk_trajectory(Rule(name="sgd", lr=0.1), 0.2, start, noisy_gradient, 50)
    torch.testing.assert_close(l2, apart, atol=1e-12, rtol=0)


def test_adam_ends_at_the_worst_point_of_its_counterexample() -> None:
    # at x = 1 the mean regret is 2 (c - 2) / 3
    assert update_rules.reddi_average_regret("adam", 3000) == pytest.approx(4 / 3, abs=0.02)
    assert update_rules.reddi_average_regret("amsgrad", 3000) < 0.05
