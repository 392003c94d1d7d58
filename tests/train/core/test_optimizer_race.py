"""Races against closed forms."""

from __future__ import annotations

import torch

from experiments.train.core import optimizer_race


def test_sgd_on_a_quadratic_takes_the_steps_of_its_closed_form_at_every_rate() -> None:
    problem = optimizer_race.ill_conditioned(1, 1.0, torch.Generator().manual_seed(0))
    # the loss falls by (1 - 0.1)^2 a step, 0.81^22 <= 0.01 < 0.81^21, or by a quarter: 4^-4 <= 0.01 < 4^-3
    taken = optimizer_race.steps_to(problem, "sgd", (0.1, 0.5), share=0.01, most_steps=100, seed=0)
    assert taken == [22, 4]


def test_races_that_diverge_or_are_too_slow_never_end() -> None:
    problem = optimizer_race.ill_conditioned(2, 10.0, torch.Generator().manual_seed(0))
    lrs = (1e30, 1e-9, 1.0)
    *missed, taken = optimizer_race.steps_to(problem, "sgd", lrs, share=0.01, most_steps=50, seed=0)
    assert missed == [None, None]
    assert taken
