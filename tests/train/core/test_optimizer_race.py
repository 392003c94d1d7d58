"""Races against closed forms."""

from __future__ import annotations

import torch

from experiments.train.core import optimizer_race
from experiments.train.core.update_rules import Rule


def test_sgd_on_a_quadratic_takes_the_steps_of_its_closed_form() -> None:
    problem = optimizer_race.ill_conditioned(1, 1.0, torch.Generator().manual_seed(0))
    # the loss falls by (1 - 0.1)^2 a step: 0.81^22 <= 0.01 < 0.81^21
    assert optimizer_race.steps_to(problem, Rule(name="sgd", lr=0.1), share=0.01, most_steps=100, seed=0) == 22


def test_a_race_that_diverges_counts_as_the_longest() -> None:
    problem = optimizer_race.ill_conditioned(2, 10.0, torch.Generator().manual_seed(0))
    assert optimizer_race.steps_to(problem, Rule(name="sgd", lr=1e30), share=0.01, most_steps=50, seed=0) == 50
