"""Rules: each writes its threshold into its sentence, takes one kind of measurement, and compares by its own law."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pytest

from experiments.lab.judge.checks import counterexample, fact, proportion, theorem
from experiments.lab.judge.compare import MismatchError
from experiments.lab.judge.comparison import Comparison, Conditional
from experiments.lab.judge.measured import (
    Instances,
    Measured,
    NotMeasured,
    Observed,
    Pairs,
    Points,
    Trials,
    Undecided,
)
from experiments.lab.judge.paired import effect, equivalence, ratio
from experiments.lab.judge.rules import (
    Counterexample,
    Each,
    Effect,
    Equivalence,
    Fact,
    Order,
    Proportion,
    Ratio,
    Rule,
    Slope,
    SlopeBelow,
    Theorem,
    Under,
    compare,
)
from experiments.lab.judge.trends import order, slope, slope_below

UP, DOWN = {0: 2.0, 1: 2.1, 2: 1.9, 3: 2.0}, {0: 1.0, 1: 1.0, 2: 1.05, 3: 1.0}
X, Y = [1.0, 2.0, 4.0, 8.0, 16.0], {seed: [1.0 + seed, 2.1, 3.9, 8.0, 16.5] for seed in range(3)}

RULES: dict[str, tuple[Rule, str, Measured, Comparison]] = {
    "theorem": (
        Theorem("the sum is even", control="an odd number", tolerance=1e-9),
        "the sum is even within 1e-09, in every instance; an odd number must fail the same check",
        Instances([1e-10], [1.0], "by hand"),
        theorem(Instances([1e-10], [1.0], counterexample="by hand"), tolerance=1e-9),
    ),
    "exact theorem": (
        Theorem("the sum is even", control="an odd number"),
        "the sum is even, in every instance; an odd number must fail the same check",
        Instances([1e-10], [1.0]),
        theorem(Instances([1e-10], [1.0])),
    ),
    "counterexample": (
        Counterexample("every number is even"),
        "every number is even: a counterexample is shown",
        Instances([0.0, 1.0], counterexample="3"),
        counterexample(Instances([0.0, 1.0], counterexample="3")),
    ),
    "fact": (Fact("the number of edges", expected=12), "the number of edges is 12", Observed(11), fact(11, 12)),
    "proportion": (
        Proportion("share of trees", at_least=0.9),
        "share of trees: at least 0.9, by the exact interval of independent trials",
        Trials({0: (50, 50)}),
        proportion(Trials({0: (50, 50)}), at_least=0.9),
    ),
    "effect": (
        Effect("accuracy, max - average", delta=0.005),
        "accuracy, max - average > 0.005, paired over seeds",
        Pairs(UP, DOWN),
        effect(Pairs(UP, DOWN), delta=0.005),
    ),
    "ratio": (
        Ratio("time, flat / NSG", at_least=1.25),
        "time, flat / NSG > 1.25, a ratio paired over seeds",
        Pairs(UP, DOWN),
        ratio(Pairs(UP, DOWN), at_least=1.25),
    ),
    "equivalence": (
        Equivalence("accuracy of both", margin=0.02),
        "accuracy of both: a difference within ±0.02, paired over seeds",
        Pairs(UP, DOWN),
        equivalence(Pairs(UP, DOWN), margin=0.02),
    ),
    "slope": (
        Slope("hops against n", theory=0.5, tolerance=0.25),
        "hops against n: an exponent of 0.5 ± 0.25",
        Points(X, Y),
        slope(X, Y, theory=0.5, tolerance=0.25),
    ),
    "slope below": (
        SlopeBelow("hops against n", limit=0.875),
        "hops against n: an exponent below 0.875",
        Points(X, Y),
        slope_below(X, Y, limit=0.875),
    ),
    "order": (
        Order("error by width", "rising"),
        "error by width: rising, by Page's trend test",
        Points(X, Y),
        order(X, Y, direction="rising"),
    ),
}
each_rule = pytest.mark.parametrize("name", RULES)
WITHOUT = [
    (Undecided("the best rate is at the edge of its grid"), "inconclusive"),
    (NotMeasured("no CUDA device"), "not judged"),
]
each_absence = pytest.mark.parametrize(("without", "verdict"), WITHOUT)


@each_rule
def test_a_rule_writes_its_sentence_with_its_threshold(name: str) -> None:
    rule, sentence, _, _ = RULES[name]
    assert rule.sentence() == sentence


@each_rule
def test_a_rule_compares_by_its_own_law(name: str) -> None:
    rule, _, measured, expected = RULES[name]
    found = compare(rule, measured)
    assert (found.kind, found.p_value, found.outcome) == (expected.kind, expected.p_value, expected.outcome)
    assert found.at(0.01) == expected.at(0.01)
    assert rule.kind == found.kind


def test_the_threshold_decides() -> None:
    assert compare(Effect("a", delta=0.1), Pairs(UP, DOWN)).at(0.05).verdict == "holds"
    assert compare(Effect("a", delta=5.0), Pairs(UP, DOWN)).at(0.05).verdict == "refuted"
    assert compare(Theorem("a", control="c", tolerance=0.5), Instances([0.2], [1.0])).at(0.05).verdict == "holds"
    assert compare(Theorem("a", control="c", tolerance=0.1), Instances([0.2], [1.0])).at(0.05).verdict == "refuted"


@each_rule
def test_a_measurement_of_the_wrong_kind_is_refused_and_both_are_named(name: str) -> None:
    rule, _, measured, _ = RULES[name]
    for other in (Instances([], []), Observed(1), Trials({0: (1, 1)}), Pairs({}, {}), Points([], {})):
        if type(other) is not type(measured):
            expected = (
                f"{type(rule).__name__} takes {type(measured).__name__}, its measure gives {type(other).__name__}"
            )
            with pytest.raises(TypeError) as caught:
                compare(rule, other)
            assert str(caught.value) == expected


@pytest.mark.parametrize("rule", [Each(Fact("a", expected=1), per="loss"), Under({"x": Fact("a", expected=1)})])
def test_conditions_take_a_mapping_and_other_rules_take_none(rule: Rule) -> None:
    with pytest.raises(MismatchError, match=f"{type(rule).__name__} takes Mapping, its measure gives Observed"):
        compare(rule, Observed(1))
    with pytest.raises(MismatchError, match="Fact takes Observed, its measure gives Pairs"):
        compare(rule, {"x": Pairs({}, {})})
    with pytest.raises(MismatchError, match="Fact takes Observed, its measure gives dict"):
        compare(Fact("a", expected=1), {"x": Observed(1)})


@each_rule
@each_absence
def test_what_could_not_be_measured_says_why_and_counts_where_the_rule_does(
    name: str, without: Undecided | NotMeasured, verdict: str
) -> None:
    rule, _, _, expected = RULES[name]
    found = compare(rule, without)
    assert (found.kind, found.at(0.05).verdict, found.at(0.05).summary) == (rule.kind, verdict, without.reason)
    assert (found.p_value is None) == (expected.p_value is None)


@each_absence
def test_one_condition_that_could_not_be_measured_leaves_the_others(
    without: Undecided | NotMeasured, verdict: str
) -> None:
    found = compare(Each(Fact("a", expected=1), per="loss"), {"mse": Observed(1), "mae": without})
    assert isinstance(found, Conditional)
    decisions = {name: part.at(0.05) for name, part in found.parts.items()}
    assert [decision.verdict for decision in decisions.values()] == ["holds", verdict]
    assert decisions["mae"].summary == without.reason
    assert found.at(0.05).verdict == "inconclusive"


def test_each_is_one_rule_under_every_condition_of_the_measure() -> None:
    rule = Each(Effect("accuracy", delta=0.1), per="initialization")
    assert rule.sentence() == "Per initialization: accuracy > 0.1, paired over seeds"
    decision = compare(rule, {"he": Pairs(UP, DOWN), "zero": Pairs(DOWN, UP)}).at(0.05)
    assert decision.summary == "holds under he; refuted under zero"
    assert decision.verdict == "conditional"


def test_under_is_a_rule_of_its_own_for_each_condition() -> None:
    rule = Under({"small": Fact("the count", expected=1), "large": Proportion("the rate", at_least=0.75)})
    assert rule.sentence() == (
        "small: the count is 1; large: the rate: at least 0.75, by the exact interval of independent trials"
    )
    found: Mapping[str, Any] = {"small": Observed(1), "large": Trials({0: (0, 50)})}
    assert compare(rule, found).at(0.05).verdict == "conditional"
    with pytest.raises(MismatchError, match="Proportion takes Trials, its measure gives Observed"):
        compare(rule, {"large": Observed(1)})


def test_under_without_a_measurement_counts_every_condition() -> None:
    rule = Under({"a": Effect("x", delta=0.1), "b": Effect("x", delta=0.2), "c": Fact("x", expected=1)})
    found = compare(rule, NotMeasured("part laws was not run"))
    assert isinstance(found, Conditional)
    p_values = [part.p_value for part in found.parts.values()]
    assert [p is not None and math.isnan(p) for p in p_values] == [True, True, False]
    assert found.at(0.05).summary == "part laws was not run"


def test_no_condition_at_all_is_inconclusive() -> None:
    decision = compare(Each(Fact("a", expected=1), per="loss"), {}).at(0.05)
    assert (decision.verdict, decision.summary) == ("inconclusive", "no condition was compared")
