"""Landscapes against closed forms."""

from __future__ import annotations

import math

import numpy as np
import pytest

from experiments.train.core import landscapes


def test_escape_from_a_saddle_takes_the_steps_of_the_closed_form() -> None:
    steps = landscapes.steps_off_saddle(1e-8, 0.05, 1000, noise=0, rng=np.random.default_rng(0))
    assert steps == math.ceil(landscapes.steps_in_theory(1e-8, 0.05))
    assert landscapes.steps_off_saddle(0.0, 0.05, 50, noise=0, rng=np.random.default_rng(0)) == 50


def test_wells_without_noise_keep_their_runs_and_the_global_one_has_no_excess() -> None:
    chosen = {"sigma": 1.0, "lr": 0.05, "steps": 50, "runs": 5, "rng": np.random.default_rng(0)}
    local = landscapes.run_wells(math.inf, tilt=0.2, **chosen)
    at_best = landscapes.run_wells(math.inf, tilt=-0.2, **chosen)
    assert (local.left_start, local.in_global, at_best.in_global) == (0, 0, 1)
    assert local.excess_loss == pytest.approx(0.4, abs=0.01)
    assert at_best.excess_loss == pytest.approx(0, abs=1e-9)
