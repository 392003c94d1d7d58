"""Numerical derivatives against scipy and closed forms."""

from __future__ import annotations

import numpy as np
import pytest
import sympy
from scipy.optimize import approx_fprime

from experiments.foundation.statements.expressions import arithmetic, parse
from experiments.math.core.differences import best_step, by_definition, difference, difference_errors


@pytest.mark.parametrize(("scheme", "tolerance"), [("forward", 1e-4), ("central", 1e-8), ("complex", 1e-10)])
def test_a_difference_of_the_exponential_is_the_exponential(scheme: str, tolerance: float) -> None:
    found = difference(np.exp, np.float64(1.0), 1e-5, scheme)  # type: ignore[arg-type]
    assert abs(found - np.e) < tolerance * np.e


def test_the_forward_difference_is_scipys_at_the_same_step() -> None:
    f = parse("x**2*sin(x)")
    ours = difference(lambda t: f([t], arithmetic(np)), np.float64(0.75), 2.0**-20, "forward")
    theirs = approx_fprime(np.array([0.75]), lambda x: float(f([x[0]], arithmetic(np))), 2.0**-20)
    assert ours == pytest.approx(theirs[0], rel=1e-9)


def test_a_step_that_is_lost_in_the_argument_gives_nan() -> None:
    assert np.isnan(difference(np.exp, np.float32(1.0), 1e-9, "forward"))
    assert not np.isnan(difference(np.exp, np.float32(1.0), 1e-9, "complex"))


def test_a_difference_stays_in_the_type_of_its_argument() -> None:
    for scheme in ("forward", "central", "complex"):
        assert difference(np.sin, np.float32(0.5), 1e-2, scheme).dtype == np.float32  # type: ignore[arg-type]


def test_best_steps_are_roots_of_eps() -> None:
    assert best_step("forward", 2.0**-52) == 2.0**-26
    assert best_step("central", 1e-15) == pytest.approx(1e-5)
    with pytest.raises(ValueError, match="no best step"):
        best_step("complex", 1e-16)


def test_errors_of_a_parabola_are_h_for_the_forward_and_rounding_for_the_central_difference() -> None:
    steps = np.array([0.25, 0.125])
    forward = difference_errors(parse("x**2"), np.array([1.0]), steps, "forward", "float64")
    central = difference_errors(parse("x**2"), np.array([1.0]), steps, "central", "float64")
    np.testing.assert_allclose(forward, steps / 2)  # ((1+h)^2 - 1) / h = 2 + h, relative to 2
    assert (central < 1e-40).all()


@pytest.mark.parametrize("text", ["7", "log(x - 3)", "sqrt(0 - x)"])
def test_a_function_without_a_real_derivative_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"real and not 0 at x = 1"):
        difference_errors(parse(text), np.array([1.0]), np.array([0.1]), "forward", "float64")


def test_the_definition_gives_thirty_digits_of_a_known_derivative() -> None:
    found = by_definition(lambda t: t**3, 2)
    assert abs(sympy.Float(str(found), 50) - 12) < 1e-29
