"""What is measured of numerical derivatives, and the claims on hand-made errors."""

from __future__ import annotations

import math

import pytest

from experiments.lab.errors import InputError
from experiments.lab.judge.measured import Pairs, Undecided
from experiments.math.calculus.differences import (
    DifferenceRow,
    best_steps,
    errors_in_eps,
    exponent,
    log_of_best_step,
    run,
)
from experiments.math.calculus.setup import Params, prepare
from experiments.math.core.differences import Scheme

EPS = 2.0**-52


def errors(scheme: Scheme, law: float, best: float) -> list[DifferenceRow]:
    """Errors that grow as h^law above the best step and as 1/h below it."""
    steps = [10.0 ** (-k / 4) for k in range(4, 53)]
    return [DifferenceRow(scheme=scheme, step=h, error=(h / best) ** (law if h > best else -1), eps=EPS) for h in steps]


def test_the_exponent_is_read_where_truncation_rules() -> None:
    assert exponent("forward", 1.0)(errors("forward", 1.0, 1e-8)).treatment[0] == pytest.approx(1)
    assert exponent("central", 2.0)(errors("central", 2.0, 1e-5)).treatment[0] == pytest.approx(2)


def test_too_few_steps_have_no_exponent() -> None:
    assert math.isnan(exponent("forward", 1.0)(errors("forward", 1.0, 1e-8)[:3]).treatment[0])


def test_a_best_step_at_the_edge_is_undecided() -> None:
    found = log_of_best_step([*errors("forward", 1.0, 1e-8), *errors("central", 2.0, 1e-14)])
    assert isinstance(found["central"], Undecided)
    assert isinstance(found["forward"], Pairs)
    assert found["forward"].treatment[0] == pytest.approx(-8)


def test_the_complex_step_keeps_its_digits_where_differences_lose_them() -> None:
    rows = list(run(prepare(Params(), 0)))
    found = errors_in_eps(rows)
    assert max(found.errors) <= 32 < max(found.control)
    assert 1e-10 < best_steps(rows, "forward")[0] < best_steps(rows, "central")[0] < 1e-4


def test_a_function_without_a_derivative_is_the_users_to_change() -> None:
    with pytest.raises(InputError, match="choose another expr or point"):
        list(run(prepare(Params(expr="7"), 0)))
