"""train.linear: what is refused, what is random, and what its measures make of rows."""

from __future__ import annotations

import pytest

from experiments.lab.errors import InputError
from experiments.lab.experiment import Rows
from experiments.train.linear import descent, laws
from experiments.train.linear.setup import Params, prepare


def test_too_many_features_are_one_line() -> None:
    with pytest.raises(InputError, match="expected p <= n / 2, got p=60 and n=100"):
        prepare(Params(n=100, p=60), 0)


def test_a_seed_repeats_its_problems_and_another_has_others() -> None:
    first, again, other = (prepare(Params(noise="laplace"), seed) for seed in (3, 3, 4))
    assert (first.repeated.targets[-1] == again.repeated.targets[-1]).all()
    assert not (first.gentle.y == other.gentle.y).any()


def test_as_many_features_as_observations_leave_no_error() -> None:
    more, equal = laws.least_errors(prepare(Params(), 0))
    found = laws.vanishing([more, equal])
    assert (more.observations, equal.observations) == (2 * equal.features, equal.features)
    assert found["more observations than features"].errors == [0.0]
    assert found["as many features as observations"].errors == [1.0]


def test_condition_numbers_without_a_prediction_are_not_judged() -> None:
    rate = {"measured_rate": 0.5, "theoretical_rate": 0.5, "steps_to_millionth": 50.0, "reached": True}
    rates = [descent.RateRow(kappa=kappa, **rate) for kappa in (3.0, 50.0)]
    found = descent.speed(Rows({"rates": rates, "sigmoid": [descent.SigmoidRow(start=-8.0, steps_to_thousandth=9.0)]}))
    assert list(found) == ["kappa 3", descent.SATURATED]
    assert found["kappa 3"].treatment == {0: 100.0}
    assert found["kappa 3"].baseline == {0: 50.0}
