"""train.optimizers: tuned races, and laws whose controls fail."""

from __future__ import annotations

import pytest

from experiments.lab.judge.measured import Pairs, Undecided
from experiments.train.optimizers import laws, races
from experiments.train.optimizers.races import PROBLEMS, RaceRow
from experiments.train.optimizers.setup import OPTIMIZERS, Params, prepare


def test_every_law_holds_and_every_control_breaks_it() -> None:
    rows = list(laws.run(prepare(Params(), 0)))
    assert [row.statement for row in rows] == ["torch"] * 8 + ["scale", "decay"]
    assert max(row.error for row in rows) < 1e-10
    assert min(row.control_error for row in rows) > 1e-6


def race(optimizer: str, tuning: tuple[int, int, int], judged: tuple[int, int, int]) -> list[RaceRow]:
    return [
        RaceRow(problem=problem, drawn_for=drawn_for, optimizer=optimizer, lr=lr, steps=taken, reached=taken < 100)
        for problem in PROBLEMS
        for drawn_for, steps in (("tuning", tuning), ("race", judged))
        for lr, taken in zip((0.1, 0.3, 0.9), steps, strict=True)
    ]


@pytest.mark.parametrize(
    ("tuning", "judged", "expected"),
    [
        ((9, 5, 6), (1, 7, 1), Pairs({0: 60.0}, {0: 7.0})),
        ((9, 6, 5), (1, 7, 1), Undecided("the best learning rate of adam, 0.9, is the largest of its grid")),
        ((9, 5, 6), (1, 100, 1), Undecided("races of adam that did not reach the target: 1")),
    ],
)
def test_rules_race_at_the_rate_that_other_problems_chose(
    tuning: tuple[int, int, int], judged: tuple[int, int, int], expected: Pairs | Undecided
) -> None:
    steps = {"sgd": ((90, 60, 80), (50, 60, 50)), "adam": (tuning, judged)}
    rows = [row for name in OPTIMIZERS for row in race(name, *steps.get(name, ((9, 5, 6), (9, 5, 6))))]
    assert races.against_sgd(rows)[f"{races.ROTATED}: adam"] == expected
