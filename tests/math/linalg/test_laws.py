"""The laws of the three products, and the objects that must break them."""

from __future__ import annotations

import numpy as np
import pytest

from experiments.math.linalg.laws import convolution_trials, dot_trials, elementwise_trials, matrix_trials


@pytest.mark.parametrize("seed", range(4))
def test_laws_of_products_hold_and_their_controls_fail(seed: int) -> None:
    rng = np.random.default_rng(seed)
    trials = [*dot_trials(rng, 16), *elementwise_trials(rng, 4), *matrix_trials(rng, 4), *convolution_trials(rng, 5)]
    assert max(trial.error for trial in trials) < 1e-12
    assert min(trial.control_error for trial in trials) > 1e-3
