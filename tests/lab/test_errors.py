"""The error that is the user's to mend."""

from __future__ import annotations

import pickle

import pytest

from experiments.lab.errors import InputError, meant


def test_problems_are_lines() -> None:
    error = InputError("steps: expected an integer, got x", "rate: expected a number, got y")
    assert error.problems == ("steps: expected an integer, got x", "rate: expected a number, got y")
    assert str(error) == "steps: expected an integer, got x\nrate: expected a number, got y"


def test_it_travels_between_processes_with_its_lines() -> None:
    found = pickle.loads(pickle.dumps(InputError("first", "second")))
    assert (type(found), found.problems) == (InputError, ("first", "second"))


@pytest.mark.parametrize(
    ("word", "answer"),
    [("trainig", "did you mean training?"), ("lawz", "did you mean laws?"), ("q", "expected one of laws, training")],
)
def test_a_mistyped_word_is_answered_with_the_nearest_or_with_all(word: str, answer: str) -> None:
    assert meant(word, ["training", "laws"]) == answer
