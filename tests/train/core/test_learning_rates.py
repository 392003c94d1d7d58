"""Learning rates against closed forms."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from experiments.train.core.learning_rates import descend_quadratic, third_step


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
