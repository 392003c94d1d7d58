"""The judge: Holm's levels, smoke mode, failures of single claims, and findings as plain data."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments.lab.experiment import Row as LabRow
from experiments.lab.judge.claims import (
    Claim,
    Comparison,
    conditional,
    effect,
    fact,
    order,
    proportion,
    theorem,
    unavailable,
    undecided,
)
from experiments.lab.judge.judge import judge
from experiments.lab.judge.statistics import holm_levels

ZEROS = {0: 0.0, 1: 0.0, 2: 0.0, 3: 0.0}
CLEAR = effect({0: 1.0, 1: 1.1, 2: 0.9, 3: 1.0}, ZEROS, delta=0.0)  # p = 0.00028
FAIR = effect({0: 1.0, 1: 1.8, 2: 0.3, 3: 1.2}, ZEROS, delta=0.0)  # p = 0.039
NOISE = effect({0: 1.0, 1: -1.1, 2: 0.3, 3: 0.1}, ZEROS, delta=0.0)


@dataclass(frozen=True, kw_only=True)
class Row(LabRow):
    dataset: str | None = None


ROWS = [Row(seed=seed, dataset=name) for seed in (1, 0) for name in ("digits", "wine")]


def claim(name: str, comparison: Comparison | Exception, kind: str | None = None) -> Claim[Any]:
    def decide(rows: Sequence[object]) -> Comparison:
        if isinstance(comparison, Exception):
            raise comparison
        return comparison

    decide.__name__ = name
    declared: Any = kind or getattr(comparison, "kind", "effect")
    return Claim(statement=f"{name}.", notes="test", kind=declared, rule="r", predicted="holds", judge=decide)


def verdicts(*comparisons: Comparison | Exception, smoke: bool = False) -> list[str]:
    claims = [claim(f"claim_{i}", comparison) for i, comparison in enumerate(comparisons)]
    return [finding.verdict for finding in judge(claims, ROWS, smoke=smoke)]


def textbook_holm(p_values: list[float], alpha: float) -> list[bool]:
    """Adjusted p-values, p~_(i) = max over j <= i of min(1, (m - j) p_(j)), compared with alpha."""
    m, running, rejected = len(p_values), 0.0, [False] * len(p_values)
    for position, index in enumerate(sorted(range(m), key=p_values.__getitem__)):
        running = max(running, (m - position) * p_values[index])
        rejected[index] = running <= alpha
    return rejected


@settings(deadline=None)
@given(st.lists(st.floats(0, 0.06) | st.floats(0, 1), max_size=12))
def test_holm_levels_reject_what_the_adjusted_p_values_reject(p_values: list[float]) -> None:
    margins = [abs((len(p_values) - i) * p - 0.05) for i, p in enumerate(sorted(p_values))]
    if min(margins, default=1.0) > 1e-12:
        levels = holm_levels(p_values, 0.05)
        assert [p <= level for p, level in zip(p_values, levels, strict=True)] == textbook_holm(p_values, 0.05)


def test_holm_levels_by_hand() -> None:
    assert holm_levels([0.01, 0.001, 0.2, 0.02], 0.05) == pytest.approx((0.05 / 3, 0.05 / 4, 0.05, 0.025))
    # 0.045 would meet 0.05 as the last, but 0.03 has failed before it
    assert holm_levels([0.03, 0.001, 0.045], 0.05) == pytest.approx((0.025, 0.05 / 3, 0.025))
    assert holm_levels([], 0.05) == ()


def test_an_untestable_hypothesis_counts_and_comes_last() -> None:
    assert holm_levels([math.nan, 0.04], 0.05) == pytest.approx((0.025, 0.025))
    assert holm_levels([math.nan, 0.02], 0.05) == pytest.approx((0.05, 0.025))


def test_one_claim_has_the_whole_level_and_several_share_it() -> None:
    assert verdicts(FAIR) == ["holds"]
    assert verdicts(FAIR, NOISE) == ["inconclusive", "inconclusive"]
    assert verdicts(FAIR, CLEAR) == ["holds", "holds"]
    assert verdicts(FAIR, undecided("effect", "no peer")) == ["inconclusive", "inconclusive"]


def test_the_interval_is_that_of_the_level_at_which_it_was_judged() -> None:
    clear, fair, noise = judge([claim("clear", CLEAR), claim("fair", FAIR), claim("noise", NOISE)], ROWS, smoke=False)
    assert [round(float(f.evidence["level"]), 4) for f in (clear, fair, noise)] == [0.9833, 0.975, 0.975]
    assert clear.summary == f"{CLEAR.at(0.05 / 3).summary}"
    assert float(fair.evidence["ci_low"]) < 0 < float(fair.evidence["ci_high"])


def test_theorems_and_facts_take_no_share_of_the_level() -> None:
    assert verdicts(fact(1, 1), FAIR, theorem([0.0], control=[1.0]), fact(1, 2)) == [
        "holds",
        "holds",
        "holds",
        "refuted",
    ]


def test_the_parts_of_a_conditional_claim_share_the_level_with_the_others() -> None:
    claims = [claim("depends", conditional({"few labels": CLEAR, "many labels": FAIR})), claim("noise", NOISE)]
    depends, _ = judge(claims, ROWS, smoke=False)
    assert depends.verdict == "inconclusive"
    assert [(part.condition, part.verdict) for part in depends.parts] == [
        ("few labels", "holds"),
        ("many labels", "inconclusive"),
    ]
    assert depends.summary == "holds under 1, inconclusive under 1 of 2 conditions"


def test_smoke_judges_theorems_and_facts_alone() -> None:
    kinds = [
        theorem([0.0], control=[1.0]),
        fact(1, 2),
        CLEAR,
        proportion(50, 50, at_least=0.5),
        order([1, 2, 3], {s: [1.0, 2.0, 3.0] for s in range(3)}, direction="rising"),
        conditional({"a": fact(1, 1), "b": fact(1, 2)}),
        conditional({"a": fact(1, 1), "b": CLEAR}),
        undecided("effect", "no peer"),
    ]
    unjudged = ["not judged"] * 3
    assert verdicts(*kinds, smoke=True) == ["holds", "refuted", *unjudged, "conditional", "not judged", "not judged"]


def test_smoke_says_that_it_did_not_judge() -> None:
    (finding,) = judge([claim("clear", CLEAR)], ROWS, smoke=True)
    assert finding.summary == "smoke: not judged"
    assert finding.as_predicted


@pytest.mark.parametrize("smoke", [False, True])
def test_an_error_in_one_claim_does_not_lose_the_others(smoke: bool) -> None:
    claims = [claim("broken", KeyError("recall"), "effect"), claim("sound", fact(1, 1))]
    broken, sound = judge(claims, ROWS, smoke=smoke)
    assert (broken.verdict, broken.summary) == ("inconclusive", "KeyError: 'recall'")
    assert sound.verdict == "holds"


def test_a_claim_of_another_kind_than_its_comparison_is_a_programming_error() -> None:
    with pytest.raises(TypeError, match="claim same_name declares kind theorem, but its function compares by fact"):
        judge([claim("same_name", fact(1, 1), "theorem")], ROWS, smoke=False)


def test_two_claims_of_one_name_are_a_programming_error() -> None:
    with pytest.raises(ValueError, match="expected claims with different names, got twice, twice"):
        judge([claim("twice", CLEAR), claim("twice", NOISE)], ROWS, smoke=False)


def test_findings_keep_the_order_of_the_claims_and_name_seeds_and_datasets() -> None:
    findings = judge([claim("b", NOISE), claim("a", CLEAR)], ROWS, smoke=False)
    assert [finding.claim for finding in findings] == ["b", "a"]
    assert (findings[0].seeds, findings[0].datasets) == ((0, 1), ("digits", "wine"))
    assert judge([claim("a", CLEAR)], [Row(seed=0)], smoke=False)[0].datasets == ()


@pytest.mark.parametrize(
    "make",
    [
        lambda: effect({0: 1.1, 1: 2.2, 2: 3.3}, {0: 1.0, 1: 2.1, 2: 3.2}, delta=0.0),  # an infinite interval
        lambda: conditional({"a": CLEAR, "b": undecided("effect", "no peer")}),
        lambda: fact(object, [1, 2]),
        lambda: theorem([0.5], control=[1.0], counterexample="by hand"),
    ],
)
def test_a_finding_is_json(make: Callable[[], Comparison]) -> None:
    (finding,) = judge([claim("any", make())], ROWS, smoke=False)
    document = finding.to_json()
    assert json.loads(json.dumps(document, allow_nan=False)) == document
    assert document["claim"] == "any"
    assert len(document["parts"]) == len(finding.parts)


def test_judging_twice_gives_the_same_findings() -> None:
    values = {seed: math.sin(seed) + 1 for seed in range(12)}
    claims = [claim("bootstrapped", effect(values, dict.fromkeys(values, 0.0), delta=0.1))]
    assert judge(claims, ROWS, smoke=False) == judge(claims, ROWS, smoke=False)


def test_what_is_unavailable_is_not_judged_and_contradicts_no_prediction() -> None:
    missing = unavailable("equivalence", "no CUDA device")
    (finding,) = judge([claim("a_gpu_is_as_accurate", missing)], ROWS, smoke=False)
    assert (finding.verdict, finding.summary, finding.as_predicted) == ("not judged", "no CUDA device", True)


def test_what_is_unavailable_decides_no_condition() -> None:
    assert verdicts(conditional({"cpu": CLEAR, "gpu": unavailable("effect", "no GPU")})) == ["inconclusive"]
