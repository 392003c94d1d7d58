"""Recall, speed and the effort that a recall takes, on cases counted by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from experiments.ann.core.rivals.measuring import Workload, effort_at_recall, queries_per_second

LINE = np.arange(20, dtype=np.float32)[:, None]


def test_recall_is_the_share_of_the_truth_that_was_found() -> None:
    load = Workload.of(LINE, np.array([[0.1], [9.9]], np.float32), 2)
    found = load.distances(np.array([[0, 5], [10, 9]]))
    assert (load.recall(found, 2), load.recall(found, 1)) == (0.75, 1.0)
    assert math.isnan(load.recall(found, 3))


def test_the_first_queries_keep_their_truth() -> None:
    load = Workload.of(LINE, LINE[:6] + np.float32(0.1), 3)
    few = load.first(2)
    assert (len(few.queries), few.truth.tolist(), few.k) == (2, load.truth[:2].tolist(), 3)


@pytest.mark.parametrize(("batch", "calls"), [(True, [6] * 3), (False, [1] * 18)])
def test_speed_is_timed_after_a_pass_to_warm_up(batch: bool, calls: list[int]) -> None:
    seen: list[int] = []
    speed = queries_per_second(lambda queries: seen.append(len(queries)), LINE[:6], batch=batch, repeats=2)
    assert seen == calls
    assert speed > 0


@pytest.mark.parametrize(
    ("recalls", "expected"), [([0.8, 0.9, 1.0], 10 * 10**0.5), ([0.96, 0.97, 1.0], 1), ([0.1, 0.2, 0.3], math.nan)]
)
def test_effort_is_interpolated_on_the_logarithm(recalls: list[float], expected: float) -> None:
    assert effort_at_recall(recalls, [1, 10, 100], 0.95) == pytest.approx(expected, nan_ok=True)
