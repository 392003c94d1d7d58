"""How often parameters change in an epoch."""

from __future__ import annotations

import pytest

from experiments.data.core.updates import LOOPS, count_updates


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
