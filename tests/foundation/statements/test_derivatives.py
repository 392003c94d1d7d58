"""Automatic, symbolic and numerical gradients against each other, scipy and closed forms."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import approx_fprime

from experiments.foundation.statements.derivatives import (
    forward_gradient,
    gradient_error,
    symbolic_derivative,
    symbolic_gradient,
    torch_gradient,
)
from experiments.foundation.statements.expressions import arithmetic, parse, random_program


def test_torch_and_sympy_agree_on_a_gradient_by_hand() -> None:
    program = parse("x*y + sin(y)", ("x", "y"))
    assert torch_gradient(program, [3.0, 0.5]) == pytest.approx([0.5, 3 + np.cos(0.5)], rel=1e-15)
    assert float(symbolic_derivative(program, [3.0, 0.5], by=1)) == pytest.approx(3 + np.cos(0.5), rel=1e-15)
    assert symbolic_gradient(program, [3.0, 0.5]) == pytest.approx([0.5, 3 + np.cos(0.5)], rel=1e-15)


def test_an_input_that_is_not_used_has_gradient_zero() -> None:
    assert torch_gradient(parse("x*x", ("x", "y")), [3.0, 1.0]).tolist() == [6.0, 0.0]


def test_random_gradients_are_scipys_up_to_its_step() -> None:
    point = [0.8, 1.6]
    program = random_program(np.random.default_rng(2), point, 6)
    theirs = approx_fprime(np.array(point), lambda x: float(program(list(x), arithmetic(np))), 1e-7)
    assert torch_gradient(program, point) == pytest.approx(theirs, rel=1e-4, abs=1e-4)


def test_the_forward_gradient_is_scipys_at_the_same_step() -> None:
    program = parse("x*y + sin(y)", ("x", "y"))
    theirs = approx_fprime(np.array([3.0, 0.5]), lambda x: float(program(list(x), arithmetic(np))), 2.0**-20)
    assert forward_gradient(program, [3.0, 0.5], h=2.0**-20) == pytest.approx(theirs, rel=1e-9)


def test_a_gradient_error_is_relative_to_large_gradients_only() -> None:
    assert gradient_error(np.array([0.5]), np.array([0.25])) == 0.25
    assert gradient_error(np.array([0.0, 8.0]), np.array([1.0, 10.0])) == 0.2
