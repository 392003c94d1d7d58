"""Trials of statements, and what a Theorem is given of them."""

from __future__ import annotations

import math

import pytest

from experiments.foundation.statements.trials import (
    TrialRow,
    distinct,
    instances,
    instances_by_case,
    trials_of,
    tried,
)
from experiments.lab.experiment import observation
from experiments.lab.judge.measured import Instances
from experiments.lab.judge.rules import Each, Theorem, compare


def trial(
    statement: str, case: str, error: float, control: float = math.nan, words: str = "", seed: int = 0
) -> TrialRow:
    return TrialRow(seed=seed, statement=statement, case=case, error=error, control_error=control, counterexample=words)


ROWS = [
    trial("bound", "he", 0.0, 1.0, "w = 1"),
    trial("bound", "he", 0.25, 2.0, "w = 2", seed=1),
    trial("bound", "zero", 0.125, 0.0, "w = 0"),
    trial("range", "he", 0.0, 1.0),
]


def test_trials_are_those_of_one_statement_and_of_one_case_where_it_is_given() -> None:
    assert trials_of(ROWS, "bound") == ROWS[:3]
    assert trials_of(ROWS, "bound", "he") == ROWS[:2]
    assert trials_of(ROWS, "nothing") == []


def test_trials_keep_their_own_type() -> None:
    @observation
    class Timed(TrialRow):
        seconds: float

    rows = [Timed(statement="bound", case="he", error=0.0, seconds=1.0)]
    assert [row.seconds for row in trials_of(rows, "bound")] == [1.0]
    assert [row.seconds for row in distinct(rows)] == [1.0]


def test_a_theorem_is_given_errors_controls_and_the_worst_instance_in_words() -> None:
    assert tried(ROWS[:3]) == Instances(
        errors=[0.0, 0.25, 0.125],
        control={"the control of he": [1.0, 2.0], "the control of zero": [0.0]},
        counterexample="w = 2",
    )
    assert instances("bound")(ROWS) == tried(ROWS[:3])
    assert instances("bound", "zero")(ROWS) == Instances([0.125], {"the control of zero": [0.0]}, "w = 0")


def test_a_control_tried_elsewhere_is_handed_in() -> None:
    assert tried(ROWS[3:], [0.5]) == Instances([0.0], [0.5], None)


def test_no_trial_is_no_instance_and_decides_nothing() -> None:
    nothing = tried([])
    assert (list(nothing.errors), list(nothing.control), nothing.counterexample) == ([], [], None)
    decision = compare(Theorem("it holds", control="it fails"), nothing).at(0.05)
    assert (decision.verdict, decision.summary) == ("inconclusive", "expected at least one instance, got none")


def test_a_statement_without_a_control_decides_nothing() -> None:
    decision = compare(Theorem("it holds", control="it fails"), tried([trial("law", "a", 0.0)])).at(0.05)
    assert (decision.verdict, decision.summary) == ("inconclusive", "1 of 2 errors are nan")


def test_instances_are_given_case_by_case_in_the_order_of_their_first_trial() -> None:
    found = instances_by_case("bound")(ROWS)
    assert list(found) == ["he", "zero"]
    assert found["zero"] == Instances([0.125], {"the control of zero": [0.0]}, "w = 0")
    decision = compare(Each(Theorem("bounded", control="c", tolerance=0.2), per="scheme"), found).at(0.05)
    assert decision.summary == "inconclusive under zero; refuted under he"


def test_instances_that_are_the_same_for_every_seed_count_once() -> None:
    rows = [trial("bound", "he", 0.25, 1.0, "w = 2", seed=seed) for seed in range(5)]
    rows.append(trial("bound", "he", 0.5, 1.0, "w = 3", seed=5))
    assert [row.error for row in distinct(rows)] == [0.25, 0.5]
    assert len(instances_by_case("bound", once=True)(rows)["he"].errors) == 2
    assert len(instances_by_case("bound")(rows)["he"].errors) == 6


@pytest.mark.parametrize("column", ["statement", "case", "error", "control_error", "counterexample"])
def test_trials_that_differ_in_any_column_but_the_seed_are_two(column: str) -> None:
    one = trial("bound", "he", 0.25, 1.0, "w = 2")
    values = {"statement": "range", "case": "zero", "error": 0.5, "control_error": 2.0, "counterexample": "w = 3"}
    other = TrialRow(**{**vars(one), column: values[column]})
    assert len(distinct([one, other])) == 2
