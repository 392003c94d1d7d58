"""train.lr: what its measures make of rows, and a network that must diverge."""

from __future__ import annotations

import math

import pytest

from experiments.lab.judge.measured import Pairs, Trials, Undecided
from experiments.train.core.perceptron import perceptron
from experiments.train.lr import networks, quadratics
from experiments.train.lr.networks import NetworkRow
from experiments.train.lr.setup import Params, prepare


def network(lr: float, accuracy: float) -> NetworkRow:
    return NetworkRow(
        dataset="digits",
        schedule="constant",
        lr=lr,
        curvature=10.0,
        train_loss=1.0,
        validation_accuracy=accuracy,
        test_accuracy=accuracy,
        diverged=0.0,
    )


def test_the_best_rate_is_compared_with_the_smallest_unless_it_is_at_an_edge() -> None:
    rows = [network(0.01, 0.2), network(0.1, 0.9), network(1.0, 0.5)]
    assert networks.best_and_smallest(rows) == Pairs({0: 0.9}, {0: 0.2})
    assert isinstance(networks.best_and_smallest(rows[:2]), Undecided)


@pytest.mark.parametrize(("accuracy", "successes"), [(0.3, 1), (0.31, 0)])
def test_a_seed_in_which_a_network_learns_above_the_limit_of_quadratics_counts_against_it(
    accuracy: float, successes: int
) -> None:
    rows = [network(0.1, 0.9), network(0.3, accuracy), network(10.0, 0.1)]  # the limit is 2 / 10
    assert networks.nothing_above_the_limit(rows) == Trials({0: (successes, 1)})


def test_a_rate_that_is_too_large_has_no_loss() -> None:
    drawn = prepare(Params(), 0)
    row = networks.trained(drawn, perceptron((drawn.split.features, 4, 10)), 1.0, 1e30)
    assert row.diverged
    assert math.isnan(row.train_loss)


def test_exponents_of_a_power_are_exact() -> None:
    rows = [
        quadratics.DescentRow(lr=lr, steps=round(1 / lr), converged=True, diverged=False, excess=0.0)
        for lr in (0.01, 0.1)
    ]
    assert quadratics.exponents(rows).treatment == pytest.approx({0: -1.0})
