"""What an experiment is made of: parameters, rows by part, and the claims with the rows that decide them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import FrozenInstanceError, replace
from typing import Any

import pytest

from experiments.lab.experiment import (
    Event,
    Headline,
    Part,
    Row,
    Rows,
    Setup,
    Table,
    columns_of,
    kept,
    observation,
    plain_setup,
)
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import NotRunError, Observed
from experiments.lab.judge.rules import Fact
from tests.lab import toy
from tests.lab.toy import Params, SquareRow, StepRow

EXPERIMENT = toy.experiment()
COUNT, SQUARES = EXPERIMENT.parts
OVER: Claim[Rows] = Claim(
    "rows_are_four",
    statement="There are four rows.",
    rule=Fact("rows of both parts", expected=4),
    measure=lambda rows: Observed(len(rows.of(COUNT)) + len(rows.of(SQUARES))),
    topic="none",
    predicted="holds",
    source="pilot",
)
STEPS = [StepRow(step=step, seed=seed) for seed in (0, 1) for step in (1, 2, 3)]


def test_rows_are_keyword_only_frozen_and_know_their_seed() -> None:
    assert columns_of(SquareRow) == ("seed", "method", "square", "sizes", "remark")
    with pytest.raises(FrozenInstanceError):
        StepRow(step=1).step = 2  # type: ignore[misc]
    with pytest.raises(TypeError):
        StepRow(1)  # type: ignore[call-arg]
    assert StepRow(step=1).seed == 0


def test_rows_are_kept_by_the_values_of_columns_and_a_tuple_lists_several() -> None:
    assert [row.step for row in kept(STEPS, {"seed": 1})] == [1, 2, 3]
    assert [row.step for row in kept(STEPS, {"seed": 1, "step": (1, 3)})] == [1, 3]
    assert kept(STEPS, {}) == STEPS


def test_rows_of_a_part_are_those_of_its_type_and_a_part_that_was_not_run_is_named() -> None:
    rows = Rows({"count": STEPS})
    assert rows.of(COUNT) == STEPS
    assert (list(rows), len(rows)) == (STEPS, 6)
    with pytest.raises(NotRunError, match="part squares was not run"):
        rows.of(SQUARES)
    assert len(Rows({"count": [], "squares": []}).of(SQUARES)) == 0


def test_the_question_is_the_first_line() -> None:
    assert EXPERIMENT.question == "Does counting end?"


def test_a_part_is_found_by_name() -> None:
    assert EXPERIMENT.part("squares") is SQUARES


def test_every_claim_comes_with_the_rows_of_its_part_and_one_over_parts_with_all() -> None:
    experiment = replace(EXPERIMENT, claims=(OVER,))
    assert [claim.name for claim in experiment.all_claims] == ["steps_are_small", "rows_are_four"]
    rows = Rows({"count": STEPS})
    of_part, over = experiment.asked(rows)
    assert (of_part.part, of_part.rows) == ("count", STEPS)
    assert (over.part, over.rows) == ("", rows)
    assert experiment.asked(Rows({}))[0].rows is None


def test_the_headline_takes_rows_of_its_part_that_it_picks_and_none_where_the_part_was_left_out() -> None:
    table = Table(title="Last", by=("step",), columns=("step",), only={"seed": (0, 1)})
    assert Headline(part=COUNT, table=table).rows(Rows({"count": STEPS, "squares": []})) == STEPS
    picked = Headline(part=COUNT, table=table, pick=lambda rows: [row for row in rows if row.step == 3])
    assert picked.rows(Rows({"count": STEPS})) == [STEPS[2], STEPS[5]]
    assert list(picked.rows(Rows({"squares": []}))) == []


def test_a_setup_holds_parameters_seed_and_notes_and_can_be_subclassed() -> None:
    setup = plain_setup(Params(steps=2), 7)
    assert (setup.params.steps, setup.seed, setup.notes) == (2, 7, ())

    def run(setup: Setup[Params]) -> Iterator[Event]:
        yield StepRow(step=setup.seed)

    part: Part[Setup[Params], Any] = Part(name="count", row=StepRow, run=run)
    assert (part.claims, part.tables, part.curves) == ((), (), ())
    assert [row for row in part.run(setup) if isinstance(row, Row)] == [StepRow(step=7)]


def test_an_observation_inherits_columns() -> None:
    @observation
    class Timed(StepRow):
        seconds: float

    assert columns_of(Timed) == ("seed", "step", "seconds")
