"""What is drawn, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from experiments.math.calculus.setup import Params, prepare, random_gradient


def test_a_random_gradient_has_no_vanishing_entry() -> None:
    rng = np.random.default_rng(1)
    assert min(np.abs(random_gradient(rng, 4)).min() for _ in range(20)) >= 0.01


def test_all_parts_see_the_same_functions() -> None:
    draws = prepare(Params(trials=2), 3)
    assert [drawn.program for drawn in draws.functions()] == [drawn.program for drawn in draws.functions()]
    assert len(set(draws.points())) == 5


def test_an_expression_that_cannot_be_read_is_refused() -> None:
    with pytest.raises(ValueError, match="expr: expected numbers, x"):
        Params(expr="abs(x)")
