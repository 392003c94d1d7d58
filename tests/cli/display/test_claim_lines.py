"""One line per claim: the order, the conditions by name, and what is left out where the line is short."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cli.display.claim_lines import claim_line, conditions_texts, left_out, ordered
from experiments.lab.judge.judge import Condition, Finding
from experiments.lab.judge.verdict import Verdict

FINDING = Finding(
    claim="relu_keeps_the_gradient",
    part="ends",
    kind="effect",
    statement="ReLU keeps the gradient: at the largest depth the first is at least a tenth of the last.",
    notes="ReLU",
    rule="first over last > 0.1",
    verdict="holds",
    predicted="holds",
    source="pilot",
    label=None,
    summary="0.9 [0.8, 1.0]",
    evidence={},
)


def conditional(**verdicts: Verdict) -> Finding:
    found = tuple(
        Condition(
            condition=name.replace("_", ", "), kind="effect", verdict=verdict, label=None, summary="", evidence={}
        )
        for name, verdict in verdicts.items()
    )
    return replace(FINDING, kind="conditional", verdict="conditional", conditions=found, predicted="conditional")


HE = conditional(relu_he="holds", relu_xavier="refuted", relu_default="refuted")


def line(finding: Finding, width: int) -> str:
    text = claim_line(finding, width).plain
    assert len(text) <= width
    return text


@pytest.mark.parametrize(
    ("width", "text"),
    [
        (160, f"✓ holds         {FINDING.statement[:-1]}: 0.9 [0.8, 1.0]"),
        (110, f"✓ holds         {FINDING.statement[:-1]}"),
        (80, "✓ holds         ReLU keeps the gradient"),
        (30, "✓ holds         ReLU keeps th…"),
    ],
)
def test_a_line_says_as_much_as_fits(width: int, text: str) -> None:
    assert line(FINDING, width) == text


def test_conditions_are_named_in_full_then_on_the_shorter_side() -> None:
    both = "holds for relu, he; fails for relu, xavier and relu, default"
    assert conditions_texts(HE) == (both, "holds only for relu, he")
    assert line(HE, 110) == f"~ conditional   ReLU keeps the gradient: {both}"
    assert line(HE, 80) == "~ conditional   ReLU keeps the gradient: holds only for relu, he"
    assert line(HE, 50) == "~ conditional   ReLU keeps the gradient: holds on…"


def test_names_without_commas_are_listed() -> None:
    found = conditional(he="holds", xavier="holds", default="refuted", zero="inconclusive")
    assert conditions_texts(found) == ("holds for he and xavier; fails for default; undecided for zero",)


def test_a_claim_that_holds_everywhere_names_no_condition() -> None:
    everywhere = replace(conditional(he="holds", xavier="holds"), verdict="holds", predicted="holds")
    assert conditions_texts(everywhere) == ()
    assert line(everywhere, 80) == "✓ holds         ReLU keeps the gradient"


def test_a_surprise_names_its_prediction_and_of_conditions_those_that_came_out_otherwise() -> None:
    refuted = replace(FINDING, verdict="refuted")
    assert line(refuted, 80) == "✗ refuted       ReLU keeps the gradient (predicted: holds)"
    surprise = replace(HE, predicted={"relu, he": "holds", "relu, xavier": "holds", "relu, default": "refuted"})
    assert line(surprise, 120) == (
        "~ conditional   ReLU keeps the gradient: holds only for relu, he (predicted: holds under relu, xavier)"
    )


def test_why_a_claim_is_undecided_is_said() -> None:
    undecided = replace(FINDING, verdict="inconclusive", predicted="inconclusive", summary="3 seeds are too few")
    assert line(undecided, 80) == "? inconclusive  ReLU keeps the gradient: 3 seeds are too few"


def test_surprises_come_first_then_what_does_not_hold() -> None:
    findings = [
        FINDING,
        replace(FINDING, verdict="not judged"),
        HE,
        replace(FINDING, verdict="refuted", predicted="refuted"),
        replace(FINDING, verdict="refuted"),
    ]
    assert [(one.verdict, one.as_predicted) for one in ordered(findings)] == [
        ("refuted", False),
        ("refuted", True),
        ("conditional", True),
        ("holds", True),
    ]


def test_what_was_not_judged_is_counted_by_reason() -> None:
    part, smoke = "part laws was not run", "smoke: not judged"
    findings = [replace(FINDING, verdict="not judged", summary=why) for why in (smoke, part, smoke)]
    groups = left_out(findings)
    assert [(group.reason, len(group.findings)) for group in groups] == [(smoke, 2), (part, 1)]
    assert groups[0].line(80).plain == "- not judged    2 claims: smoke: not judged"
    assert groups[1].line(140).plain == f"- not judged    {FINDING.statement[:-1]}: {part}"
