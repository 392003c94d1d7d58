"""Which shapes torch multiplies."""

from __future__ import annotations

from experiments.lab.experiment import Setup
from experiments.math.linalg.setup import Params
from experiments.math.linalg.shapes import OTHERS, run, shape_trial, wrong_dimensions

ROWS = list(run(Setup(params=Params(largest_shape=3), seed=0)))


def test_shape_rules_hold_for_matrices_and_elementwise_products_break_them() -> None:
    trials = [row for row in ROWS if row.case == "2-D by 2-D"]
    assert len(trials) == 81
    assert sum(trial.error for trial in trials) == 0
    assert sum(trial.control_error for trial in trials) > 20


def test_torch_multiplies_what_the_rule_for_matrices_forbids() -> None:
    assert all(row.error == 1 for row in ROWS if row.case in OTHERS)
    assert "(5, 2, 3) times (3, 4) gives (5, 2, 4)" in shape_trial("", (5, 2, 3), (3, 4)).counterexample


def test_numpy_counts_axes_and_the_first_size_is_no_dimension() -> None:
    dimensions = [row for row in ROWS if row.statement == "dimensions"]
    assert wrong_dimensions(dimensions).value == 0
    assert all(row.control_error > 0 for row in dimensions)
