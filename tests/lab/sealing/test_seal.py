"""Seals: what they cover, and in which words they tell a change."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from experiments.lab.judge.rules import Each, Effect, Fact, Ratio, Rule, Slope, Theorem, Under
from experiments.lab.sealing.seal import Seal, rule_text, seals, table_hash
from tests.lab import toy

SEAL = Seal(
    statement="A.",
    rule="Effect(delta=0.1, of='a')",
    measure="12ab",
    predicted="holds",
    source="Peano",
    numbers={"steps": 3, "lrs": [0.1]},
)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"statement": "B."}, "statement"),
        ({"rule": "Effect(delta=0.2, of='a')"}, "rule delta=0.1 -> delta=0.2"),
        ({"measure": "34cd"}, "measure"),
        ({"numbers": {"steps": 4, "lrs": [0.1]}}, "study numbers steps=3 -> steps=4"),
        ({"numbers": {"steps": 3, "lrs": [0.1], "n": 1}}, "study numbers nothing -> n=1"),
    ],
)
def test_what_decides_a_claim_changes_its_hash_and_is_told(change: dict[str, Any], said: str) -> None:
    other = replace(SEAL, **change)
    assert other.hash != SEAL.hash
    assert SEAL.changes(other) == (said,)


def test_a_prediction_is_told_and_its_conditions_alone_are_hashed() -> None:
    other = replace(SEAL, predicted="refuted")
    assert (other.hash, SEAL.changes(other)) == (SEAL.hash, ("prediction holds -> refuted",))
    under = replace(SEAL, predicted={"he": "holds", "xavier": "refuted"})
    assert under.hash != SEAL.hash
    turned = replace(under, predicted={"xavier": "holds", "he": "holds"})
    assert turned.hash == under.hash
    assert under.changes(turned) == ("prediction refuted under xavier -> holds under xavier",)


def test_the_source_of_a_prediction_does_not_count() -> None:
    other = replace(SEAL, source="Dedekind")
    assert (other.hash, SEAL.changes(other)) == (SEAL.hash, ())


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
        (Fact("a", expected=(1, 2)), Fact("a", expected=(1, 3))),
    ],
)
def test_the_text_of_a_rule_follows_every_threshold_inside_it(rule: Rule, other: Rule) -> None:
    assert rule_text(rule) != rule_text(other)
    assert rule_text(rule) == rule_text(rule)


def test_conditions_in_another_order_are_the_same_rule() -> None:
    one, two = Effect("a", delta=0.1), Fact("b", expected=1)
    assert rule_text(Under({"x": one, "y": two})) == rule_text(Under({"y": two, "x": one}))


def test_an_experiment_is_sealed_at_its_numbers() -> None:
    experiment = toy.experiment()
    first, second = (seals(experiment, "lab.count", toy.Params(steps=steps)) for steps in (3, 4))
    assert first["steps_are_small"].changes(second["steps_are_small"]) == ("study numbers steps=3 -> steps=4",)
    assert table_hash(first) == table_hash(second)


@pytest.mark.parametrize("change", [{"statement": "B."}, {"measure": "x"}, {"predicted": "refuted"}, {"source": "D"}])
def test_the_hash_of_a_table_follows_claims_and_not_numbers(change: dict[str, Any]) -> None:
    table = table_hash({"a": SEAL, "b": SEAL})
    assert table == table_hash({"b": SEAL, "a": replace(SEAL, numbers={})})
    assert table != table_hash({"a": SEAL, "b": replace(SEAL, **change)})
