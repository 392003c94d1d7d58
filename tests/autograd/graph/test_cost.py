"""Doubling, growth and the cheap gradient, judged on hand-made counts."""

from __future__ import annotations

from experiments.autograd.graph.cost import (
    EXPRESSIONS,
    GROWTH,
    CostRow,
    GrowthRow,
    doubling_by_map,
    gradient_over_function,
    tape_over_depth,
)
from experiments.lab.experiment import Rows
from experiments.lab.judge.measured import NotMeasured


def grown(*formulas: int) -> list[GrowthRow]:
    return [
        GrowthRow(
            function="mlp",
            depth=depth,
            function_operations=depth,
            gradient_operations=3 * depth,
            formula_operations=formula,
            shared_operations=depth,
        )
        for depth, formula in enumerate(formulas, start=1)
    ]


def test_doubling_is_asked_from_depth_two_on() -> None:
    found = doubling_by_map(grown(9, 10, 20, 39))["mlp map"]
    assert found.errors == [0, 1]
    assert found.control == [1, 1]
    assert found.counterexample == "20 operations at depth 3, 39 operations at depth 4"


def test_the_formula_at_the_largest_depth_is_the_control_of_the_cheap_gradient() -> None:
    expressions = [CostRow(function_operations=10, gradient_operations=40)]
    found = gradient_over_function(Rows({GROWTH.name: grown(4, 40), EXPRESSIONS.name: expressions}))
    assert found.errors == [3, 3, 4]
    assert found.control == [20]


def test_growth_needs_the_logistic_map() -> None:
    assert isinstance(tape_over_depth(grown(1, 2)), NotMeasured)
