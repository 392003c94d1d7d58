"""Polynomials against the least error."""

from __future__ import annotations

import numpy as np
import pytest

from experiments.train.core.polynomials import fit_polynomial


def test_a_cubic_reaches_the_least_error_and_a_line_does_not() -> None:
    line, cubic = (fit_polynomial(degree, 2000, 0.2, np.random.default_rng(0)) for degree in (1, 5))
    (line_error, _), (_, cubic_error) = line, cubic
    assert cubic_error == pytest.approx(0.04, rel=0.1)
    assert line_error > 3 * 0.04
