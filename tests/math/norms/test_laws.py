"""Distances, inequalities, torch's names of matrix norms, and extreme numbers."""

from __future__ import annotations

import numpy as np
import pytest

from experiments.math.norms.laws import distance_trials, matrix_name_trials, order_trials, range_trials, run
from experiments.math.norms.setup import Params, prepare


def test_laws_hold_and_their_controls_fail() -> None:
    rng = np.random.default_rng(2)
    laws = [
        distance_trials(rng.standard_normal((2, 5))),
        order_trials(rng.standard_normal(5)),
        range_trials(rng.standard_normal(5), (1e-200, 1e200)),
    ]
    for trials in map(list, laws):
        assert max(trial.error for trial in trials) < 1e-13
        assert min(trial.control_error for trial in trials) > 1e-3


@pytest.mark.parametrize("seed", range(3))
def test_torchs_order_two_is_the_spectral_norm_and_not_the_root_of_squares(seed: int) -> None:
    trials = {trial.case: trial for trial in matrix_name_trials(np.random.default_rng(seed).uniform(1, 6, (3, 3)))}
    assert trials["no order"].error < 1e-14
    assert "frobenius" in trials["no order"].counterexample
    assert "spectral" in trials["order 2"].counterexample
    assert "max_column_sum" in trials["order 1"].counterexample
    assert min(trials[case].error for case in ("order 1", "order 2", "order inf")) > 1e-3


def test_parts_draw_the_same_instances() -> None:
    vectors = prepare(Params(n=4, trials=2), 7)
    first, second = (next(iter(vectors.instances())) for _ in range(2))
    assert first.sides.tolist() == second.sides.tolist()
    assert first.sparse[0, 0] == 1
    assert list(run(vectors)) == list(run(vectors))
