"""Operation counts: by hand on small programs, by sympy's own count, and their growth with depth."""

from __future__ import annotations

import math

import numpy as np
import pytest
import sympy

from experiments.autograd.core.counting import Cost, Counted, Counter, formula_cost, iterate, tape_cost
from experiments.foundation.statements.expressions import arithmetic, parse, random_program


def test_counted_numbers_compute_like_floats_and_count() -> None:
    counter = Counter()
    x = Counted(0.5, counter)
    result = -((2 - x * 3) ** 2) / (1 + np.sin(x))
    assert result.value == pytest.approx(-((2 - 1.5) ** 2) / (1 + math.sin(0.5)))
    assert counter.operations == 7


def test_a_product_costs_one_operation_and_three_with_its_gradient() -> None:
    # 1 forward; dL/dx = 1 * y and dL/dy = 1 * x backward
    assert tape_cost(parse("x*y", ("x", "y")), [2.0, 3.0]) == Cost(function=1, gradient=3)


def test_formulas_are_counted_as_sympy_counts_them() -> None:
    x = sympy.Symbol("x", real=True)
    formula = formula_cost(parse("sin(x)*x"))
    assert (formula.function, formula.derivative) == (2, sympy.count_ops(x * sympy.cos(x) + sympy.sin(x)))


@pytest.mark.parametrize(
    ("kind", "by_hand"),
    [
        ("logistic", lambda x: 4 * x * (1 - x)),
        ("polynomial", lambda x: x * x + 0.25),
        ("mlp", lambda x: math.tanh(1.5 * x + 0.25)),
    ],
)
def test_a_map_is_applied_depth_times(kind: str, by_hand: object) -> None:
    x = 0.3
    for _ in range(3):
        x = by_hand(x)  # type: ignore[operator]
    assert float(iterate(kind, 3)([0.3], arithmetic(np))) == pytest.approx(x, rel=1e-14)  # type: ignore[arg-type]


def test_the_logistic_formula_swells_as_the_catalog_says_and_the_tape_does_not() -> None:
    formulas = {depth: formula_cost(iterate("logistic", depth)) for depth in (2, 4, 6)}
    assert {d: f.function for d, f in formulas.items()} == {2: 8, 4: 38, 6: 158}
    assert {d: f.derivative for d, f in formulas.items()} == {2: 21, 4: 264, 6: 2096}
    costs = [tape_cost(iterate("logistic", depth), [0.3]) for depth in (1, 2, 3, 4)]
    assert len(set(np.diff([cost.gradient for cost in costs]))) == 1


@pytest.mark.parametrize("seed", range(10))
def test_a_gradient_costs_at_most_five_functions_on_random_programs(seed: int) -> None:
    cost = tape_cost(random_program(np.random.default_rng(seed), [0.7, 1.2], 25), [0.7, 1.2])
    assert cost.function == 25
    assert cost.function < cost.gradient <= 5 * cost.function
