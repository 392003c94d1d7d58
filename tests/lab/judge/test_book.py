"""Many studies together: rates, and what may be wrong."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given as generated
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests

from experiments.lab.judge.book import Book, adjusted_p_values
from experiments.lab.judge.checks import counterexample, fact
from experiments.lab.judge.comparison import Comparison
from experiments.lab.judge.judge import Finding, judge
from experiments.lab.judge.measured import Instances, Pairs
from experiments.lab.judge.paired import effect
from tests.lab.judge.given import given

EVEN = counterexample(Instances([1.0]))


def shifted(by: float, spread: float = 0.01) -> Comparison:
    values = {seed: by + spread * (seed % 3 - 1) for seed in range(9)}
    return effect(Pairs.against(values, 0.0), delta=0.0)


def findings(*asked: tuple[str, Comparison, Any]) -> tuple[Finding, ...]:
    return judge([given(one, name=name, predicted=predicted) for name, one, predicted in asked], smoke=False)


@generated(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_adjusted_p_values_are_those_of_statsmodels(p_values: list[float]) -> None:
    assert adjusted_p_values(p_values) == pytest.approx(multipletests(p_values, method="fdr_bh")[1])


def test_rates_stand_apart_and_counterexamples_outside() -> None:
    book = Book(
        {
            "a": findings(("up", shifted(1.0), "holds"), ("even", EVEN, "refuted"), ("two", fact(2, 2), "holds")),
            "b": findings(("down", shifted(-1.0), "holds"), ("three", fact(3, 2), "holds")),
        }
    )
    assert book.lines()[0] == (
        "statistical: 1 of 2 as predicted (0 of 0 by a source, 1 of 2 by pilots); exact: 1 of 2; 1 counterexample shown"
    )
    assert book.expected_wrong == pytest.approx(0.1)


def test_verdicts_that_many_others_make_doubtful_do_not_stand() -> None:
    """One study of p = 0.04 is decided by itself; beside twenty that are undecided it is no discovery."""
    narrow = findings(("narrow", shifted(0.012, 0.0148), "holds"))
    assert (narrow[0].verdict, narrow[0].p_value) == ("holds", pytest.approx(0.04, abs=0.01))
    others = {str(k): findings(("none", shifted(0.0, 1.0), "holds")) for k in range(20)}
    assert Book({"a": narrow}).discoveries == ([narrow[0]], [])
    assert Book({"a": narrow, **others}).discoveries == ([], [narrow[0]])


def test_a_book_without_statistics_says_nothing_of_errors() -> None:
    assert Book({"a": findings(("two", fact(2, 2), "holds"))}).lines() == ["exact: 1 of 1"]
    assert Book({}).lines() == []
