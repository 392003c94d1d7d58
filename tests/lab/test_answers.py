"""Words for answers: numbers, shares, lists and verdicts."""

from __future__ import annotations

import math

import pytest

from experiments.lab.answers import listing, mean, number, percent, verdict
from experiments.lab.judge.checks import fact
from experiments.lab.judge.comparison import Comparison, conditional, unavailable, undecided
from experiments.lab.judge.judge import judge
from tests.lab.judge.given import given
from tests.lab.toy import SquareRow

ROWS = [SquareRow(seed=seed, method=method, square=seed + 1.0) for seed in (0, 1) for method in ("a", "b")]


def test_a_mean_is_that_of_the_rows_with_these_values_and_unknown_without_any() -> None:
    assert mean(ROWS, "square") == 1.5
    assert mean(ROWS, "square", method="a", seed=1) == 2.0
    assert math.isnan(mean(ROWS, "square", method="c"))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.12345, "0.123"),
        (0.0, "0"),
        (12.0, "12"),
        (-0.5, "-0.5"),
        (12345.6, "12,300"),
        (123456789.0, "123,000,000"),
        (1.5e9, "1.5e9"),
        (1.2e-7, "1.2e-7"),
        (0.00012345, "0.000123"),
        (math.nan, "an unknown number"),
        (math.inf, "inf"),
    ],
)
def test_numbers_have_three_figures_and_no_zeros_to_spare(value: float, text: str) -> None:
    assert number(value) == text


def test_more_figures_where_they_are_asked_for() -> None:
    assert number(0.123456, 5) == "0.12346"
    assert number(12345.6, 6) == "12,345.6"


def test_shares_are_in_percent() -> None:
    assert [percent(share) for share in (0.98765, 0.5, 1.0, 0.00012, math.nan)] == [
        "98.8 %",
        "50 %",
        "100 %",
        "0.012 %",
        "an unknown share",
    ]


def test_lists_read_like_sentences() -> None:
    assert [listing(words) for words in ([], ["a"], ["a", "b"], ["a", "b", "c"])] == [
        "none",
        "a",
        "a and b",
        "a, b and c",
    ]
    assert listing(["a", "b"], "or") == "a or b"


HOLDS, REFUTED = fact(1, 1), fact(1, 2)


@pytest.mark.parametrize(
    ("comparison", "words"),
    [
        (HOLDS, "holds"),
        (REFUTED, "is refuted"),
        (undecided("fact", "no peer"), "is undecided"),
        (unavailable("fact", "no GPU"), "was not judged"),
        (
            conditional({"he": HOLDS, "xavier": REFUTED, "default": REFUTED}),
            "holds for he and is refuted for xavier and default",
        ),
    ],
)
def test_a_verdict_is_said_with_its_conditions_by_name(comparison: Comparison, words: str) -> None:
    (finding,) = judge([given(comparison)], smoke=False)
    assert verdict(finding) == words
