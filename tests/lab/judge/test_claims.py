"""Claims: what is hashed of them, and what they are asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from experiments.lab.judge.claims import Asked, Claim, claim_table_hash
from experiments.lab.judge.measured import NotMeasured, Observed
from experiments.lab.judge.rules import Each, Effect, Fact, Ratio, Rule, Slope, Theorem, Under


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


def test_claim_table_hash_follows_the_rule_and_not_the_order() -> None:
    both = claim_table_hash([claim("sky"), claim("grass")])
    assert both == claim_table_hash([claim("grass"), claim("sky")])
    assert both != claim_table_hash([claim("sky", Fact("the number of rows", expected=4)), claim("grass")])


@pytest.mark.parametrize(
    ("rule", "other"),
    [
        (Effect("a", delta=0.1), Effect("a", delta=0.2)),
        (Effect("a", delta=0.1), Effect("b", delta=0.1)),
        (Effect("a", delta=2.0), Ratio("a", at_least=2.0)),
        (Theorem("a", control="c"), Theorem("a", control="c", tolerance=1e-300)),
        (Slope("a", theory=1.0, tolerance=0.1), Slope("a", theory=1.0, tolerance=0.1000001)),
        (Each(Effect("a", delta=0.1), per="loss"), Each(Effect("a", delta=0.2), per="loss")),
        (Under({"x": Effect("a", delta=0.1)}), Under({"x": Effect("a", delta=0.2)})),
        (Under({"x": Effect("a", delta=0.1)}), Under({"y": Effect("a", delta=0.1)})),
    ],
)
def test_claim_table_hash_follows_every_threshold_inside_a_rule(rule: Rule, other: Rule) -> None:
    assert claim_table_hash([claim("sky", rule)]) != claim_table_hash([claim("sky", other)])
    assert claim_table_hash([claim("sky", rule)]) == claim_table_hash([claim("sky", rule)])


@pytest.mark.parametrize(
    "change", [{"statement": "Other."}, {"predicted": "refuted"}, {"predicted": {"x": "holds"}}, {"source": "Peano"}]
)
def test_claim_table_hash_follows_statement_prediction_and_source(change: dict[str, Any]) -> None:
    assert claim_table_hash([claim("sky")]) != claim_table_hash([replace(claim("sky"), **change)])


def test_the_kind_is_that_of_the_rule() -> None:
    rules = (Fact("a", expected=1), Ratio("a", at_least=1), Each(Fact("a", expected=1), per="loss"))
    assert [claim("sky", rule).kind for rule in rules] == ["fact", "effect", "conditional"]


def test_a_claim_measures_its_rows_and_without_them_names_the_part() -> None:
    assert Asked(part="laws", claim=claim("sky"), rows=[1, 2, 3]).measured() == Observed(3)
    assert Asked(part="laws", claim=claim("sky"), rows=None).measured() == NotMeasured("part laws was not run")
