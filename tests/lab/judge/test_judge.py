"""The judge: Holm's levels, smoke mode, parts that were left out, failures of single claims, findings as plain data."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest

from experiments.lab.experiment import Part, Rows, observation
from experiments.lab.experiment import Row as LabRow
from experiments.lab.judge.checks import fact, proportion, theorem
from experiments.lab.judge.claims import Asked, Claim
from experiments.lab.judge.comparison import Comparison, Decision, Settled, conditional, unavailable, undecided
from experiments.lab.judge.judge import Finding, judge
from experiments.lab.judge.measured import Instances, NotMeasured, Observed, Pairs, Trials
from experiments.lab.judge.paired import effect
from experiments.lab.judge.rules import Each, Effect, Fact, Rule, Theorem, Under
from experiments.lab.judge.trends import order
from tests.lab.judge.given import given

ZEROS = dict.fromkeys(range(8), 0.0)


def around(mean: float, spread: float) -> Comparison:
    """Eight seeds, evenly spread around the mean, against 0."""
    return effect(Pairs({seed: mean + spread * (seed - 3.5) for seed in range(8)}, ZEROS), delta=0.0)


CLEAR = around(1.0, 0.05)  # p = 0.00003
FAIR = around(1.0, 0.38)  # p = 0.040
NOISE = around(0.1, 0.41)


@observation
class Row(LabRow):
    dataset: str | None = None


ROWS = [Row(seed=seed, dataset=name) for seed in (1, 0) for name in ("digits", "wine")]


def claim(name: str, comparison: Comparison | Exception, predicted: Any = "holds") -> Asked:
    return given(comparison, ROWS, name=name, predicted=predicted)


def asked(name: str, rule: Rule, measure: Callable[[Any], Any]) -> Asked:
    stated: Claim[Any] = Claim(
        name, statement=f"{name}.", rule=rule, measure=measure, topic="test", predicted="holds", source="pilot"
    )
    return Asked(part="toy", claim=stated, rows=ROWS)


def not_run(one: Asked) -> Asked:
    return replace(one, rows=None)


def verdicts(*comparisons: Comparison | Exception, smoke: bool = False) -> list[str]:
    claims = [claim(f"claim_{i}", comparison) for i, comparison in enumerate(comparisons)]
    return [finding.verdict for finding in judge(claims, smoke=smoke)]


def test_one_claim_has_the_whole_level_and_several_share_it() -> None:
    assert verdicts(FAIR) == ["holds"]
    assert verdicts(FAIR, NOISE) == ["inconclusive", "inconclusive"]
    assert verdicts(FAIR, CLEAR) == ["holds", "holds"]
    assert verdicts(FAIR, undecided("effect", "no peer")) == ["inconclusive", "inconclusive"]


def test_the_interval_is_that_of_the_level_at_which_it_was_judged() -> None:
    clear, fair, noise = judge([claim("clear", CLEAR), claim("fair", FAIR), claim("noise", NOISE)], smoke=False)
    assert [round(float(f.evidence["level"]), 4) for f in (clear, fair, noise)] == [0.9833, 0.975, 0.975]
    assert clear.summary == f"{CLEAR.at(0.05 / 3).summary}"
    assert float(fair.evidence["ci_low"]) < 0 < float(fair.evidence["ci_high"])


def test_several_looks_share_the_level() -> None:
    (fair,) = judge([claim("fair", FAIR)], smoke=False, level=0.05 / 3)
    assert fair.verdict == "inconclusive"
    clear, noise = judge([claim("clear", CLEAR), claim("noise", NOISE)], smoke=False, level=0.01)
    assert (clear.verdict, [float(f.evidence["level"]) for f in (clear, noise)]) == ("holds", [0.995, 0.99])


def test_theorems_and_facts_take_no_share_of_the_level() -> None:
    assert verdicts(fact(1, 1), FAIR, theorem(Instances([0.0], [1.0])), fact(1, 2)) == [
        "holds",
        "holds",
        "holds",
        "refuted",
    ]


def test_the_parts_of_a_conditional_claim_share_the_level_with_the_others() -> None:
    claims = [claim("depends", conditional({"few labels": CLEAR, "many labels": FAIR})), claim("noise", NOISE)]
    depends, _ = judge(claims, smoke=False)
    assert depends.verdict == "inconclusive"
    assert [(found.condition, found.verdict) for found in depends.conditions] == [
        ("few labels", "holds"),
        ("many labels", "inconclusive"),
    ]
    assert depends.summary == "holds under few labels; inconclusive under many labels"


def test_smoke_judges_theorems_and_facts_alone() -> None:
    kinds = [
        theorem(Instances([0.0], [1.0])),
        fact(1, 2),
        CLEAR,
        proportion(Trials({0: (50, 50)}), at_least=0.5),
        order([1, 2, 3], {s: [1.0, 2.0, 3.0] for s in range(3)}, direction="rising"),
        conditional({"a": fact(1, 1), "b": fact(1, 2)}),
        conditional({"a": fact(1, 1), "b": CLEAR}),
        undecided("effect", "no peer"),
    ]
    unjudged = ["not judged"] * 3
    assert verdicts(*kinds, smoke=True) == ["holds", "refuted", *unjudged, "conditional", "not judged", "not judged"]


def test_smoke_says_that_it_did_not_judge() -> None:
    (finding,) = judge([claim("clear", CLEAR)], smoke=True)
    assert finding.summary == "smoke: not judged"
    assert finding.as_predicted


@pytest.mark.parametrize("smoke", [False, True])
def test_an_error_in_one_claim_does_not_lose_the_others(smoke: bool) -> None:
    claims = [claim("broken", KeyError("recall")), claim("sound", fact(1, 1))]
    broken, sound = judge(claims, smoke=smoke)
    assert (broken.verdict, broken.summary, broken.as_predicted) == ("failed", "KeyError: 'recall'", False)
    assert sound.verdict == "holds"


@dataclass(frozen=True, kw_only=True)
class Broken(Settled):
    """Evidence that cannot be decided for an error in the comparison."""

    def at(self, alpha: float) -> Decision:
        raise ZeroDivisionError("division by zero")


def test_an_error_under_one_condition_fails_the_claim() -> None:
    broken = Broken(kind="fact", p_value=None, decision=Decision(verdict="holds", summary=""))
    parts = {"he": fact(1, 1), "xavier": broken}
    (finding,) = judge([claim("any", conditional(parts), {"he": "holds"})], smoke=False)
    assert (finding.verdict, finding.summary) == ("failed", "ZeroDivisionError: division by zero")
    assert [one.verdict for one in finding.conditions] == ["holds", "failed"]
    assert not finding.as_predicted


def test_a_measure_that_gives_what_its_rule_does_not_take_is_a_programming_error() -> None:
    with pytest.raises(TypeError, match="claim same_name: Theorem takes Instances, its measure gives Observed"):
        judge([asked("same_name", Theorem("a", control="c"), lambda rows: Observed(1))], smoke=False)
    nested = Each(Effect("a", delta=0.0), per="loss")
    with pytest.raises(TypeError, match="claim nested: Effect takes Pairs, its measure gives Observed"):
        judge([asked("nested", nested, lambda rows: {"mse": Observed(1)})], smoke=True)


def test_two_claims_of_one_name_are_a_programming_error() -> None:
    with pytest.raises(ValueError, match="expected claims with different names, got twice, twice"):
        judge([claim("twice", CLEAR), claim("twice", NOISE)], smoke=False)


def test_findings_keep_the_order_of_the_claims_and_name_seeds_and_datasets() -> None:
    findings = judge([claim("b", NOISE), claim("a", CLEAR)], smoke=False)
    assert [finding.claim for finding in findings] == ["b", "a"]
    assert (findings[0].seeds, findings[0].datasets) == ((0, 1), ("digits", "wine"))
    assert judge([replace(claim("a", CLEAR), rows=[Row(seed=0)])], smoke=False)[0].datasets == ()


@pytest.mark.parametrize(
    "make",
    [
        lambda: effect(Pairs({0: 1.1, 1: 2.2, 2: 3.3}, {0: 1.0, 1: 2.1, 2: 3.2}), delta=0.0),  # an infinite interval
        lambda: conditional({"a": CLEAR, "b": undecided("effect", "no peer")}),
        lambda: fact(object, [1, 2]),
        lambda: theorem(Instances([0.5], [1.0], counterexample="by hand")),
    ],
)
def test_a_finding_is_json(make: Callable[[], Comparison]) -> None:
    (finding,) = judge([claim("any", make())], smoke=False)
    document = finding.to_json()
    assert json.loads(json.dumps(document, allow_nan=False)) == document
    assert document["claim"] == "any"
    assert len(document["conditions"]) == len(finding.conditions)


def test_judging_twice_gives_the_same_findings() -> None:
    values = {seed: math.sin(seed) + 1 for seed in range(12)}
    claims = [claim("bootstrapped", effect(Pairs(values, dict.fromkeys(values, 0.0)), delta=0.1))]
    assert judge(claims, smoke=False) == judge(claims, smoke=False)


def test_what_is_unavailable_is_not_judged_and_contradicts_no_prediction() -> None:
    missing = unavailable("equivalence", "no CUDA device")
    (finding,) = judge([claim("a_gpu_is_as_accurate", missing)], smoke=False)
    assert (finding.verdict, finding.summary, finding.as_predicted) == ("not judged", "no CUDA device", True)


def test_what_is_unavailable_decides_no_condition() -> None:
    assert verdicts(conditional({"cpu": CLEAR, "gpu": unavailable("effect", "no GPU")})) == ["inconclusive"]


# what was left out


def test_a_part_that_was_not_run_leaves_its_claims_not_judged_in_smoke_mode_too() -> None:
    for smoke in (False, True):
        for one in (claim("effect", CLEAR), claim("fact", fact(1, 2)), claim("both", conditional({"a": CLEAR}))):
            (finding,) = judge([not_run(one)], smoke=smoke)
            assert (finding.verdict, finding.summary) == ("not judged", "part toy was not run")
            assert finding.as_predicted


def test_claims_of_a_part_that_was_not_run_count_in_the_level_as_if_they_had_been() -> None:
    fair, clear = claim("fair", FAIR), claim("clear", CLEAR)
    rules: dict[str, Rule] = {"a": Effect("x", delta=0.0), "b": Fact("x", 1), "c": Effect("x", delta=0.0)}
    under = asked("under", Under(rules), lambda rows: {})
    levels = [finding.evidence.get("level") for finding in judge([clear, not_run(fair), not_run(under)], smoke=False)]
    assert levels == [pytest.approx(1 - 0.05 / 4), None, None]
    assert [f.verdict for f in judge([fair, not_run(clear)], smoke=False)] == ["inconclusive", "not judged"]
    assert judge([fair, not_run(claim("exact", fact(1, 1)))], smoke=False)[0].verdict == "holds"


def test_a_claim_over_several_parts_names_the_one_that_was_not_run() -> None:
    def nothing(setup: Any) -> Any:
        yield from ()

    laws: Part[Any, Row] = Part(name="laws", row=Row, run=nothing)
    speed: Part[Any, Row] = Part(name="speed", row=Row, run=nothing)

    def both(rows: Rows) -> Observed:
        return Observed(len(rows.of(laws)) + len(rows.of(speed)))

    over = replace(asked("over", Fact("rows", expected=4), both), part="", rows=Rows({"speed": ROWS}))
    (left_out,) = judge([over], smoke=False)
    assert (left_out.verdict, left_out.summary, left_out.part) == ("not judged", "part laws was not run", "")
    assert left_out.seeds == (0, 1)
    (judged,) = judge([replace(over, rows=Rows({"speed": ROWS, "laws": []}))], smoke=False)
    assert judged.verdict == "holds"


def test_a_condition_that_was_not_measured_says_why_beside_the_others() -> None:
    rule = Each(Effect("x", delta=0.0), per="device")
    (finding,) = judge(
        [
            asked(
                "devices",
                rule,
                lambda rows: {
                    "cpu": Pairs({seed: 1.0 + 0.01 * seed for seed in range(8)}, ZEROS),
                    "gpu": NotMeasured("no GPU"),
                },
            )
        ],
        smoke=False,
    )
    assert [(c.condition, c.verdict, c.summary) for c in finding.conditions][1] == ("gpu", "not judged", "no GPU")
    assert finding.under("holds") == ["cpu"]


# predictions


def finding_of(predicted: Any, **verdicts: bool) -> Finding:
    parts = {condition: fact(1, 1 if holds else 2) for condition, holds in verdicts.items()}
    return judge([claim("any", conditional(parts), predicted)], smoke=False)[0]


@pytest.mark.parametrize(
    ("predicted", "as_predicted"),
    [
        ({"he": "holds", "zero": "refuted"}, True),
        ({"he": "holds", "zero": "holds"}, False),
        ({"he": "refuted", "zero": "holds"}, False),
        ({"zero": "refuted"}, True),
        ({"he": "holds"}, True),
        ({"he": "refuted"}, False),
        ({"he": "holds", "zero": "refuted", "normal": "holds"}, True),
        ("conditional", True),
        ("holds", False),
    ],
)
def test_a_prediction_per_condition_is_compared_condition_by_condition(predicted: Any, as_predicted: bool) -> None:
    assert finding_of(predicted, he=True, zero=False).as_predicted == as_predicted


def test_a_prediction_per_condition_is_not_met_by_a_claim_without_conditions() -> None:
    (broken,) = judge([claim("broken", KeyError("x"), {"he": "holds"})], smoke=False)
    assert not broken.as_predicted
    (left_out,) = judge([not_run(claim("left_out", CLEAR, {"he": "holds"}))], smoke=False)
    assert left_out.as_predicted


def test_a_finding_carries_its_part_rule_and_the_source_of_the_prediction() -> None:
    (finding,) = judge([asked("a", Fact("rows", expected=4), lambda rows: Observed(len(rows)))], smoke=False)
    assert (finding.part, finding.rule, finding.source, finding.notes) == ("toy", "rows is 4", "pilot", "test")
