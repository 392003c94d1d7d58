"""Rows with a known answer: what the claims of nn.width make of them."""

from __future__ import annotations

import pytest

from experiments.lab.experiment import Rows
from experiments.lab.judge.judge import Finding, judge
from experiments.nn.width import EXPERIMENT, PART, ShapeRow, best_and_decreasing

FLAT = {0.1: 0.0, 0.2: 0.05, 0.3: 0.0}
"""By how much the accuracy at each rate is better than at the worst."""


def accuracies(shape: str, base: float, by_rate: dict[float, float]) -> list[ShapeRow]:
    return [
        ShapeRow(
            shape=shape,
            widths="8-4",
            parameters=100,
            excess=0.0,
            unscaled_excess=0.5,
            seed=seed,
            lr=lr,
            train_loss=1.0,
            train_accuracy=1.0,
            validation_accuracy=base + more,
            test_accuracy=base + more + 0.001 * seed * (shape == "decreasing"),
            diverged=False,
            dataset="digits",
        )
        for lr, more in by_rate.items()
        for seed in range(6)
    ]


def found(claim: str, rows: list[ShapeRow]) -> Finding:
    return next(one for one in judge(EXPERIMENT.asked(Rows({PART.name: rows})), smoke=False) if one.claim == claim)


@pytest.mark.parametrize(("lead", "verdict"), [(0.03, "holds"), (-0.02, "refuted")])
def test_shapes_are_compared_on_test_data_at_the_rate_of_validation(lead: float, verdict: str) -> None:
    rows = [*accuracies("decreasing", 0.8 + lead, FLAT), *accuracies("constant", 0.8, FLAT)]
    assert found("decreasing_widths_beat_constant_ones", rows).verdict == verdict


def test_the_figure_names_the_best_shape_beside_the_decreasing_one() -> None:
    rows = [*accuracies("decreasing", 0.8, FLAT), *accuracies("constant", 0.9, FLAT)]
    said = "Each at its own rate, constant widths are best with 95 %; decreasing ones have 85.2 %"
    assert best_and_decreasing(rows) == said
    assert best_and_decreasing(rows[:18]) == "Each at its own rate, decreasing widths are best with 85.2 %"


def test_a_shape_at_the_edge_of_its_grid_or_absent_is_undecided() -> None:
    rows = [*accuracies("decreasing", 0.9, {0.05: 0.0, 0.1: 0.0, 0.2: 0.05}), *accuracies("constant", 0.8, FLAT)]
    assert "largest" in found("decreasing_widths_beat_constant_ones", rows).summary
    assert "got none of constant" in found("decreasing_widths_beat_constant_ones", rows[:18]).summary


def test_equal_parameters_are_checked_against_shapes_that_are_not_scaled() -> None:
    assert found("shapes_have_equal_parameters", accuracies("constant", 0.8, FLAT)).verdict == "holds"
