"""Rows with a known answer: what the claims of nn.layers and nn.width make of them."""

from __future__ import annotations

import pytest

from experiments.nn import layers, width

RATES = (0.1, 0.2, 0.3)
FLAT = {0.1: 0.0, 0.2: 0.05, 0.3: 0.0}
"""By how much the accuracy at each rate is better than at the worst."""


def trainings(steps: dict[float, int], batch_norm: bool, reached: bool = True) -> list[layers.Row]:
    return [
        layers.Row(
            part="training", case="he", batch_norm=batch_norm, seed=s, lr=lr, steps_to_target=n + s, reached=reached
        )
        for lr, n in steps.items()
        for s in range(6)
    ]


def accuracies(shape: str, base: float, by_rate: dict[float, float]) -> list[width.Row]:
    return [
        width.Row(
            shape=shape,
            widths="8-4",
            parameters=100,
            excess=0.0,
            unscaled_excess=0.5,
            seed=seed,
            lr=lr,
            validation_accuracy=base + more,
            test_accuracy=base + more + 0.001 * seed * (shape == "decreasing"),
        )
        for lr, more in by_rate.items()
        for seed in range(6)
    ]


@pytest.mark.parametrize(("slow", "verdict"), [(90, "holds"), (44, "refuted")])
def test_arms_of_batch_norm_are_compared_at_their_fastest_rates(slow: int, verdict: str) -> None:
    rows = [
        *trainings({0.1: 200, 0.2: slow, 0.3: 150}, batch_norm=False),
        *trainings({0.1: 80, 0.2: 60, 0.3: 40, 0.4: 70}, batch_norm=True),
    ]
    assert layers._faster(rows, "he").outcome == verdict


def test_a_fastest_rate_at_the_edge_of_the_grid_is_undecided() -> None:
    rows = [*trainings({0.1: 90, 0.2: 100}, batch_norm=False), *trainings(dict.fromkeys(RATES, 40), batch_norm=True)]
    assert layers._faster(rows, "he").outcome == "inconclusive"


def test_an_arm_that_never_arrives_has_no_best_rate_and_loses() -> None:
    rows = [
        *trainings(dict.fromkeys(RATES, 200), batch_norm=False, reached=False),
        *trainings({0.1: 80, 0.2: 40, 0.3: 60}, batch_norm=True),
    ]
    assert layers._faster(rows, "he").outcome == "holds"


@pytest.mark.parametrize(("lead", "verdict"), [(0.03, "holds"), (-0.02, "refuted")])
def test_shapes_are_compared_on_test_data_at_the_rate_of_validation(lead: float, verdict: str) -> None:
    rows = [*accuracies("decreasing", 0.8 + lead, FLAT), *accuracies("constant", 0.8, FLAT)]
    assert width.decreasing_widths_beat_constant_ones(rows).outcome == verdict


def test_a_shape_at_the_edge_of_its_grid_or_absent_is_undecided() -> None:
    rows = [*accuracies("decreasing", 0.9, {0.1: 0.0, 0.2: 0.05}), *accuracies("constant", 0.8, FLAT)]
    assert "edge of the grid" in width.decreasing_widths_beat_constant_ones(rows).at(0.05).summary
    assert "got none of constant" in width.decreasing_widths_beat_constant_ones(rows[:6]).at(0.05).summary


def test_equal_parameters_are_checked_against_shapes_that_are_not_scaled() -> None:
    rows = accuracies("constant", 0.8, FLAT)
    assert width.shapes_have_equal_parameters(rows).outcome == "holds"
