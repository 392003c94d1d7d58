"""train.optimizers: grids, tuned races, and laws whose controls fail."""

from __future__ import annotations

import pytest

from experiments.lab.judge.measured import Pairs, Undecided
from experiments.train.optimizers import laws, races
from experiments.train.optimizers.races import CENTERS, RaceRow
from experiments.train.optimizers.setup import Params, prepare


def test_a_grid_lies_around_its_center() -> None:
    assert Params(grid=3).rates(0.3) == pytest.approx([0.1, 0.3, 0.9])


def test_every_law_holds_and_every_control_breaks_it() -> None:
    rows = list(laws.run(prepare(Params(), 0)))
    assert [row.statement for row in rows] == ["torch"] * 8 + ["scale", "decay"]
    assert max(row.error for row in rows) < 1e-10
    assert min(row.control_error for row in rows) > 1e-6


def race(problem: str, optimizer: str, steps: tuple[int, int, int]) -> list[RaceRow]:
    rates = zip((0.1, 0.3, 0.9), steps, strict=True)
    return [RaceRow(problem=problem, optimizer=optimizer, lr=lr, steps=taken, reached=True) for lr, taken in rates]


def test_rules_are_compared_at_the_rate_of_the_fewest_steps_unless_it_is_an_edge() -> None:
    steps = {"sgd": (90, 60, 80), "momentum": (9, 8, 9), "adagrad": (50, 30, 40), "rmsprop": (50, 40, 30)}
    rows = [
        row
        for problem, names in CENTERS.items()
        for name in names
        for row in race(problem, name, steps.get(name, (9, 5, 6)))
    ]
    found = races.against_sgd(rows)
    assert found["ill-conditioned: adagrad"] == Pairs({0: 60.0}, {0: 30.0})
    assert found["sparse features: rmsprop"] == Undecided(
        "the best learning rate of rmsprop, 0.9, is the largest of its grid"
    )
