"""The random numbers that the samples of a loader hold."""

from __future__ import annotations

import numpy as np

from experiments.data.core.workers import SOURCES, Draws, draw


def test_without_workers_the_kept_generator_goes_on() -> None:
    first, second = draw(6, workers=0, seed=5)
    assert first.shape == second.shape == (6, len(SOURCES))
    assert len(np.unique(np.concatenate([first[:, -1], second[:, -1]]))) == 12


def test_the_kept_generator_is_numpys_with_that_seed() -> None:
    assert float(Draws(3, seed=9)[0][3]) == np.random.default_rng(9).random()
