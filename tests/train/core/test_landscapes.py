"""Landscapes against closed forms and torch's gradient."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from experiments.train.core import landscapes
from experiments.train.core.landscapes import Wells


def test_escape_from_a_saddle_takes_the_steps_of_the_closed_form() -> None:
    steps = landscapes.steps_off_saddle(1e-8, 0.05, 1000, noise=0, rng=np.random.default_rng(0))
    assert steps == math.ceil(landscapes.steps_in_theory(1e-8, 0.05))
    assert landscapes.steps_off_saddle(0.0, 0.05, 50, noise=0, rng=np.random.default_rng(0)) == 50


def test_the_gradient_vanishes_at_the_minima_and_the_true_frequency_is_the_best() -> None:
    wells = Wells.draw(200, np.random.default_rng(0))
    w = torch.tensor(wells.minima, requires_grad=True)
    x, y = torch.tensor(wells.x), torch.tensor(wells.y)
    (gradient,) = torch.autograd.grad(((w[:, None] * x).sin() - y).square().mean(1).sum(), w)
    assert gradient.abs().max() < 0.05
    assert abs(wells.best - 3) < 0.1 < wells.local - wells.best
    assert len(wells.barriers) in (len(wells.minima) - 1, len(wells.minima), len(wells.minima) + 1)


def test_a_step_is_that_of_torch_on_the_same_batch() -> None:
    wells = Wells.draw(50, np.random.default_rng(0))
    (stepped,) = wells.descend(8, lr=0.1, steps=1, runs=1, rng=np.random.default_rng(1))
    chosen = np.random.default_rng(1).integers(50, size=(1, 8))[0]
    w = torch.tensor(wells.local, dtype=torch.float64, requires_grad=True)
    loss = ((w * torch.tensor(wells.x[chosen])).sin() - torch.tensor(wells.y[chosen])).square().mean()
    loss.backward()
    assert w.grad is not None
    assert stepped == pytest.approx(wells.local - 0.1 * w.grad.item(), abs=1e-14)


def test_all_runs_without_a_step_lie_beside_the_local_minimum() -> None:
    wells = Wells.draw(50, np.random.default_rng(0))
    start = wells.descend(1, lr=0.1, steps=0, runs=5, rng=np.random.default_rng(0))
    assert wells.share_beside(start, wells.local) == 1
    assert wells.share_beside(start, wells.best) == 0
