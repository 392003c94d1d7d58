"""Claims: their kind, and what they are asked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from experiments.lab.judge.claims import Asked, Claim
from experiments.lab.judge.measured import NotMeasured, Observed
from experiments.lab.judge.rules import Each, Fact, Ratio, Rule


def count(rows: Sequence[object]) -> Observed:
    return Observed(len(rows))


def claim(name: str, rule: Rule | None = None) -> Claim[Any]:
    return Claim(
        name,
        statement=f"{name}.",
        rule=rule or Fact("the number of rows", expected=3),
        measure=count,
        topic="test",
        predicted="holds",
        source="pilot",
    )


def test_the_kind_is_that_of_the_rule() -> None:
    rules = (Fact("a", expected=1), Ratio("a", at_least=1), Each(Fact("a", expected=1), per="loss"))
    assert [claim("sky", rule).kind for rule in rules] == ["fact", "effect", "conditional"]


def test_a_claim_measures_its_rows_and_without_them_names_the_part() -> None:
    assert Asked(part="laws", claim=claim("sky"), rows=[1, 2, 3]).measured() == Observed(3)
    assert Asked(part="laws", claim=claim("sky"), rows=None).measured() == NotMeasured("part laws was not run")
