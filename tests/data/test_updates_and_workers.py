"""How often parameters change, and what the workers of a loader draw."""

from __future__ import annotations

import numpy as np
import pytest

from experiments.data.core.updates import LOOPS, count_updates
from experiments.data.core.workers import SOURCES, Draws, draw


@pytest.mark.parametrize(("accumulate", "updates"), [(1, 6), (2, 3), (4, 2), (6, 1)])
def test_accumulation_divides_the_updates_and_rounds_up(accumulate: int, updates: int) -> None:
    assert count_updates("gradient accumulation", batches=6, accumulate=accumulate, seed=0) == updates


@pytest.mark.parametrize("seed", range(3))
def test_a_plain_loop_updates_once_per_batch_an_overflow_skips_one_and_lbfgs_does_more(seed: int) -> None:
    counts = {loop: count_updates(loop, batches=6, accumulate=3, seed=seed) for loop in LOOPS}
    assert counts["plain loop"] == 6
    assert counts["gradient accumulation"] == 2
    assert counts["mixed precision with one overflow"] == 5
    assert counts["L-BFGS"] > 6


def test_a_generator_in_the_data_set_repeats_in_every_worker_and_every_epoch() -> None:
    found = {source.source: source for source in draw(8, workers=2, seed=5)}
    assert set(found) == set(SOURCES)
    kept = found.pop("numpy, kept in the data set")
    assert (kept.distinct, kept.repeated) == (4, 8)
    assert {(source.distinct, source.repeated) for source in found.values()} == {(8, 0)}


def test_without_workers_the_kept_generator_goes_on() -> None:
    kept = draw(6, workers=0, seed=5)[-1]
    assert (kept.distinct, kept.repeated) == (6, 0)


def test_the_kept_generator_is_numpys_with_that_seed() -> None:
    assert float(Draws(3, seed=9)[0][3]) == np.random.default_rng(9).random()
